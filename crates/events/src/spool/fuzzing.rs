//! What fuzzers reach of the spool.

use caracal_core::Timestamp;
use caracal_crypto::{HmacKey, HmacKeyId, HmacRing};

use super::record::{Decoded, SegmentHead, decode, encode_text, seal};

/// Bytes of a segment. A head that is read is written alike; nothing that we did not seal is a record; what is sealed
/// comes back as it was.
///
/// # Panics
/// When that does not hold.
pub fn spool_record(bytes: &[u8]) {
    if let Some(head) = SegmentHead::decode(bytes) {
        let again = SegmentHead::decode(&head.encode());
        assert_eq!(again, Some(head));
    }
    let key = HmacKey::from_bytes(b"a key that no fuzzer is told of");
    let head = SegmentHead {
        sequence: 1,
        created_at: Timestamp::from_micros(0),
        id: [7; 16],
        key: HmacKeyId::of(&key),
    };
    let ring = HmacRing::from(key.clone());
    assert!(
        !matches!(decode(bytes, &head, &ring), Decoded::Record { .. }),
        "a record that nobody sealed"
    );
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (id, data) = text.split_once(' ').unwrap_or((text, ""));
    let mut buffer = Vec::new();
    if encode_text(&mut buffer, id, data).is_err() {
        return;
    }
    assert_eq!(seal(&mut buffer, &head.id, 3, &key), 4);
    let expected = Decoded::Record {
        size: buffer.len(),
        index: 3,
        id,
        data,
    };
    assert_eq!(decode(&buffer, &head, &ring), expected);
}
