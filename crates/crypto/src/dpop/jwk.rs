//! The public key in the header of a proof (RFC 7517), and its thumbprint (RFC 7638).

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use crate::digest::sha256;

/// Members of private and of symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// Bytes of a coordinate of P-256, and of a key on Ed25519.
const COORDINATE_BYTES: usize = 32;
/// Bytes of a signature of either algorithm.
const SIGNATURE_BYTES: usize = 64;

/// The points of small order on the curve of Ed25519 in all their encodings, without the bit that is the sign (RFC 8032 §5.1.7,
/// "cofactor"): what anybody signs for them verifies, so whoever has one of them proves nothing.
const OF_SMALL_ORDER: [[u8; COORDINATE_BYTES]; 7] = [
    [0; COORDINATE_BYTES],
    encoding(1, 0, 0),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    encoding(0xec, 0xff, 0x7f),
    encoding(0xed, 0xff, 0x7f),
    encoding(0xee, 0xff, 0x7f),
];

const fn encoding(first: u8, between: u8, last: u8) -> [u8; COORDINATE_BYTES] {
    let mut point = [between; COORDINATE_BYTES];
    if let Some(byte) = point.first_mut() {
        *byte = first;
    }
    if let Some(byte) = point.last_mut() {
        *byte = last;
    }
    point
}

fn is_of_small_order(key: &[u8]) -> bool {
    let mut key = key.to_vec();
    if let Some(sign) = key.last_mut() {
        *sign &= 0x7f;
    }
    OF_SMALL_ORDER.iter().any(|point| *point == *key)
}

/// A key that has exactly the form of its algorithm.
pub(super) struct Jwk {
    parsed: ParsedPublicKey,
    /// RFC 7638 §3.2: the required members alone, in the order of their names, without white space.
    canonical: String,
}

impl Jwk {
    /// The key of `alg` that these members say; nothing of any other.
    pub(super) fn read(members: &Map<String, Value>, alg: &str) -> Option<Self> {
        if PRIVATE.iter().any(|name| members.contains_key(*name)) {
            return None;
        }
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        // Whoever says what a key is for says this, or contradicts its use.
        let fits = |name: &str, wanted: &str| {
            members
                .get(name)
                .is_none_or(|value| value.as_str() == Some(wanted))
        };
        if !fits("alg", alg) || !fits("use", "sig") {
            return None;
        }
        let coordinate = |name: &str| {
            let encoded = text(name)?;
            let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
            (bytes.len() == COORDINATE_BYTES).then_some((encoded, bytes))
        };
        let (algorithm, key, canonical): (&'static dyn VerificationAlgorithm, _, _) =
            match (alg, text("kty")?, text("crv")?) {
                ("ES256", "EC", "P-256") => {
                    let ((x, first), (y, second)) = (coordinate("x")?, coordinate("y")?);
                    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
                    let point = [&[4][..], &first, &second].concat();
                    (&signature::ECDSA_P256_SHA256_FIXED, point, canonical)
                }
                ("EdDSA" | "Ed25519", "OKP", "Ed25519") => {
                    let (x, key) = coordinate("x").filter(|(_, key)| !is_of_small_order(key))?;
                    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
                    (&signature::ED25519, key, canonical)
                }
                _ => return None,
            };
        Some(Self {
            parsed: ParsedPublicKey::new(algorithm, key).ok()?,
            canonical,
        })
    }

    /// Whether `signature` signs `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == SIGNATURE_BYTES && self.parsed.verify_sig(message, signature).is_ok()
    }

    /// Its thumbprint with SHA-256, in base64url.
    pub(super) fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(self.canonical.as_bytes()))
    }
}
