//! What a log says was deleted on purpose.

use caracal_crypto::{HmacRing, sha256};
use caracal_ledger::{
    chain::{LogId, PrunedTo, verify_pruned},
    prune::{InvalidPrune, Prune, SignedPrune},
};
use caracal_storage::KeptPrune;

/// A prune checkpoint that was read.
pub(super) struct ReadPrune {
    pub(super) kept: KeptPrune,
    pub(super) prune: Prune,
}

impl ReadPrune {
    pub(super) fn read(kept: KeptPrune) -> Result<Self, InvalidPrune> {
        let prune = SignedPrune::parse(kept.note.as_bytes())?.prune().clone();
        Ok(Self { kept, prune })
    }

    /// Whether it was written under one of `keys`, for this log and this size.
    pub(super) fn is_ours(&self, log: &LogId, keys: &HmacRing) -> bool {
        let content = hex::encode(sha256(self.kept.note.as_bytes()));
        let said = PrunedTo {
            seq: self.kept.size,
            content: &content,
            at: self.kept.pruned_at,
        };
        self.kept.size == self.prune.size() && verify_pruned(keys, log.chain(), &said, &self.kept.tag)
    }
}
