//! Digests, constant-time comparison and fresh secrets.

use std::fmt;

use aws_lc_rs::{constant_time, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{Secret, World};
use zeroize::Zeroizing;

/// A SHA-256 digest or an HMAC-SHA256 tag.
pub type Digest32 = [u8; 32];

/// SHA-256 (FIPS 180-4) of `data`.
pub fn sha256(data: &[u8]) -> Digest32 {
    to_array(digest::digest(&digest::SHA256, data).as_ref())
}

/// SHA-256 of `data` in lower-case hex.
pub fn sha256_hex(data: &[u8]) -> String {
    hex::encode(sha256(data))
}

/// Most bytes that are hashed in one go.
const FEW: usize = 128;

/// SHA-256 of `parts` laid end to end. The caller makes the borders unambiguous.
pub fn sha256_parts(parts: &[&[u8]]) -> Digest32 {
    // Few bytes, such as two nodes of a tree, are hashed in one go: making a context costs as much as hashing them.
    let mut few = [0; FEW];
    let mut room = few.as_mut_slice();
    let fits = parts.iter().all(|part| {
        let Some((to, rest)) = std::mem::take(&mut room).split_at_mut_checked(part.len()) else {
            return false;
        };
        to.copy_from_slice(part);
        room = rest;
        true
    });
    if fits {
        let length = FEW.saturating_sub(room.len());
        return sha256(few.get(..length).unwrap_or_default());
    }
    let mut hash = Sha256::default();
    for part in parts {
        hash.update(part);
    }
    hash.finish()
}

/// SHA-256 of data that comes piece by piece.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256")
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl Sha256 {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Digest32 {
        to_array(self.0.finish().as_ref())
    }
}

/// Whether both are equal, in time that depends on their lengths alone.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// A fresh secret: `prefix` and 32 random bytes in unpadded base64url (43 characters, 256 bits).
pub fn new_secret(world: &World, prefix: &str) -> Secret {
    let random = Zeroizing::new(world.random_bytes::<32>());
    let mut text = Zeroizing::new(String::with_capacity(prefix.len().saturating_add(43)));
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(random.as_slice(), &mut text);
    Secret::new(text.as_str())
}

/// SHA-256 output as an array.
pub(crate) fn to_array(bytes: &[u8]) -> Digest32 {
    let mut array = [0; 32];
    array.copy_from_slice(bytes);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_match_the_standard() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(sha256_parts(&[b"a", b"", b"bc"]), sha256(b"abc"));
    }

    #[test]
    fn comparison_sees_length_and_content() {
        assert!(constant_time_eq(b"", b"") && constant_time_eq(b"ab", b"ab"));
        assert!(!constant_time_eq(b"ab", b"ac") && !constant_time_eq(b"ab", b"abc"));
    }

    #[test]
    fn fresh_secrets_carry_their_prefix_and_differ() {
        let world = World::for_tests();
        let (first, second) = (new_secret(&world, "cs_"), new_secret(&world, "cs_"));
        assert!(first.expose().starts_with("cs_") && first.expose().len() == 46);
        assert_ne!(first, second);
    }
}
