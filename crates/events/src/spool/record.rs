//! Bytes of a record and of a segment's head.
//!
//! ```text
//! segment  "CARSPL02" | sequence u64 | created_at i64 (µs) | segment id 16 | key id 8 | crc32 u32 | zero u32
//! record   length u32 | crc32 u32 | index u64 | tag 16 | payload (length bytes)
//! payload  id length u8 | id | event as JSON
//! ```
//!
//! Integers are little-endian. The checksum finds damage; the tag, HMAC-SHA256 over segment id, index and
//! payload cut to 16 bytes, finds forgery and records moved between segments or places. The key id says which key that
//! is, so that a key is not dropped while records need it; whatever it says, any key of the ring is believed.

use caracal_core::{Timestamp, audit::SpoolEvent, id};
use caracal_crypto::{HmacKey, HmacKeyId, HmacRing, constant_time_eq};

use super::SpoolError;

pub(super) const SEGMENT_HEAD: usize = 56;
pub(super) const RECORD_HEAD: usize = 32;
/// Longest payload: what one entry of the bus may carry, less its other fields.
pub(super) const MAX_PAYLOAD: usize = caracal_wire::events::fields::MAX_BYTES - 1_024;

const MAGIC: &[u8; 8] = b"CARSPL02";
const TAG: usize = 16;
/// Bytes of a head that its checksum covers.
const CHECKED: usize = 48;

/// Who a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHead {
    pub(super) sequence: u64,
    pub(super) created_at: Timestamp,
    pub(super) id: [u8; 16],
    /// The key that seals its records.
    pub(super) key: HmacKeyId,
}

impl SegmentHead {
    pub(super) fn encode(&self) -> [u8; SEGMENT_HEAD] {
        let mut bytes = [0; SEGMENT_HEAD];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.created_at.as_micros().to_le_bytes());
        bytes[24..40].copy_from_slice(&self.id);
        bytes[40..CHECKED].copy_from_slice(&self.key.0);
        let crc = crc32fast::hash(&bytes[..CHECKED]);
        bytes[CHECKED..CHECKED + 4].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// `None` when the bytes are not a whole, undamaged head.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let head: &[u8; SEGMENT_HEAD] = bytes.first_chunk()?;
        let (signed, rest) = head.split_at(CHECKED);
        if &signed[..8] != MAGIC || rest[..4] != crc32fast::hash(signed).to_le_bytes() {
            return None;
        }
        Some(Self {
            sequence: u64::from_le_bytes(*signed[8..].first_chunk()?),
            created_at: Timestamp::from_micros(i64::from_le_bytes(*signed[16..].first_chunk()?)),
            id: *signed[24..].first_chunk()?,
            key: HmacKeyId(*signed[40..].first_chunk()?),
        })
    }
}

/// Appends an unsealed record of `event` to `buffer`.
pub(super) fn encode(buffer: &mut Vec<u8>, event: &impl SpoolEvent) -> Result<(), SpoolError> {
    encode_with(buffer, event.id(), |buffer| {
        serde_json::to_writer(buffer, event).map_err(SpoolError::Serialise)
    })
}

/// As [`encode`], of an event that is JSON already: its bytes stay as they are.
pub(super) fn encode_text(buffer: &mut Vec<u8>, id: &str, data: &str) -> Result<(), SpoolError> {
    encode_with(buffer, id, |buffer| {
        buffer.extend_from_slice(data.as_bytes());
        Ok(())
    })
}

fn encode_with(
    buffer: &mut Vec<u8>,
    id: &str,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), SpoolError>,
) -> Result<(), SpoolError> {
    let start = buffer.len();
    if !id::is_valid(id) {
        return Err(SpoolError::InvalidId);
    }
    let id_length = u8::try_from(id.len()).map_err(|_| SpoolError::InvalidId)?;
    buffer.extend_from_slice(&[0; RECORD_HEAD]);
    buffer.push(id_length);
    buffer.extend_from_slice(id.as_bytes());
    write(buffer)?;
    let length = buffer.len() - start - RECORD_HEAD;
    if length > MAX_PAYLOAD {
        return Err(SpoolError::TooLarge);
    }
    // Checked against a bound far below 4 GiB.
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    buffer[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Seals the records in `buffer`, numbered from `index`; returns the next index.
pub(super) fn seal(buffer: &mut [u8], segment: &[u8; 16], mut index: u64, key: &HmacKey) -> u64 {
    let mut rest = buffer;
    while let Some(length) = rest.first_chunk::<4>().map(|length| u32::from_le_bytes(*length)) {
        let (record, after) = rest.split_at_mut(RECORD_HEAD + length as usize);
        // The tagged bytes stand where index and tag go afterwards, so nothing is copied.
        record[8..24].copy_from_slice(segment);
        record[24..32].copy_from_slice(&index.to_le_bytes());
        let tag = key.sign(&record[8..]);
        record[8..16].copy_from_slice(&index.to_le_bytes());
        record[16..32].copy_from_slice(&tag[..TAG]);
        let crc = crc32fast::hash(&record[8..]);
        record[4..8].copy_from_slice(&crc.to_le_bytes());
        index += 1;
        rest = after;
    }
    index
}

/// A record as the bus gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) data: String,
}

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decoded<'a> {
    Record {
        /// Bytes it takes.
        size: usize,
        index: u64,
        id: &'a str,
        data: &'a str,
    },
    /// The bytes end before the record does.
    Incomplete,
    Damaged,
}

pub(super) fn decode<'a>(bytes: &'a [u8], segment: &SegmentHead, ring: &HmacRing) -> Decoded<'a> {
    let Some(size) = plausible_size(bytes) else {
        return if bytes.len() < RECORD_HEAD {
            Decoded::Incomplete
        } else {
            Decoded::Damaged
        };
    };
    let Some(record) = bytes.get(..size) else {
        return Decoded::Incomplete;
    };
    let (head, payload) = record.split_at(RECORD_HEAD);
    if head[4..8] != crc32fast::hash(&record[8..]).to_le_bytes() {
        return Decoded::Damaged;
    }
    let sealed = ring.verify_by(Some(segment.key), |key| {
        let tag = key.sign_parts(&[&segment.id, &head[8..16], payload]);
        constant_time_eq(&tag[..TAG], &head[16..32])
    });
    if sealed.is_err() {
        return Decoded::Damaged;
    }
    let text = payload
        .split_first()
        .and_then(|(length, rest)| rest.split_at_checked(usize::from(*length)));
    let Some((id, data)) = text else {
        return Decoded::Damaged;
    };
    match (
        head[8..].first_chunk(),
        std::str::from_utf8(id),
        std::str::from_utf8(data),
    ) {
        (Some(index), Ok(id), Ok(data)) => Decoded::Record {
            size,
            index: u64::from_le_bytes(*index),
            id,
            data,
        },
        _ => Decoded::Damaged,
    }
}

/// The record at the start of `bytes`, which this process sealed and kept: its size, its index, and what it says.
pub(super) fn own(bytes: &[u8]) -> Option<(usize, u64, Record)> {
    let size = plausible_size(bytes)?;
    let index = u64::from_le_bytes(*bytes.get(8..)?.first_chunk()?);
    let (length, payload) = bytes.get(RECORD_HEAD..size)?.split_first()?;
    let (id, data) = payload.split_at_checked(usize::from(*length))?;
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(str::to_owned);
    let record = Record {
        id: text(id)?,
        data: text(data)?,
    };
    Some((size, index, record))
}

/// The size a record at the start of `bytes` claims, when that can be true.
fn plausible_size(bytes: &[u8]) -> Option<usize> {
    if bytes.len() < RECORD_HEAD {
        return None;
    }
    let length = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
    (2..=MAX_PAYLOAD)
        .contains(&length)
        .then_some(RECORD_HEAD + length)
}

#[cfg(test)]
mod tests {
    use caracal_core::{World, ZoneId, audit::AuditEvent};

    use super::*;

    const SEGMENT: [u8; 16] = [7; 16];

    fn key() -> HmacKey {
        HmacKey::from_bytes(b"a key for tests")
    }

    fn head() -> SegmentHead {
        SegmentHead {
            sequence: 3,
            created_at: Timestamp::from_micros(5),
            id: SEGMENT,
            key: HmacKeyId::of(&key()),
        }
    }

    fn decode(bytes: &[u8]) -> Decoded<'_> {
        super::decode(bytes, &head(), &key().into())
    }

    fn records(count: usize) -> Vec<u8> {
        let world = World::for_tests();
        let mut buffer = Vec::new();
        for number in 0..count {
            let zone = ZoneId::parse("zone-1").unwrap();
            let mut event = AuditEvent::new(&world, zone, "token_exchange", "req", "allow");
            event.id = format!("evt-{number}");
            encode(&mut buffer, &event).unwrap();
        }
        assert_eq!(seal(&mut buffer, &SEGMENT, 10, &key()), 10 + count as u64);
        buffer
    }

    #[test]
    fn records_come_back_in_order_with_id_and_data() {
        let buffer = records(2);
        let Decoded::Record {
            size,
            index: 10,
            id: "evt-0",
            data,
        } = decode(&buffer)
        else {
            panic!("first record")
        };
        assert_eq!(serde_json::from_str::<AuditEvent>(data).unwrap().id, "evt-0");
        assert!(matches!(
            decode(&buffer[size..]),
            Decoded::Record { index: 11, .. }
        ));
    }

    #[test]
    fn damage_forgery_and_moved_records_are_found() {
        let good = records(1);
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 0x10;
            assert!(!matches!(decode(&bad), Decoded::Record { .. }), "byte {place}");
        }
        let other = SegmentHead {
            id: [8; 16],
            ..head()
        };
        assert_eq!(super::decode(&good, &other, &key().into()), Decoded::Damaged);
        let stranger = HmacKey::from_bytes(b"another key");
        let dropped = super::decode(&good, &head(), &stranger.clone().into());
        assert_eq!(dropped, Decoded::Damaged);
        // A previous key reads, whatever the head says of it.
        let ring = HmacRing::new(stranger.clone(), [key()]);
        for named in [HmacKeyId::of(&key()), HmacKeyId::of(&stranger), HmacKeyId([9; 8])] {
            let head = SegmentHead { key: named, ..head() };
            assert!(matches!(
                super::decode(&good, &head, &ring),
                Decoded::Record { .. }
            ));
        }
        for cut in [0, 1, RECORD_HEAD - 1, RECORD_HEAD, good.len() - 1] {
            assert_eq!(decode(&good[..cut]), Decoded::Incomplete, "cut at {cut}");
        }
    }

    #[test]
    fn heads_come_back_and_damaged_ones_do_not() {
        let head = head();
        let bytes = head.encode();
        assert_eq!(SegmentHead::decode(&bytes), Some(head));
        assert_eq!(SegmentHead::decode(&bytes[..SEGMENT_HEAD - 1]), None);
        for place in 0..CHECKED + 4 {
            let mut bad = bytes;
            bad[place] ^= 1;
            assert_eq!(SegmentHead::decode(&bad), None, "byte {place}");
        }
    }
}
