//! Hashes of the audit ledger: what an event is, and where it stands.
//!
//! Each event of a zone has a content hash over zone, position and canonical event; each content hash is tied
//! to the one before it by a keyed chain hash. Every part is preceded by its length, so no event can be read as
//! another one with its borders moved.

use caracal_core::ZoneId;

use crate::{
    digest::{Digest32, sha256_parts},
    hmac_key::HmacKey,
};

/// Scheme of the hashes made here, stored with each row so that a later scheme never rewrites history.
pub const HASH_VERSION: i16 = 2;

const DOMAIN: &[u8] = b"caracal.ledger.v2";

/// Content hash of the event at position `seq` (from 1) of `zone`.
///
/// `canonical_event` is [`canonical_json`](crate::canonical_json()) of the whole event object.
pub fn content_hash(zone: &ZoneId, seq: u64, canonical_event: &[u8]) -> Digest32 {
    let zone = zone.as_str().as_bytes();
    let length = |part: &[u8]| (part.len() as u64).to_be_bytes();
    sha256_parts(&[
        &length(DOMAIN),
        DOMAIN,
        &length(zone),
        zone,
        &seq.to_be_bytes(),
        &length(canonical_event),
        canonical_event,
    ])
}

/// Chain hash in lower-case hex: HMAC-SHA256 of `<content hash>|<previous content hash>`, both in hex as stored.
/// The first event of a zone has an empty `previous`.
pub fn chain_hmac(key: &HmacKey, content: &str, previous: &str) -> String {
    hex::encode(key.sign_parts(&[content.as_bytes(), b"|", previous.as_bytes()]))
}

/// Whether `chain` is the chain hash of `content` after `previous`, in constant time.
pub fn verify_chain(key: &HmacKey, content: &str, previous: &str, chain: &str) -> bool {
    key.verify_hex(&[content.as_bytes(), b"|", previous.as_bytes()].concat(), chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> HmacKey {
        HmacKey::from_hex(&"00112233445566778899aabbccddeeff".repeat(2)).unwrap()
    }

    fn zone(id: &str) -> ZoneId {
        ZoneId::parse(id).unwrap()
    }

    #[test]
    fn known_content_hashes_have_their_known_chain_hashes() {
        let genesis = "5da26b7f8e9839229aae1b23eeef67644ed1b3da6164e861a6a74761ec9051e0";
        let second = "eaff90c32502c697668592d9bdeb73fe51ae14b899ec08b70412d597060fd104";
        let admin = "79397070e0dabc671155f87c7e4ca9ccadc3dd5862202e4e5d1080be941a8cf6";
        for (content, previous, chain) in [
            (
                genesis,
                "",
                "02e51f16124f42aff94e52ecbfb8c70d1ab8b44af0d5242db89d209ee1789843",
            ),
            (
                second,
                genesis,
                "e643a02b20d041e2417b4b93a1f4e74739d9cce91d8e9e00614fa13887b66fcf",
            ),
            (
                admin,
                "",
                "62bae0c2dd3bee308e692e79ad93ef7f16d8be81efd01a6a7c4d13d0dc1f3213",
            ),
        ] {
            assert_eq!(chain_hmac(&key(), content, previous), chain);
            assert!(verify_chain(&key(), content, previous, chain));
            assert!(!verify_chain(&key(), content, second, chain) || previous == second);
            assert!(!verify_chain(&key(), content, previous, ""));
        }
    }

    /// Computed independently from the definition.
    #[test]
    fn a_known_event_has_its_known_content_hash() {
        assert_eq!(
            hex::encode(content_hash(&zone("zone-1"), 1, br#"{"id":"evt-1"}"#)),
            "8c108e1bc8993409ef0307477fcea0cb4bdefab701e2f7ae77b4b49df62b77ab"
        );
    }

    #[test]
    fn zone_position_and_event_each_change_the_content_hash() {
        let base = content_hash(&zone("z-1"), 7, br#"{"id":"a"}"#);
        for other in [
            content_hash(&zone("z-2"), 7, br#"{"id":"a"}"#),
            content_hash(&zone("z-1"), 8, br#"{"id":"a"}"#),
            content_hash(&zone("z-1"), 7, br#"{"id":"b"}"#),
            content_hash(&zone("z-1"), 7, b""),
        ] {
            assert_ne!(base, other);
        }
    }
}
