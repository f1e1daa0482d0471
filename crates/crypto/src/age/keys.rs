//! To whom a file is encrypted, and who opens it.

use std::{fmt, io::Read, str::FromStr};

use aws_lc_rs::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey},
    agreement::{self, PrivateKey, UnparsedPublicKey, X25519},
};
use bech32::{Bech32, primitives::decode::CheckedHrpstring};
use caracal_core::Random;
use zeroize::Zeroizing;

use super::{AgeError, derive};

const RECIPIENT: &str = "age";
const IDENTITY: &str = "AGE-SECRET-KEY-";
/// Separates these keys from every other use of the agreement.
const INFO: &[u8] = b"age-encryption.org/v1/X25519";
/// Largest text of identities that is read.
const LARGEST_IDENTITIES: u64 = 64 * 1024;
const KEY_BYTES: usize = 32;
const FILE_KEY_BYTES: usize = 16;
/// A file key and its tag.
pub(super) const SEALED_KEY_BYTES: usize = 32;
/// Each key seals one thing, ever.
const ONLY: [u8; 12] = [0; 12];

/// A public key that files are encrypted to, written `age1…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeRecipient([u8; KEY_BYTES]);

impl FromStr for AgeRecipient {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let key = decode(text, RECIPIENT).ok_or(AgeError::NotARecipient)?;
        Ok(Self(*key))
    }
}

impl AgeRecipient {
    /// A key made for this file alone, and the file key sealed for this recipient.
    pub(super) fn seal(
        &self,
        file_key: &AgeFileKey,
        random: &dyn Random,
    ) -> Result<([u8; KEY_BYTES], Vec<u8>), AgeError> {
        let mut ephemeral = Zeroizing::new([0; KEY_BYTES]);
        random.fill(ephemeral.as_mut_slice());
        let share = public_of(&ephemeral)?;
        let key = wrapping_key(&ephemeral, &self.0, &share, &self.0)?;
        // With room for the tag, or growing would leave the key behind.
        let mut sealed = Vec::with_capacity(SEALED_KEY_BYTES);
        sealed.extend_from_slice(file_key.0.as_slice());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(ONLY), Aad::empty(), &mut sealed)
            .map_err(|_| AgeError::Primitive)?;
        Ok((share, sealed))
    }
}

/// A secret key that opens files, written `AGE-SECRET-KEY-1…`.
#[derive(Clone)]
pub struct AgeIdentity(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for AgeIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgeIdentity(..)")
    }
}

impl AgeIdentity {
    /// Those in a file, as `age-keygen` writes it: one a line, among empty lines and remarks (`#`).
    ///
    /// # Errors
    /// [`AgeError::NotAnIdentity`] when there is none, or a line is anything else; [`AgeError::Io`] when it cannot be read.
    pub fn read_file(file: impl Read) -> Result<Vec<Self>, AgeError> {
        let mut text = Zeroizing::new(String::new());
        file.take(LARGEST_IDENTITIES).read_to_string(&mut text)?;
        let identities: Option<Vec<Self>> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| decode(line, IDENTITY).map(Self))
            .collect();
        identities
            .filter(|identities| !identities.is_empty())
            .ok_or(AgeError::NotAnIdentity)
    }

    /// Opens what was sealed for this identity; nothing when it was for another.
    pub(super) fn open(
        &self,
        share: &[u8; KEY_BYTES],
        sealed: &[u8; SEALED_KEY_BYTES],
    ) -> Result<Option<AgeFileKey>, AgeError> {
        let recipient = public_of(&self.0)?;
        let key = wrapping_key(&self.0, share, share, &recipient)?;
        let mut sealed = Zeroizing::new(*sealed);
        let opened = key.open_in_place(
            Nonce::assume_unique_for_key(ONLY),
            Aad::empty(),
            sealed.as_mut_slice(),
        );
        let Ok(opened) = opened else { return Ok(None) };
        let opened: [u8; FILE_KEY_BYTES] = (&*opened).try_into().map_err(|_| AgeError::Header)?;
        Ok(Some(AgeFileKey(Zeroizing::new(opened))))
    }
}

/// What all chunks of one file are sealed under. Whoever encrypted a file may keep it, to read that file again.
#[derive(Clone)]
pub struct AgeFileKey(Zeroizing<[u8; FILE_KEY_BYTES]>);

impl fmt::Debug for AgeFileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgeFileKey(..)")
    }
}

impl AgeFileKey {
    pub(super) fn new(random: &dyn Random) -> Self {
        let mut key = Zeroizing::new([0; FILE_KEY_BYTES]);
        random.fill(key.as_mut_slice());
        Self(key)
    }

    /// A key that follows from this one for one purpose.
    pub(super) fn derive(&self, salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, AgeError> {
        derive(salt, self.0.as_slice(), info)
    }
}

fn decode(text: &str, prefix: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    // Its case is part of the form: capitals are for secrets.
    if !text.strip_prefix(prefix)?.starts_with('1') {
        return None;
    }
    let checked = CheckedHrpstring::new::<Bech32>(text).ok()?;
    if !checked.hrp().as_str().eq_ignore_ascii_case(prefix) {
        return None;
    }
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let mut bytes = checked.byte_iter();
    for byte in key.iter_mut() {
        *byte = bytes.next()?;
    }
    bytes.next().is_none().then_some(key)
}

fn private(key: &[u8; KEY_BYTES]) -> Result<PrivateKey, AgeError> {
    PrivateKey::from_private_key(&X25519, key).map_err(|_| AgeError::Primitive)
}

fn public_of(key: &[u8; KEY_BYTES]) -> Result<[u8; KEY_BYTES], AgeError> {
    let public = private(key)?
        .compute_public_key()
        .map_err(|_| AgeError::Primitive)?;
    public.as_ref().try_into().map_err(|_| AgeError::Primitive)
}

/// What a file key is sealed under, for whoever has `key` and the public half of the other one. A public key of low order,
/// with which everybody agrees on the same secret, is refused.
fn wrapping_key(
    key: &[u8; KEY_BYTES],
    theirs: &[u8; KEY_BYTES],
    share: &[u8; KEY_BYTES],
    recipient: &[u8; KEY_BYTES],
) -> Result<LessSafeKey, AgeError> {
    let key = private(key)?;
    let theirs = UnparsedPublicKey::new(&X25519, theirs.as_slice());
    let salt = [share.as_slice(), recipient.as_slice()].concat();
    let key = agreement::agree(&key, theirs, AgeError::Header, |secret| {
        derive(&salt, secret, INFO)
    })?;
    let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).map_err(|_| AgeError::Primitive)?;
    Ok(LessSafeKey::new(key))
}
