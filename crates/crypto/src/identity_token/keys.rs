//! The keys that an issuer publishes (RFC 7517).

use std::fmt;

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::IssuerAlgorithm;
use crate::strict_json;

/// Largest document read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// Most keys looked at.
const MAX_KEYS: usize = 128;
/// Shortest and longest RSA modulus, in bytes: 2048 and 8192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// Longest RSA exponent, in bytes: verifying with a longer one takes its time.
const MAX_EXPONENT_BYTES: usize = 4;

/// Why a published key set is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssuerKeysError {
    /// Larger than [`MAX_DOCUMENT_BYTES`], or with more keys than are looked at.
    #[error("key set is too large")]
    TooLarge,
    /// No object with an array `keys`, or with a repeated member.
    #[error("not a key set")]
    Malformed,
    /// No key in it verifies signatures.
    #[error("key set without a usable key")]
    NoUsableKey,
}

/// A public key of an issuer. Parsed once.
pub struct IssuerKey {
    id: String,
    /// Where the issuer says that it signs with one algorithm alone.
    algorithm: Option<IssuerAlgorithm>,
    public: Public,
}

enum Public {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Curve(IssuerAlgorithm, ParsedPublicKey),
}

impl fmt::Debug for IssuerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IssuerKey").field(&self.id).finish()
    }
}

#[derive(Deserialize)]
struct Document<'j> {
    #[serde(borrow)]
    keys: Vec<&'j RawValue>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    key_use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl IssuerKey {
    /// The key, unless it is of a kind that is not used here: those are passed over, not refused.
    fn read(jwk: &Jwk) -> Option<Self> {
        let id = jwk.kid.clone().filter(|kid| !kid.is_empty())?;
        if jwk
            .key_use
            .as_deref()
            .is_some_and(|word| word != "sig" && !word.is_empty())
        {
            return None;
        }
        let algorithm = match &jwk.alg {
            Some(name) => Some(IssuerAlgorithm::parse(name)?),
            None => None,
        };
        let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        let public = match jwk.kty.as_str() {
            "RSA" => {
                let without_zeros =
                    |bytes: Vec<u8>| -> Vec<u8> { bytes.into_iter().skip_while(|byte| *byte == 0).collect() };
                let (modulus, exponent) = (without_zeros(part(&jwk.n)?), without_zeros(part(&jwk.e)?));
                let odd = exponent.last().is_some_and(|byte| byte % 2 == 1);
                let one = exponent == [1];
                let fits = MODULUS_BYTES.contains(&modulus.len()) && exponent.len() <= MAX_EXPONENT_BYTES;
                if !fits || !odd || one {
                    return None;
                }
                Public::Rsa { modulus, exponent }
            }
            "EC" => {
                let (algorithm, verifier, bytes): (_, &'static dyn signature::VerificationAlgorithm, _) =
                    match jwk.crv.as_deref()? {
                        "P-256" => (IssuerAlgorithm::Es256, &signature::ECDSA_P256_SHA256_FIXED, 32),
                        "P-384" => (IssuerAlgorithm::Es384, &signature::ECDSA_P384_SHA384_FIXED, 48),
                        "P-521" => (IssuerAlgorithm::Es512, &signature::ECDSA_P521_SHA512_FIXED, 66),
                        _ => return None,
                    };
                let (x, y) = (part(&jwk.x)?, part(&jwk.y)?);
                if x.len() != bytes || y.len() != bytes {
                    return None;
                }
                let point = [&[4][..], &x, &y].concat();
                Public::Curve(algorithm, ParsedPublicKey::new(verifier, point).ok()?)
            }
            _ => return None,
        };
        let key = Self {
            id,
            algorithm,
            public,
        };
        // A key that says it signs with what it cannot is somebody's mistake.
        key.algorithm
            .is_none_or(|algorithm| key.can(algorithm))
            .then_some(key)
    }

    fn can(&self, algorithm: IssuerAlgorithm) -> bool {
        match &self.public {
            Public::Rsa { .. } => matches!(
                algorithm,
                IssuerAlgorithm::Rs256 | IssuerAlgorithm::Rs384 | IssuerAlgorithm::Rs512
            ),
            Public::Curve(own, _) => *own == algorithm,
        }
    }

    pub(super) fn signs_with(&self, algorithm: IssuerAlgorithm) -> bool {
        self.can(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }

    pub(super) fn verify(&self, algorithm: IssuerAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        match &self.public {
            Public::Curve(_, key) => key.verify_sig(message, signature).is_ok(),
            Public::Rsa { modulus, exponent } => {
                let parameters = match algorithm {
                    IssuerAlgorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                    IssuerAlgorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    IssuerAlgorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
                    IssuerAlgorithm::Es256 | IssuerAlgorithm::Es384 | IssuerAlgorithm::Es512 => return false,
                };
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                key.verify(parameters, message, signature).is_ok()
            }
        }
    }
}

/// The keys of one issuer.
#[derive(Debug)]
pub struct IssuerKeys(Vec<IssuerKey>);

impl IssuerKeys {
    /// Reads a published document. Keys of other kinds, and those that share an id, are passed over.
    ///
    /// # Errors
    /// [`IssuerKeysError`].
    pub fn parse(document: &[u8]) -> Result<Self, IssuerKeysError> {
        if document.len() > MAX_DOCUMENT_BYTES {
            return Err(IssuerKeysError::TooLarge);
        }
        let read: Document<'_> = serde_json::from_slice(document).map_err(|_| IssuerKeysError::Malformed)?;
        if read.keys.len() > MAX_KEYS {
            return Err(IssuerKeysError::TooLarge);
        }
        let mut keys: Vec<IssuerKey> = Vec::with_capacity(read.keys.len());
        let mut repeated = Vec::new();
        for raw in read.keys {
            strict_json::check(raw.get().as_bytes()).map_err(|_| IssuerKeysError::Malformed)?;
            let Ok(jwk) = serde_json::from_str::<Jwk>(raw.get()) else {
                continue;
            };
            let Some(key) = IssuerKey::read(&jwk) else {
                continue;
            };
            if keys.iter().any(|other| other.id == key.id) {
                repeated.push(key.id);
            } else {
                keys.push(key);
            }
        }
        // Which of two would verify is chance.
        keys.retain(|key| !repeated.contains(&key.id));
        if keys.is_empty() {
            return Err(IssuerKeysError::NoUsableKey);
        }
        Ok(Self(keys))
    }

    /// The key with this id.
    pub fn key(&self, id: &str) -> Option<&IssuerKey> {
        self.0.iter().find(|key| key.id == id)
    }
}
