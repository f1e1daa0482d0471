//! Signature of notifications to webhook sinks (header `X-Caracal-Signature`).

use caracal_core::Secret;

use crate::hmac_key::HmacKey;

/// The header's value: `v1=` and the hex HMAC-SHA256, under the sink's secret, of `<unix seconds>.<body>`.
pub fn sign(secret: &Secret, unix_seconds: i64, body: &[u8]) -> String {
    let key = HmacKey::from_bytes(secret.expose().as_bytes());
    let tag = key.sign_parts(&[unix_seconds.to_string().as_bytes(), b".", body]);
    format!("v1={}", hex::encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_notification_has_its_known_signature() {
        let secret = Secret::new("nsk_test");
        assert_eq!(
            sign(&secret, 1_700_000_000, br#"{"a":1}"#),
            "v1=1005a0c6a14215d7cb6d1bb69d654cbb94cdf0cb8a662bcd6f5535a6cd9df234"
        );
        assert_ne!(
            sign(&secret, 1_700_000_001, br#"{"a":1}"#),
            sign(&secret, 1_700_000_000, br#"{"a":1}"#)
        );
    }
}
