//! A log looked at block by block. No I/O.

use std::{collections::BTreeMap, ops::Range};

use caracal_crypto::{Digest32, HmacRing};
use caracal_ledger::{
    block::{self, Kept},
    chain::{LogId, verify_head},
    merkle::{Frontier, TILE_WIDTH, root},
    terms::{Indexed, max_span},
    verify::Progress,
};
use caracal_storage::{LedgerBlock, LogHead};
use caracal_wire::audit::{ChainReport, FaultKind, Pruned};

use super::{
    KeptHead,
    faults::Faults,
    findable::{Findable, Secret},
    gone::Gone,
};
use crate::journal::{WalkParts, Walked};

/// A block that was opened and compared with what is said of it. Needs nothing of other blocks.
pub(super) struct Opened {
    block: LedgerBlock,
    entries: u64,
    leaves: Vec<Digest32>,
    /// What it must be found under.
    findable: Findable,
    faults: Vec<(u64, String, FaultKind)>,
}

impl Opened {
    pub(super) fn new(log: &LogId, secret: Secret, block: LedgerBlock) -> Self {
        let mut this = Self {
            entries: block.entries,
            leaves: Vec::new(),
            findable: Findable::default(),
            faults: Vec::new(),
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

    fn read(&mut self, log: &LogId, secret: Secret, entries: &[Kept<'_>]) {
        let name = log.name();
        self.entries = entries.len() as u64;
        let mut said = Vec::with_capacity(entries.len());
        for (index, kept) in (self.block.first..).zip(entries) {
            self.leaves.push(kept.entry(&name, index).leaf());
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

/// A tile as the entries make it, to be compared with the stored one.
pub(super) struct Made {
    pub(super) level: u8,
    pub(super) index: u64,
    pub(super) hashes: Vec<Digest32>,
}

/// A log on the way to its end.
pub(super) struct LogWalk<'a> {
    log: &'a LogId,
    key: Option<&'a HmacRing>,
    kept: Option<&'a KeptHead>,
    head: &'a LogHead,
    pruned: Option<&'a Gone>,
    tree: Frontier,
    /// Where the next block is expected.
    next: u64,
    /// Hashes of the tile of each level that is not full.
    tiles: Vec<Vec<Digest32>>,
    /// First entry of tiles that are not stored as the entries make them.
    wrong_tiles: Vec<u64>,
    /// Up to where stored tiles agree.
    agreed: u64,
    /// By the first entry of a block, less the postings that were taken.
    findable: BTreeMap<u64, Findable>,
    secret: Secret,
    faults: Faults,
}

impl<'a> LogWalk<'a> {
    pub(super) fn new(
        log: &'a LogId,
        key: Option<&'a HmacRing>,
        kept: Option<&'a KeptHead>,
        head: &'a LogHead,
        pruned: Option<&'a Gone>,
    ) -> Self {
        let mut this = Self {
            log,
            key,
            kept,
            head,
            pruned,
            tree: Frontier::default(),
            next: 0,
            tiles: Vec::new(),
            wrong_tiles: Vec::new(),
            agreed: 0,
            findable: BTreeMap::new(),
            secret: Secret::new(),
            faults: Faults::default(),
        };
        if let Some(gone) = pruned
            && key.is_some_and(|key| !gone.is_ours(log, key))
        {
            this.fault(gone.prune.size().saturating_sub(1), "", FaultKind::WrongPruneKey);
        }
        this
    }

    fn fault(&mut self, index: u64, id: &str, kind: FaultKind) {
        let position = i64::try_from(index.saturating_add(1)).unwrap_or(i64::MAX);
        self.faults.add(position, id, kind);
    }

    /// What it is compared with besides itself.
    fn against(&self) -> (Option<i64>, Option<(i64, String)>) {
        let kept = self.kept.map(|kept| (kept.entries, kept.head.clone()));
        (self.pruned.map(|gone| gone.kept.number), kept)
    }

    /// Goes on where an earlier one was, if that was compared with the same.
    pub(super) fn resume(&mut self, earlier: WalkParts) {
        if (earlier.prune, earlier.kept) != self.against() {
            return;
        }
        self.next = earlier.tree.size();
        self.tree = earlier.tree;
        self.tiles = earlier.tiles;
        self.agreed = earlier.agreed;
        self.secret = Secret(earlier.secret);
        let findable = earlier.findable.into_iter();
        self.findable = findable
            .map(|(first, count, sum)| (first, Findable { count, sum }))
            .collect();
    }

    /// What it takes to go on from here. `None` where something does not hold, since that has to be found again, or where
    /// what comes next may stand in other blocks by then.
    pub(super) fn walked(&self) -> Option<Walked> {
        let holds = self.faults.count == 0 && self.wrong_tiles.is_empty();
        let is_sealed = self.next == self.tree.size() && self.next <= self.head.sealed;
        let (prune, kept) = self.against();
        let findable = self.findable.iter();
        let parts = || WalkParts {
            tree: self.tree.clone(),
            tiles: self.tiles.clone(),
            agreed: self.agreed,
            secret: self.secret.0,
            findable: findable
                .map(|(first, left)| (*first, left.count, left.sum))
                .collect(),
            prune,
            kept,
        };
        (holds && is_sealed).then(parts).map(Walked::from)
    }

    pub(super) const fn secret(&self) -> Secret {
        self.secret
    }

    /// Where the next block is expected.
    pub(super) const fn end(&self) -> u64 {
        self.next
    }

    /// How far it is; nothing was proved yet.
    pub(super) fn progress(&self) -> Progress {
        Progress {
            frontier: self.tree.clone(),
            proved: 0,
        }
    }

    /// Looks at the next block; returns the tiles that are full now.
    pub(super) fn step(&mut self, opened: Opened) -> Vec<Made> {
        let block = &opened.block;
        let expected = std::mem::replace(&mut self.next, block.first.saturating_add(opened.entries));
        if block.first != expected {
            self.fault(expected.min(block.first), "", FaultKind::SequenceGap);
        }
        for (index, id, kind) in &opened.faults {
            self.fault(*index, id, *kind);
        }
        let made = self.append(opened.leaves);
        if block.first < self.head.sealed {
            let span = block
                .occurred_until
                .as_micros()
                .saturating_sub(block.occurred_from.as_micros());
            if span > max_span(self.log.chain()) {
                self.fault(block.first, "", FaultKind::CopyMismatch);
            }
            self.findable.insert(block.first, opened.findable);
        }
        made
    }

    /// The entries before `first` whose bodies are gone, as far as they are said to be.
    pub(super) fn gap(&mut self, first: u64) -> Range<u64> {
        let Some(gone) = self.pruned else { return 0..0 };
        let range = self.next..first.min(gone.prune.size());
        if let Some(refused) = gone.prune.first_refused(&range) {
            self.fault(refused, "", FaultKind::SequenceGap);
        }
        range
    }

    /// Takes leaves of entries whose bodies are gone; returns the tiles that are full now.
    pub(super) fn step_pruned(&mut self, leaves: Vec<Digest32>) -> Vec<Made> {
        self.next = self.next.saturating_add(leaves.len() as u64);
        self.append(leaves)
    }

    fn append(&mut self, leaves: Vec<Digest32>) -> Vec<Made> {
        let mut made = Vec::new();
        for leaf in leaves {
            self.tree.append(leaf);
            self.grow(leaf, &mut made);
            self.compare_kept();
            if let Some(gone) = self.pruned
                && gone.prune.size() == self.tree.size()
                && gone.prune.frontier != self.tree
            {
                self.fault(self.tree.size() - 1, "", FaultKind::PruneDiffers);
            }
        }
        made
    }

    fn grow(&mut self, leaf: Digest32, made: &mut Vec<Made>) {
        let (mut hash, mut level) = (leaf, 0_u8);
        loop {
            let at = usize::from(level);
            if self.tiles.len() <= at {
                self.tiles.push(Vec::new());
            }
            self.tiles[at].push(hash);
            if (self.tiles[at].len() as u64) < TILE_WIDTH {
                return;
            }
            let hashes = std::mem::take(&mut self.tiles[at]);
            hash = root(&hashes);
            let span = TILE_WIDTH.saturating_pow(u32::from(level) + 1);
            made.push(Made {
                level,
                index: self.tree.size() / span - 1,
                hashes,
            });
            level += 1;
        }
    }

    fn compare_kept(&mut self) {
        if let Some(kept) = self.kept
            && u64::try_from(kept.entries) == Ok(self.tree.size())
            && kept.head != hex::encode(self.tree.root())
        {
            self.fault(self.tree.size() - 1, "", FaultKind::KeptHeadDiffers);
        }
    }

    /// Compares a tile with the stored one.
    pub(super) fn compare_tile(&mut self, made: &Made, stored: Option<&[Digest32]>) {
        let span = TILE_WIDTH.saturating_pow(u32::from(made.level));
        let first = made.index.saturating_mul(TILE_WIDTH).saturating_mul(span);
        let stored = stored.unwrap_or_default();
        if stored == made.hashes {
            if made.level == 0 && self.wrong_tiles.is_empty() {
                self.agreed = first.saturating_add(TILE_WIDTH);
            }
            return;
        }
        let same = made
            .hashes
            .iter()
            .zip(stored)
            .take_while(|(one, other)| one == other);
        let differs = (same.count() as u64).saturating_mul(span);
        self.wrong_tiles.push(first.saturating_add(differs));
    }

    /// How many tiles of a level are full.
    pub(super) fn full_tiles(&self, level: u8) -> u64 {
        self.tree.size() / TILE_WIDTH.saturating_pow(u32::from(level) + 1)
    }

    /// A tile is stored that should not be there yet.
    pub(super) fn stray_tile(&mut self, level: u8, index: u64) {
        let span = TILE_WIDTH.saturating_pow(u32::from(level) + 1);
        self.wrong_tiles.push(index.saturating_mul(span));
    }

    /// Takes a posting of the block at `first` off what it must be found under.
    pub(super) fn posting(&mut self, first: u64, hash: u64) {
        self.findable.entry(first).or_default().take(hash);
    }

    /// Compares with what is said of the log's end.
    pub(super) fn finish(mut self) -> ChainReport {
        for (first, left) in std::mem::take(&mut self.findable) {
            if left != Findable::default() {
                self.fault(first, "", FaultKind::CopyMismatch);
            }
        }
        let (size, made) = (self.tree.size(), self.tree.root());
        let made = if size == 0 {
            String::new()
        } else {
            hex::encode(made)
        };
        let head = self.head;
        if head.size != size || head.peaks != self.tree.peaks() {
            if head.size == size && head.root != made {
                // An entry is another one; tiles tell which, as far as they were full.
                let index = self.wrong_tiles.first().copied().unwrap_or(self.agreed);
                self.fault(index, "", FaultKind::ContentMismatch);
            } else {
                self.fault(head.size.saturating_sub(1), "", FaultKind::WrongHead);
            }
        } else if head.root != made {
            self.fault(size.saturating_sub(1), "", FaultKind::WrongHead);
        } else {
            for index in std::mem::take(&mut self.wrong_tiles) {
                self.fault(index, "", FaultKind::WrongTile);
            }
        }
        if let Some(gone) = self.pruned.filter(|gone| gone.prune.size() > size) {
            self.fault(gone.prune.size().saturating_sub(1), "", FaultKind::PruneDiffers);
        }
        if head.sealed > size {
            self.fault(size.saturating_sub(1), "", FaultKind::WrongHead);
        }
        if let Some(kept) = self.kept
            && u64::try_from(kept.entries).is_ok_and(|entries| entries > size)
        {
            self.faults.add(kept.entries, "", FaultKind::KeptHeadMissing);
        }
        // A log that never began has no root.
        if let Some(key) = self.key
            && head.number != 0
            && !verify_head(key, self.log.chain(), head.size, &head.root, &head.root_hmac)
        {
            self.fault(head.size.saturating_sub(1), "", FaultKind::WrongHeadKey);
        }
        ChainReport {
            zone_id: self.log.zone().cloned(),
            entries: i64::try_from(size).unwrap_or(i64::MAX),
            pruned: self.pruned.map(|gone| Pruned {
                up_to: i64::try_from(gone.prune.size()).unwrap_or(i64::MAX),
                at: gone.kept.pruned_at,
            }),
            head: made,
            fault_count: self.faults.count,
            faults: self.faults.first,
        }
    }
}
