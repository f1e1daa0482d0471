//! A chain looked at entry by entry. No I/O.

use caracal_crypto::{
    HmacKey,
    digest::Digest32,
    ledger::{Chain, HASH_VERSION, verify_chain, verify_head},
};
use caracal_storage::LedgerHead;
use caracal_wire::audit::{ChainFault, ChainReport, FaultKind};

use super::KeptHead;

/// Faults listed; further ones are only counted.
const MAX_FAULTS: usize = 100;

/// An entry of a chain, as far as chains are concerned.
pub(super) struct Link<'a> {
    pub(super) chain_seq: i64,
    pub(super) id: &'a str,
    pub(super) hash_version: i64,
    /// Content hash of what is stored.
    pub(super) computed: Digest32,
    /// Content hash that is stored.
    pub(super) content: &'a str,
    pub(super) previous: &'a str,
    pub(super) chain_hmac: &'a str,
    pub(super) copies_agree: bool,
}

/// A chain on the way to its end.
pub(super) struct Walk<'a> {
    chain: Chain<'a>,
    key: Option<&'a HmacKey>,
    kept: Option<&'a KeptHead>,
    last: i64,
    report: ChainReport,
}

impl<'a> Walk<'a> {
    pub(super) fn new(chain: Chain<'a>, key: Option<&'a HmacKey>, kept: Option<&'a KeptHead>) -> Self {
        let zone_id = match chain {
            Chain::Ledger(zone) | Chain::Admin(zone) => Some(zone.clone()),
            Chain::Deployment => None,
        };
        Self {
            chain,
            key,
            kept,
            last: 0,
            report: ChainReport {
                zone_id,
                entries: 0,
                head: String::new(),
                fault_count: 0,
                faults: Vec::new(),
            },
        }
    }

    /// Position of the last entry.
    pub(super) const fn last(&self) -> i64 {
        self.last
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
    pub(super) fn step(&mut self, link: &Link<'_>) {
        let mut faults = Vec::new();
        if link.chain_seq != self.last + 1 {
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
        if let Some(kept) = self.kept
            && kept.entries == link.chain_seq
            && kept.head != link.content
        {
            faults.push(FaultKind::KeptHeadDiffers);
        }
        for kind in faults {
            self.fault(link.chain_seq, link.id, kind);
        }
        link.content.clone_into(&mut self.report.head);
        self.report.entries += 1;
        self.last = link.chain_seq;
    }

    /// Compares with what is said of the chain's end. The head is written with every append, so a cut tail shows here,
    /// and it is keyed, so that it cannot be set back.
    pub(super) fn finish(mut self, head: &LedgerHead) -> ChainReport {
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
