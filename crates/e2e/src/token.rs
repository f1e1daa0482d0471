//! Taking mandates apart, and forging them.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

/// Header, claims and signature of a compact JWS (RFC 7515 §3.1), all of them to be tampered with.
#[derive(Debug, Clone)]
pub struct Token {
    /// Header.
    pub header: Value,
    /// Claims.
    pub claims: Value,
    /// Signature bytes.
    pub signature: Vec<u8>,
}

impl Token {
    /// Takes `compact` apart.
    ///
    /// # Panics
    /// When it is no JWS.
    pub fn parse(compact: &str) -> Self {
        let parts: Vec<Vec<u8>> = compact
            .split('.')
            .map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url"))
            .collect();
        let [header, claims, signature] = parts.as_slice() else {
            panic!("not three parts: {compact}")
        };
        let json = |bytes: &[u8]| serde_json::from_slice(bytes).expect("JSON");
        Self {
            header: json(header),
            claims: json(claims),
            signature: signature.clone(),
        }
    }

    /// What is signed.
    pub fn signing_input(&self) -> String {
        format!(
            "{}.{}",
            encode(self.header.to_string().as_bytes()),
            encode(self.claims.to_string().as_bytes())
        )
    }

    /// Puts it together, as it is.
    pub fn compact(&self) -> String {
        format!("{}.{}", self.signing_input(), encode(&self.signature))
    }

    /// Sets a member of the header.
    #[must_use]
    pub fn header(mut self, name: &str, value: Value) -> Self {
        self.header[name] = value;
        self
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    /// Signs with a key that belongs to nobody (ES256).
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn sign_with(mut self, key: &EcdsaKeyPair) -> Self {
        let signature = key
            .sign(&SystemRandom::new(), self.signing_input().as_bytes())
            .expect("a signature");
        self.signature = signature.as_ref().to_vec();
        self
    }

    /// Signs with a shared secret (HS256).
    #[must_use]
    pub fn mac_with(mut self, secret: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        self.signature = hmac::sign(&key, self.signing_input().as_bytes())
            .as_ref()
            .to_vec();
        self
    }
}

/// A fresh P-256 key.
///
/// # Panics
/// When none can be made.
pub fn fresh_key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key pair")
}

/// Base64url without padding.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes base64url without padding.
///
/// # Panics
/// When it is none.
pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

/// The other signature that verifies for the same message and key: `(r, n - s)`.
///
/// # Panics
/// When `signature` is not 64 bytes.
pub fn mirrored(signature: &[u8]) -> Vec<u8> {
    // Order of the P-256 group (FIPS 186-5, SP 800-186 §3.2.1.3).
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (r, s) = signature.split_at(32);
    assert_eq!(s.len(), 32, "an ES256 signature has 64 bytes");
    let mut difference = [0_u8; 32];
    let mut borrow = false;
    for ((out, order), s) in difference.iter_mut().zip(ORDER).zip(s).rev() {
        let (value, first) = order.overflowing_sub(*s);
        let (value, second) = value.overflowing_sub(u8::from(borrow));
        *out = value;
        borrow = first || second;
    }
    [r, &difference].concat()
}
