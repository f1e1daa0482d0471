//! A log looked at block by block. No I/O.

use std::{collections::BTreeMap, ops::Range};

use caracal_crypto::{Digest32, HmacRing};
use caracal_ledger::{
    chain::{LogId, verify_head},
    merkle::{Frontier, TILE_WIDTH, root},
    terms::max_span,
    verify::Progress,
};
use caracal_storage::LogHead;
use caracal_wire::audit::{ChainReport, FaultKind, Pruned};

use super::{
    KeptHead,
    faults::Faults,
    findable::{Findable, Secret},
    gone::ReadPrune,
    opened::Opened,
};
use crate::{
    journal::{WalkParts, Walked},
    keeping::RetentionRecords,
};

/// A tile as the entries make it, to be compared with the stored one.
pub(super) struct ComputedTile {
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
    pruned: Option<&'a ReadPrune>,
    tree: Frontier,
    /// Where the next block is expected.
    next: u64,
    /// Hashes of the tile of each level that is not full.
    tiles: Vec<Vec<Digest32>>,
    /// First entry of tiles that are not stored as the entries make them.
    wrong_tiles: Vec<u64>,
    /// By the first entry of a block, less the postings that were taken.
    findable: BTreeMap<u64, Findable>,
    secret: Secret,
    /// What its records say of holds and retention, while all of them can be read.
    said: Option<RetentionRecords>,
    faults: Faults,
}

impl<'a> LogWalk<'a> {
    pub(super) fn new(
        log: &'a LogId,
        key: Option<&'a HmacRing>,
        kept: Option<&'a KeptHead>,
        head: &'a LogHead,
        pruned: Option<&'a ReadPrune>,
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
            findable: BTreeMap::new(),
            secret: Secret::new(),
            said: Some(RetentionRecords::default()),
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

    /// Goes on where an earlier one was, if that was compared with the same. `said` is what records before it say.
    pub(super) fn resume(&mut self, earlier: WalkParts, said: Option<RetentionRecords>) {
        if (earlier.prune, earlier.kept) != self.against() {
            return;
        }
        self.said = said;
        self.next = earlier.tree.size();
        self.tree = earlier.tree;
        self.tiles = earlier.tiles;
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
    pub(super) fn step(&mut self, opened: Opened) -> Vec<ComputedTile> {
        let block = &opened.block;
        let expected = std::mem::replace(&mut self.next, block.first.saturating_add(opened.entries));
        if block.first != expected {
            self.fault(expected.min(block.first), "", FaultKind::SequenceGap);
        }
        if block.first != expected || opened.leaves.is_empty() {
            self.said = None;
        }
        let before_end = |(index, _): &&(u64, String)| *index < self.head.size;
        for (index, body) in opened.of_keeping.iter().filter(before_end) {
            self.said = self.said.take().and_then(|said| said.with(*index, body).ok());
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
            self.said = None;
        }
        range
    }

    /// Takes leaves of entries whose bodies are gone; returns the tiles that are full now.
    pub(super) fn step_pruned(&mut self, leaves: Vec<Digest32>) -> Vec<ComputedTile> {
        self.next = self.next.saturating_add(leaves.len() as u64);
        self.append(leaves)
    }

    fn append(&mut self, leaves: Vec<Digest32>) -> Vec<ComputedTile> {
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

    fn grow(&mut self, leaf: Digest32, made: &mut Vec<ComputedTile>) {
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
            made.push(ComputedTile {
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
    pub(super) fn compare_tile(&mut self, made: &ComputedTile, stored: Option<&[Digest32]>) {
        let span = TILE_WIDTH.saturating_pow(u32::from(made.level));
        let first = made.index.saturating_mul(TILE_WIDTH).saturating_mul(span);
        let stored = stored.unwrap_or_default();
        if stored == made.hashes {
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

    /// What the records say of holds and retention, where all that the log has were read; what was not is a fault of its own.
    pub(super) fn said(&mut self) -> Option<RetentionRecords> {
        let whole = self.head.size <= self.tree.size();
        self.said.take().filter(|_| whole)
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
                let full = size - size % TILE_WIDTH;
                let index = self.wrong_tiles.first().copied().unwrap_or(full);
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
