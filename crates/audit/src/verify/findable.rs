//! What blocks must be found under, as little of it as tells whether postings are the same.

use caracal_core::Timestamp;
use caracal_crypto::{sha256_parts, system_world};
use caracal_storage::Posting;

/// What hashes are made with, so that nobody foresees them: else postings could be made that differ and have the same sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Secret(pub(super) [u8; 16]);

impl Secret {
    pub(super) fn new() -> Self {
        Self(system_world().random_bytes())
    }

    pub(super) fn hash(self, term: i64, occurred_until: Timestamp) -> u64 {
        let until = occurred_until.as_micros().to_be_bytes();
        let hash = sha256_parts(&[&self.0, &term.to_be_bytes(), &until]);
        hash.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    /// Of each posting, the block that it is of and its hash.
    pub(super) fn hash_all(self, postings: &[Posting]) -> Vec<(u64, u64)> {
        let hash = |posting: &Posting| (posting.first, self.hash(posting.term, posting.occurred_until));
        postings.iter().map(hash).collect()
    }
}

/// What a block must be found under: how much, and the sum of its hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Findable {
    pub(super) count: u64,
    pub(super) sum: u64,
}

impl Findable {
    pub(super) fn add(&mut self, hash: u64) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash);
    }

    pub(super) fn take(&mut self, hash: u64) {
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash);
    }
}
