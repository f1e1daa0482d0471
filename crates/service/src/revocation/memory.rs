//! Ended ids, small: sixteen bytes each and when they may be forgotten.
//!
//! In shards, so that none is ever grown or pruned for long while somebody waits for it, and so that growing copies a
//! small part of the whole.

use std::collections::HashMap;

use caracal_core::Timestamp;
use caracal_crypto::sha256;
use parking_lot::RwLock;

/// A power of two, so that the shard is a mask.
const SHARDS: usize = 64;

/// An id in sixteen bytes: the bytes of a UUID as we make them, or the first of the SHA-256 of anything else.
pub(super) type Key = [u8; 16];

/// The key of an id.
pub(super) fn key(id: &str) -> Key {
    uuid(id.as_bytes()).unwrap_or_else(|| {
        let mut key = Key::default();
        key.copy_from_slice(&sha256(id.as_bytes())[..16]);
        key
    })
}

/// The bytes of a UUID in its one canonical text.
fn uuid(text: &[u8]) -> Option<Key> {
    if text.len() != 36 {
        return None;
    }
    let mut key = Key::default();
    let mut digits = 0_usize;
    for (position, byte) in text.iter().enumerate() {
        if matches!(position, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        let place = key.get_mut(digits / 2)?;
        *place = (*place << 4) | digit;
        digits += 1;
    }
    Some(key)
}

type Shard = HashMap<Key, u32>;

/// Ids and until when to remember them, in seconds since the Unix epoch.
#[derive(Debug)]
pub(super) struct Ended {
    shards: [RwLock<Shard>; SHARDS],
}

impl Default for Ended {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| RwLock::default()),
        }
    }
}

impl Ended {
    fn shard(&self, key: &Key) -> &RwLock<Shard> {
        // The last byte of a UUID is random, the first ones are the time.
        let [.., last] = *key;
        &self.shards[usize::from(last) % SHARDS]
    }

    /// Remembers an id, at least until `until`.
    pub(super) fn insert(&self, key: Key, until: Timestamp) {
        let until = u32::try_from(until.unix_seconds().saturating_add(1)).unwrap_or(u32::MAX);
        let mut shard = self.shard(&key).write();
        let known = shard.entry(key).or_insert(until);
        *known = (*known).max(until);
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        self.shard(key).read().contains_key(key)
    }

    /// Forgets what need not be remembered any more, one shard after the other.
    pub(super) fn prune(&self, now: Timestamp) {
        let now = now.unix_seconds();
        for shard in &self.shards {
            let mut shard = shard.write();
            shard.retain(|_, until| i64::from(*until) > now);
            if shard.capacity() > 1024 && shard.len() < shard.capacity() / 4 {
                shard.shrink_to_fit();
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().len()).sum()
    }

    /// Bytes of the table, as the allocator is asked for them: an entry and a control byte per bucket.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        let bucket = size_of::<(Key, u32)>() + 1;
        let buckets = |shard: &RwLock<Shard>| (shard.read().capacity() * 8 / 7).next_power_of_two();
        self.shards.iter().map(|shard| buckets(shard) * bucket).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn two_million_ends_at_once_take_less_than_a_hundred_megabytes() {
        let ended = Ended::default();
        let until = Timestamp::from_micros(4_000_000_000_000_000);
        for n in 0..2_000_000_u32 {
            let [a, b, c, d] = n.wrapping_mul(2_654_435_761).to_be_bytes();
            let text = format!(
                "0196f0c4-{a:02x}{b:02x}-7{:03x}-8a{c:02x}-{:06x}{c:02x}{d:02x}{a:02x}",
                n % 4096,
                n
            );
            ended.insert(key(&text), until);
        }
        assert_eq!(ended.len(), 2_000_000);
        assert!(ended.bytes() < 100_000_000, "{} bytes", ended.bytes());
        ended.prune(until.plus(Duration::from_secs(2)));
        assert_eq!(
            (ended.len(), ended.bytes() < 1_000_000),
            (0, true),
            "it gives back what it took"
        );
    }

    #[test]
    fn only_the_one_text_of_a_uuid_is_taken_as_one() {
        let id = "0196f0c4-0001-7abc-8def-0123456789ab";
        assert_eq!(key(id)[..4], [0x01, 0x96, 0xf0, 0xc4]);
        let others = [
            "0196F0C4-0001-7ABC-8DEF-0123456789AB",
            "0196f0c400017abc8def0123456789ab",
            "0196f0c4-0001-7abc-8def-0123456789ac",
            "0196f0c4_0001-7abc-8def-0123456789ab",
            "ses-1",
            "",
        ];
        let mut keys: Vec<Key> = others.iter().map(|other| key(other)).chain([key(id)]).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), others.len() + 1);
    }
}
