//! A chain looked at entry by entry. No I/O.

use caracal_crypto::{HmacRing, digest::Digest32};
use caracal_ledger::chain::{Chain, HASH_VERSION, PrunedTo, verify_chain, verify_head, verify_pruned};
use caracal_storage::{LedgerHead, PruneCheckpoint};
use caracal_wire::audit::{ChainFault, ChainReport, FaultKind, Pruned};

use super::{KeptHead, position};

/// Faults listed; further ones are only counted.
const MAX_FAULTS: usize = 100;

/// Faults, counted and the first of them listed.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) count: u64,
    pub(super) first: Vec<ChainFault>,
}

impl Faults {
    pub(super) fn add(&mut self, chain_seq: i64, event_id: &str, kind: FaultKind) {
        self.count += 1;
        if self.first.len() < MAX_FAULTS {
            self.first.push(ChainFault {
                chain_seq,
                event_id: event_id.to_owned(),
                kind,
            });
        }
    }
}

/// An entry of an administrative chain, as far as chains are concerned.
pub(crate) struct Link<'a> {
    pub(crate) chain_seq: i64,
    pub(crate) id: &'a str,
    pub(crate) hash_version: i64,
    /// Content hash of what is stored.
    pub(crate) computed: Digest32,
    /// Content hash that is stored.
    pub(crate) content: &'a str,
    pub(crate) previous: &'a str,
    pub(crate) chain_hmac: &'a str,
    pub(crate) copies_agree: bool,
}

/// A chain on the way to its end.
pub(crate) struct Walk<'a> {
    chain: Chain<'a>,
    key: Option<&'a HmacRing>,
    kept: Option<&'a KeptHead>,
    /// Position of the last entry that was looked at; 0 before the first, so that what a checkpoint says is gone is
    /// read if it is there.
    read: i64,
    /// Position that the next entry follows.
    last: i64,
    report: ChainReport,
}

impl<'a> Walk<'a> {
    /// A chain that begins behind `pruned`, or else with its first entry.
    pub(crate) fn new(
        chain: Chain<'a>,
        key: Option<&'a HmacRing>,
        kept: Option<&'a KeptHead>,
        pruned: Option<&PruneCheckpoint>,
    ) -> Self {
        let zone_id = match chain {
            Chain::Ledger(zone) | Chain::Admin(zone) => Some(zone.clone()),
            Chain::Deployment => None,
        };
        let mut walk = Self {
            chain,
            key,
            kept,
            read: 0,
            last: 0,
            report: ChainReport {
                zone_id,
                entries: 0,
                pruned: None,
                head: String::new(),
                fault_count: 0,
                faults: Vec::new(),
            },
        };
        if let Some(pruned) = pruned {
            walk.begin_behind(pruned);
        }
        walk
    }

    fn begin_behind(&mut self, pruned: &PruneCheckpoint) {
        let said = PrunedTo {
            seq: position(pruned.chain_seq),
            content: &pruned.content_sha256,
            at: pruned.pruned_at,
        };
        if let Some(key) = self.key
            && !verify_pruned(key, self.chain, &said, &pruned.checkpoint_hmac)
        {
            self.fault(pruned.chain_seq, "", FaultKind::WrongPruneKey);
        }
        self.compare_kept(pruned.chain_seq, "", &pruned.content_sha256);
        self.last = pruned.chain_seq;
        self.report.entries = pruned.chain_seq;
        pruned.content_sha256.clone_into(&mut self.report.head);
        self.report.pruned = Some(Pruned {
            up_to: pruned.chain_seq,
            at: pruned.pruned_at,
        });
    }

    /// Position after which to go on reading.
    pub(crate) const fn read(&self) -> i64 {
        self.read
    }

    /// What was found so far.
    pub(crate) const fn report(&self) -> &ChainReport {
        &self.report
    }

    fn compare_kept(&mut self, chain_seq: i64, id: &str, content: &str) {
        if let Some(kept) = self.kept
            && kept.entries == chain_seq
            && kept.head != content
        {
            self.fault(chain_seq, id, FaultKind::KeptHeadDiffers);
        }
    }

    fn fault(&mut self, chain_seq: i64, event_id: &str, kind: FaultKind) {
        self.report.fault_count += 1;
        if self.report.faults.len() < MAX_FAULTS {
            self.report.faults.push(ChainFault {
                chain_seq,
                event_id: event_id.to_owned(),
                kind,
            });
        }
    }

    /// Looks at the next entry.
    pub(crate) fn step(&mut self, link: &Link<'_>) {
        let mut faults = Vec::new();
        if self.last.checked_add(1) != Some(link.chain_seq) {
            faults.push(FaultKind::SequenceGap);
        }
        if link.hash_version != i64::from(HASH_VERSION) {
            faults.push(FaultKind::UnknownHashVersion);
        }
        if hex::encode(link.computed) != link.content {
            faults.push(FaultKind::ContentMismatch);
        }
        if !link.copies_agree {
            faults.push(FaultKind::CopyMismatch);
        }
        if link.previous != self.report.head {
            faults.push(FaultKind::BrokenLink);
        }
        if let Some(key) = self.key
            && !verify_chain(key, link.content, link.previous, link.chain_hmac)
        {
            faults.push(FaultKind::WrongLinkKey);
        }
        for kind in faults {
            self.fault(link.chain_seq, link.id, kind);
        }
        self.compare_kept(link.chain_seq, link.id, link.content);
        link.content.clone_into(&mut self.report.head);
        self.report.entries = self.report.entries.saturating_add(1);
        self.last = link.chain_seq;
        self.read = link.chain_seq;
    }

    /// Compares with what is said of the chain's end. The head is written with every append, so a cut tail shows here,
    /// and it is keyed, so that it cannot be set back.
    pub(crate) fn finish(mut self, head: &LedgerHead) -> ChainReport {
        if let Some(kept) = self.kept.filter(|kept| kept.entries > self.last) {
            self.fault(kept.entries, "", FaultKind::KeptHeadMissing);
        }
        if head.chain_seq != self.last || head.content_sha256 != self.report.head {
            self.fault(head.chain_seq, "", FaultKind::WrongHead);
        }
        // A chain that never began has no head.
        let began = *head != LedgerHead::default();
        let seq = u64::try_from(head.chain_seq).unwrap_or(0);
        if let Some(key) = self.key
            && began
            && !verify_head(key, self.chain, seq, &head.content_sha256, &head.head_hmac)
        {
            self.fault(head.chain_seq, "", FaultKind::WrongHeadKey);
        }
        self.report
    }
}
