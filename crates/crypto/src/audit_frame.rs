//! Signature of audit frames: the field `sig` over the bytes of the field `data`.

use crate::hmac_key::HmacKey;

/// The value of `sig`: lower-case hex.
pub fn sign(key: &HmacKey, data: &[u8]) -> String {
    key.sign_hex(data)
}

/// Whether `signature` is that of `data`, in constant time. An empty one never is.
pub fn verify(key: &HmacKey, data: &[u8], signature: &str) -> bool {
    key.verify_hex(data, signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_frame_has_its_known_signature() {
        let key = HmacKey::from_hex(&"00112233445566778899aabbccddeeff".repeat(2)).unwrap();
        let signature = "533445482155556c3214b9082433fd09734ffa7b3564543981148f9317028bc6";
        assert_eq!(sign(&key, br#"{"id":"evt-1"}"#), signature);
        assert!(verify(&key, br#"{"id":"evt-1"}"#, signature));
        for (data, signature) in [
            (&br#"{"id":"evt-2"}"#[..], signature),
            (br#"{"id":"evt-1"} "#, signature),
            (br#"{"id":"evt-1"}"#, ""),
            (br#"{"id":"evt-1"}"#, &signature[2..]),
            (br#"{"id":"evt-1"}"#, "deadbeef"),
        ] {
            assert!(!verify(&key, data, signature), "{signature}");
        }
    }
}
