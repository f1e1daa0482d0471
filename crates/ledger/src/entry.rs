//! Entries of a log: what is kept of an event or a record, as bytes that can be read in one way only.
//!
//! An entry is its parts end to end, each after its length. Its content hash is the leaf of the tree, so that tiles can
//! be shown to anybody without a word of what they are about, and whoever holds an entry proves it against them.

use caracal_core::Timestamp;
use caracal_crypto::{Digest32, sha256};

use crate::{chain::framed, merkle::leaf_hash};

/// Most bytes of a body.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Most bytes of the name of a log and of a key.
pub const MAX_NAME_BYTES: usize = 255;

const DOMAIN: &str = "caracal.evidence.entry.v1";

/// What is kept of one event or record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The log that it stands in, such as `ledger/<zone>` or `admin/<zone>`.
    pub log: &'a str,
    /// Where, from 0.
    pub index: u64,
    /// The event or record, byte for byte as it arrived.
    pub body: &'a str,
    /// When it was taken in.
    pub taken_at: Timestamp,
    /// Which key the producer's signature was verified with; empty without one. The signature is an HMAC over the body,
    /// so whoever holds the key makes it again, and to anybody else it says nothing.
    pub producer_key: &'a str,
}

/// The bytes are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an entry of a log")]
pub struct InvalidEntry;

impl<'a> Entry<'a> {
    /// The entry as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let (index, at) = (self.index.to_be_bytes(), self.taken_at.as_micros().to_be_bytes());
        framed(&[
            DOMAIN.as_bytes(),
            self.log.as_bytes(),
            &index,
            self.body.as_bytes(),
            &at,
            self.producer_key.as_bytes(),
        ])
    }

    /// Reads what [`Self::encode`] writes and nothing else.
    ///
    /// # Errors
    /// [`InvalidEntry`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, InvalidEntry> {
        let mut rest = bytes;
        let [domain, log, index, body, at, key] = {
            let mut parts = [b"".as_slice(); 6];
            for part in &mut parts {
                let (length, after) = rest.split_first_chunk::<8>().ok_or(InvalidEntry)?;
                let length = usize::try_from(u64::from_be_bytes(*length)).map_err(|_| InvalidEntry)?;
                (*part, rest) = after.split_at_checked(length).ok_or(InvalidEntry)?;
            }
            parts
        };
        let text = |part, most| {
            let text = std::str::from_utf8(part).map_err(|_| InvalidEntry)?;
            if text.len() > most {
                Err(InvalidEntry)
            } else {
                Ok(text)
            }
        };
        let number = |part: &[u8]| part.try_into().map_err(|_| InvalidEntry);
        if !rest.is_empty() || domain != DOMAIN.as_bytes() || log.is_empty() {
            return Err(InvalidEntry);
        }
        Ok(Self {
            log: text(log, MAX_NAME_BYTES)?,
            index: u64::from_be_bytes(number(index)?),
            body: text(body, MAX_BODY_BYTES)?,
            taken_at: Timestamp::from_micros(i64::from_be_bytes(number(at)?)),
            producer_key: text(key, MAX_NAME_BYTES)?,
        })
    }

    /// Whether its parts are within their bounds, so that it is read back.
    pub fn is_valid(&self) -> bool {
        (1..=MAX_NAME_BYTES).contains(&self.log.len())
            && self.body.len() <= MAX_BODY_BYTES
            && self.producer_key.len() <= MAX_NAME_BYTES
    }

    /// SHA-256 of the entry.
    pub fn content_hash(&self) -> Digest32 {
        sha256(&self.encode())
    }

    /// Hash of its leaf in the tree.
    pub fn leaf(&self) -> Digest32 {
        leaf_hash(&self.content_hash())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) const AT: i64 = 1_764_331_200_000_001;

    pub(crate) fn entry(index: u64, body: &str) -> Entry<'_> {
        Entry {
            log: "ledger/z-1",
            index,
            body,
            taken_at: Timestamp::from_micros(AT + i64::try_from(index).unwrap()),
            producer_key: "k1",
        }
    }

    #[test]
    fn everything_that_is_kept_changes_the_hash() {
        let base = entry(7, r#"{"id":"a"}"#);
        let hashes = [
            base.clone(),
            Entry {
                log: "ledger/z-2",
                ..base.clone()
            },
            Entry {
                index: 8,
                ..base.clone()
            },
            Entry {
                body: r#"{"id": "a"}"#,
                ..base.clone()
            },
            Entry {
                taken_at: Timestamp::from_micros(AT),
                ..base.clone()
            },
            Entry {
                producer_key: "",
                ..base.clone()
            },
        ]
        .map(|entry| entry.content_hash());
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash), "{at}");
        }
    }

    #[test]
    fn bytes_that_are_no_entry_are_refused() {
        let good = entry(7, "{}").encode();
        assert!(Entry::decode(&good).is_ok());
        let longer = [good.as_slice(), b"x"].concat();
        assert_eq!(Entry::decode(&longer), Err(InvalidEntry));
        for length in 0..good.len() {
            assert_eq!(Entry::decode(&good[..length]), Err(InvalidEntry), "{length}");
        }
        let long = "a".repeat(MAX_NAME_BYTES + 1);
        for bad in [
            Entry {
                log: "",
                ..entry(1, "{}")
            },
            Entry {
                log: &long,
                ..entry(1, "{}")
            },
            Entry {
                producer_key: &long,
                ..entry(1, "{}")
            },
            entry(1, &"a".repeat(MAX_BODY_BYTES + 1)),
        ] {
            assert!(!bad.is_valid());
            assert_eq!(Entry::decode(&bad.encode()), Err(InvalidEntry));
        }
    }

    proptest! {
        #[test]
        fn an_entry_is_read_as_it_is_written(
            index in any::<u64>(), at in -1_i64..4_000_000_000_000_000, log in "[a-z/]{1,20}", body in ".{0,80}", key in ".{0,8}",
        ) {
            let entry = Entry { log: &log, index, body: &body, taken_at: Timestamp::from_micros(at), producer_key: &key };
            prop_assert!(entry.is_valid());
            let bytes = entry.encode();
            prop_assert_eq!(Entry::decode(&bytes), Ok(entry));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            if let Ok(entry) = Entry::decode(&bytes) {
                prop_assert_eq!(entry.encode(), bytes);
            }
        }
    }
}
