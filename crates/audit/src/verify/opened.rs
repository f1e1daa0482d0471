//! A block that was opened. No I/O.

use caracal_crypto::Digest32;
use caracal_ledger::{
    block::{self, BlockEntry},
    chain::LogId,
    terms::Indexed,
};
use caracal_storage::LedgerBlock;
use caracal_wire::audit::FaultKind;

use super::findable::{Findable, Secret};
use crate::keeping::RetentionRecords;

/// A block that was opened and compared with what is said of it. Needs nothing of other blocks.
pub(super) struct Opened {
    pub(super) block: LedgerBlock,
    pub(super) entries: u64,
    /// None where it cannot be read: each block has entries.
    pub(super) leaves: Vec<Digest32>,
    /// What it must be found under.
    pub(super) findable: Findable,
    pub(super) faults: Vec<(u64, String, FaultKind)>,
    /// Its records that may say something of holds or retention.
    pub(super) of_keeping: Vec<(u64, String)>,
}

impl Opened {
    pub(super) fn new(log: &LogId, secret: Secret, block: LedgerBlock) -> Self {
        let mut this = Self {
            entries: block.entries,
            leaves: Vec::new(),
            findable: Findable::default(),
            faults: Vec::new(),
            of_keeping: Vec::new(),
            block,
        };
        let first = this.block.first;
        match block::decode(&this.block.block) {
            Ok((begins, entries)) if begins == first => this.read(log, secret, &entries),
            _ => this.fault(first, "", FaultKind::ContentMismatch),
        }
        this.block.block = Vec::new();
        this
    }

    /// Index of its first entry.
    pub(super) const fn first(&self) -> u64 {
        self.block.first
    }

    fn fault(&mut self, index: u64, id: &str, kind: FaultKind) {
        self.faults.push((index, id.to_owned(), kind));
    }

    fn read(&mut self, log: &LogId, secret: Secret, entries: &[BlockEntry<'_>]) {
        let name = log.name();
        self.entries = entries.len() as u64;
        let mut said = Vec::with_capacity(entries.len());
        for (index, kept) in (self.block.first..).zip(entries) {
            self.leaves.push(kept.entry(&name, index).leaf());
            if log.is_administrative() && RetentionRecords::is_of(&kept.body) {
                self.of_keeping.push((index, kept.body.to_string()));
            }
            match Indexed::read(log.chain(), &kept.body) {
                Ok((of, entry)) if of.as_ref() == log.zone() => said.push(entry),
                Ok((_, entry)) => self.fault(index, entry.id(), FaultKind::CopyMismatch),
                Err(_) => self.fault(index, "", FaultKind::ContentMismatch),
            }
        }
        let block = &self.block;
        let ids = || said.iter().map(Indexed::id);
        let times = || said.iter().map(Indexed::occurred_at);
        let agree = said.len() as u64 == block.entries
            && ids().min() == Some(block.ids.0.as_str())
            && ids().max() == Some(block.ids.1.as_str())
            && times().min() == Some(block.occurred_from)
            && times().max() == Some(block.occurred_until)
            && entries.iter().map(|kept| kept.taken_at).max() == Some(block.taken_at);
        if !agree {
            self.fault(self.block.first, "", FaultKind::CopyMismatch);
        }
        for term in Indexed::terms_of(&said) {
            self.findable.add(secret.hash(term, self.block.occurred_until));
        }
    }
}
