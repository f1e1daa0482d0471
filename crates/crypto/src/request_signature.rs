//! Signature of requests from the Gateway and the API to the STS: three headers.
//!
//! The signed text is time, nonce, method, path and the hex SHA-256 of the body, each on a line of its own and
//! the last without a line end. The caller claims the nonce for [`NONCE_LIFETIME`] *after* the signature held,
//! or a request could be sent twice.

use std::time::Duration;

use caracal_core::{Timestamp, World, id};

use crate::{digest::sha256_hex, hmac_key::HmacKey, hmac_ring::HmacRing};

/// Header with the time of signing, Unix seconds in decimal.
pub const TIMESTAMP_HEADER: &str = "x-caracal-gateway-timestamp";
/// Header with the nonce.
pub const NONCE_HEADER: &str = "x-caracal-gateway-request";
/// Header with the signature in hex.
pub const SIGNATURE_HEADER: &str = "x-caracal-gateway-signature";

/// How far the clocks of both sides may disagree.
pub const SKEW: Duration = Duration::from_mins(1);
/// How long a nonce must be remembered: a request is good from one [`SKEW`] before its time to one after.
pub const NONCE_LIFETIME: Duration = Duration::from_mins(2);

const MIN_NONCE_BYTES: usize = 16;

/// Why a request is not from a peer. Clients see one answer for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestSignatureError {
    /// Not whole seconds in decimal.
    #[error("malformed timestamp")]
    Timestamp,
    /// Further from our clock than [`SKEW`].
    #[error("timestamp outside the allowed skew")]
    Skew,
    /// Not 16 to 128 characters of an id.
    #[error("malformed nonce")]
    Nonce,
    /// Not the signature of this request.
    #[error("signature does not verify")]
    Signature,
}

/// The three headers of a signed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedHeaders<'h> {
    /// Value of [`TIMESTAMP_HEADER`].
    pub timestamp: &'h str,
    /// Value of [`NONCE_HEADER`].
    pub nonce: &'h str,
    /// Value of [`SIGNATURE_HEADER`].
    pub signature: &'h str,
}

/// A fresh nonce: 32 random bytes in hex.
pub fn new_nonce(world: &World) -> String {
    hex::encode(world.random_bytes::<32>())
}

/// The signature of a request, in lower-case hex. `path` is the path as it travels (escaped), without query.
pub fn sign(key: &HmacKey, unix_seconds: i64, nonce: &str, method: &str, path: &str, body: &[u8]) -> String {
    key.sign_hex(&signed_text(&unix_seconds.to_string(), nonce, method, path, body))
}

/// Checks the headers of a request received at `now`. Any key of the ring may have made the signature.
///
/// # Errors
/// [`RequestSignatureError`].
pub fn verify(
    keys: &HmacRing,
    headers: SignedHeaders<'_>,
    method: &str,
    path: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(), RequestSignatureError> {
    let seconds = parse_seconds(headers.timestamp).ok_or(RequestSignatureError::Timestamp)?;
    if now.unix_seconds().abs_diff(seconds) > SKEW.as_secs() {
        return Err(RequestSignatureError::Skew);
    }
    // The nonce becomes part of a key in the replay store.
    if headers.nonce.len() < MIN_NONCE_BYTES || !id::is_valid(headers.nonce) {
        return Err(RequestSignatureError::Nonce);
    }
    let text = signed_text(headers.timestamp, headers.nonce, method, path, body);
    // No line break can hide in method or path of a parsed request; this is the second lock on that door.
    let unambiguous = !method.contains(['\n', '\r']) && !path.contains(['\n', '\r']);
    let made = |key: &HmacKey| key.verify_hex(&text, headers.signature);
    if unambiguous && keys.verify_by(None, made).is_ok() {
        Ok(())
    } else {
        Err(RequestSignatureError::Signature)
    }
}

fn signed_text(timestamp: &str, nonce: &str, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    [
        timestamp,
        nonce,
        &method.to_ascii_uppercase(),
        path,
        &sha256_hex(body),
    ]
    .join("\n")
    .into_bytes()
}

fn parse_seconds(text: &str) -> Option<i64> {
    let digits = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/oauth/2/token";
    const BODY: &[u8] =
        b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&resource=resource%3A%2F%2Fdemo";
    const SIGNATURE: &str = "e19054f4efab3c1c50076708b9dd6c8602249439c108c3840ba3c43f020cca6c";
    const UNIX: i64 = 1_750_000_000;

    fn key() -> HmacKey {
        HmacKey::from_bytes(&(0..32).collect::<Vec<u8>>())
    }

    fn nonce() -> String {
        "ab".repeat(32)
    }

    fn check(headers: SignedHeaders<'_>, now: i64) -> Result<(), RequestSignatureError> {
        verify(
            &key().into(),
            headers,
            "POST",
            PATH,
            BODY,
            Timestamp::from_unix_seconds(now),
        )
    }

    #[test]
    fn a_known_request_has_its_known_signature() {
        assert_eq!(sign(&key(), UNIX, &nonce(), "post", PATH, BODY), SIGNATURE);
        let nonce = nonce();
        let headers = SignedHeaders {
            timestamp: "1750000000",
            nonce: &nonce,
            signature: SIGNATURE,
        };
        for now in [UNIX, UNIX - 60, UNIX + 60] {
            assert_eq!(check(headers, now), Ok(()), "{now}");
        }
        for now in [UNIX - 61, UNIX + 61, 0, i64::MAX / 1_000_000] {
            assert_eq!(check(headers, now), Err(RequestSignatureError::Skew), "{now}");
        }
    }

    #[test]
    fn every_part_is_covered() {
        let (nonce, other) = (nonce(), "cd".repeat(32));
        let good = SignedHeaders {
            timestamp: "1750000000",
            nonce: &nonce,
            signature: SIGNATURE,
        };
        let now = Timestamp::from_unix_seconds(UNIX);
        for (headers, method, path, body) in [
            (
                SignedHeaders {
                    timestamp: "1750000001",
                    ..good
                },
                "POST",
                PATH,
                BODY,
            ),
            (
                SignedHeaders {
                    nonce: &other,
                    ..good
                },
                "POST",
                PATH,
                BODY,
            ),
            (good, "PUT", PATH, BODY),
            (good, "POST", "/oauth/2/token/", BODY),
            (good, "POST", PATH, &BODY[1..]),
            (
                SignedHeaders {
                    signature: "",
                    ..good
                },
                "POST",
                PATH,
                BODY,
            ),
            (
                SignedHeaders {
                    signature: &SIGNATURE[1..],
                    ..good
                },
                "POST",
                PATH,
                BODY,
            ),
            (
                SignedHeaders {
                    signature: "zz",
                    ..good
                },
                "POST",
                PATH,
                BODY,
            ),
        ] {
            assert_eq!(
                verify(&key().into(), headers, method, path, body, now),
                Err(RequestSignatureError::Signature),
                "{headers:?} {method} {path}"
            );
        }
    }

    #[test]
    fn malformed_headers_are_refused() {
        let nonce = nonce();
        let good = SignedHeaders {
            timestamp: "1750000000",
            nonce: &nonce,
            signature: SIGNATURE,
        };
        for timestamp in [
            "",
            "+1750000000",
            "-1",
            "1750000000.0",
            " 1750000000",
            "1e9",
            "9999999999999",
        ] {
            let headers = SignedHeaders { timestamp, ..good };
            assert_eq!(
                check(headers, UNIX),
                Err(RequestSignatureError::Timestamp),
                "{timestamp}"
            );
        }
        for nonce in [
            "",
            "short",
            "a nonce with spaces in it",
            "abababababababab\nPOST",
            &"a".repeat(129),
        ] {
            let headers = SignedHeaders { nonce, ..good };
            assert_eq!(check(headers, UNIX), Err(RequestSignatureError::Nonce), "{nonce}");
        }
    }

    #[test]
    fn lines_cannot_move_between_method_and_path() {
        let signature = sign(&key(), UNIX, &nonce(), "POST", "/a\n/b", BODY);
        let nonce = nonce();
        let headers = SignedHeaders {
            timestamp: "1750000000",
            nonce: &nonce,
            signature: &signature,
        };
        let now = Timestamp::from_unix_seconds(UNIX);
        for (method, path) in [("POST", "/a\n/b"), ("POST\n/a", "/b")] {
            assert!(verify(&key().into(), headers, method, path, BODY, now).is_err());
        }
    }

    #[test]
    fn nonces_are_fresh() {
        let world = World::for_tests();
        assert_eq!(new_nonce(&world).len(), 64);
        assert_ne!(new_nonce(&world), new_nonce(&world));
    }
}
