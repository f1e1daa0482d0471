//! HMAC-SHA256 keys (RFC 2104), one type for every message signature.

use std::fmt;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::{
    digest::{Digest32, to_array},
    weak_key,
};

/// Fewest bytes of a configured key.
pub const MIN_KEY_BYTES: usize = 32;

/// Why a configured key is refused. The text never repeats the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not pairs of hexadecimal digits.
    #[error("a key is an even number of hexadecimal digits")]
    NotHex,
    /// Shorter than [`MIN_KEY_BYTES`].
    #[error("a key has at least 32 bytes (64 hexadecimal digits)")]
    TooShort,
    /// Longer than the algorithm takes.
    #[error("the key has exactly 32 bytes (64 hexadecimal digits)")]
    TooLong,
    /// Follows a pattern, so somebody typed it. See [`weak_key::is_weak`].
    #[error("the key follows a pattern; generate a random one")]
    Weak,
}

/// An HMAC-SHA256 key. Cheap to clone; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// A key from configuration.
    ///
    /// # Errors
    /// [`KeyError`] unless it is strict hex of at least 32 bytes without a [weak pattern](weak_key::is_weak).
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(hex::decode(text).map_err(|_| KeyError::NotHex)?);
        if bytes.len() < MIN_KEY_BYTES {
            Err(KeyError::TooShort)
        } else if weak_key::is_weak(&bytes) {
            Err(KeyError::Weak)
        } else {
            Ok(Self::from_bytes(&bytes))
        }
    }

    /// A key from bytes whose strength is known: derived, generated, or another secret used as a key.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The tag of `data`.
    pub fn sign(&self, data: &[u8]) -> Digest32 {
        to_array(hmac::sign(&self.0, data).as_ref())
    }

    /// The tag of `parts` laid end to end. The caller makes the borders unambiguous.
    pub fn sign_parts(&self, parts: &[&[u8]]) -> Digest32 {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(part);
        }
        to_array(context.sign().as_ref())
    }

    /// The tag of `data` in lower-case hex.
    pub fn sign_hex(&self, data: &[u8]) -> String {
        hex::encode(self.sign(data))
    }

    /// Whether `tag` is the whole tag of `data`, in constant time.
    pub fn verify(&self, data: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.0, data, tag).is_ok()
    }

    /// Whether `tag` is the tag of `data` in hex.
    pub fn verify_hex(&self, data: &[u8], tag: &str) -> bool {
        let mut bytes = [0; 32];
        hex::decode_to_slice(tag, &mut bytes).is_ok() && self.verify(data, &bytes)
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_keys_are_long_random_hex() {
        let good = "00112233445566778899aabbccddeeff".repeat(2);
        assert!(HmacKey::from_hex(&good).is_ok());
        for (bad, why) in [
            (String::new(), KeyError::TooShort),
            (good[..62].to_owned(), KeyError::TooShort),
            (good[..63].to_owned(), KeyError::NotHex),
            (format!("0x{good}"), KeyError::NotHex),
            (format!(" {good}"), KeyError::NotHex),
            (good.replace('f', "g"), KeyError::NotHex),
            ("00".repeat(32), KeyError::Weak),
            ("ab".repeat(40), KeyError::Weak),
            ("dead".repeat(16), KeyError::Weak),
        ] {
            assert_eq!(HmacKey::from_hex(&bad).map(|_| ()), Err(why), "{bad}");
        }
    }

    #[test]
    fn tags_match_rfc_4231_and_must_be_whole() {
        let key = HmacKey::from_bytes(b"Jefe");
        let tag = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let data = b"what do ya want for nothing?";
        assert_eq!(key.sign_hex(data), tag);
        assert_eq!(key.sign_parts(&[&data[..4], &data[4..]]), key.sign(data));
        assert!(key.verify_hex(data, tag) && key.verify_hex(data, &tag.to_uppercase()));
        for bad in ["", &tag[..62], &format!("{tag}00"), &tag.replace('5', "6"), "zz"] {
            assert!(!key.verify_hex(data, bad), "{bad}");
        }
        assert!(!key.verify(data, &key.sign(data)[..16]));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", HmacKey::from_bytes(b"Jefe")), "HmacKey(***)");
    }
}
