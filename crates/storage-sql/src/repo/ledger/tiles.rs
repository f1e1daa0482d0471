//! Tiles of the tree of a log. Full ones are stored; those that are not are made from what stands in blocks.

use std::{collections::BTreeMap, ops::Range};

use caracal_crypto::Digest32;
use caracal_ledger::merkle::{TILE_WIDTH, Tile, root};
use caracal_storage::{Error, LogHead, StoredTile};

use super::logs::{hashes, stored};
use crate::{batch::insert, log_unit::LogUnit, params::params, row::Row};

impl LogUnit<'_> {
    /// Leaf hashes of the entries `range`.
    pub(super) async fn leaves_of(&mut self, log: i64, range: Range<u64>) -> Result<Vec<Digest32>, Error> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let name = self.name.clone();
        let items = self.items(log, range.clone()).await?;
        let leaf = |item: super::blocks::Item| (item.index, item.kept.entry(&name, item.index).leaf());
        let mut leaves: BTreeMap<u64, Digest32> = items.into_iter().map(leaf).collect();
        if (leaves.len() as u64) < range.end.saturating_sub(range.start) {
            self.add_pruned(log, &range, &mut leaves).await?;
        }
        let leaves = (range.start..).zip(leaves);
        let unbroken = leaves.map_while(|(expected, (index, leaf))| (index == expected).then_some(leaf));
        Ok(unbroken.collect())
    }

    /// Adds the leaves of `range` whose blocks were pruned.
    async fn add_pruned(
        &mut self,
        log: i64,
        range: &Range<u64>,
        leaves: &mut BTreeMap<u64, Digest32>,
    ) -> Result<(), Error> {
        let Some(pruned) = self.prune_of(log).await? else {
            return Ok(());
        };
        let end = range.end.min(pruned.size);
        let tiles = range.start / TILE_WIDTH..end.div_ceil(TILE_WIDTH);
        let full = self.tiles_among(log, 0, tiles).await?.into_iter();
        let full = full.flat_map(|(tile, hashes)| (tile.saturating_mul(TILE_WIDTH)..).zip(hashes));
        let last = pruned.size.saturating_sub(pruned.leaves.len() as u64);
        let known = full.chain((last..).zip(pruned.leaves));
        for (index, leaf) in known.filter(|(index, _)| (range.start..end).contains(index)) {
            leaves.entry(index).or_insert(leaf);
        }
        Ok(())
    }

    /// Stored tiles of one level.
    async fn full_tiles(
        &mut self,
        log: i64,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<Vec<Digest32>>, Error> {
        let tiles = self.tiles_among(log, level, range).await?;
        Ok(tiles.into_iter().map(|(_, hashes)| hashes).collect())
    }

    /// The same, each with its index, as many as make one of the level above.
    pub(super) async fn tiles_among(
        &mut self,
        log: i64,
        level: u8,
        range: Range<u64>,
    ) -> Result<Vec<StoredTile>, Error> {
        let sql = "SELECT tile, hashes FROM evidence_tiles WHERE log = $1 AND level = $2 AND tile >= $3 AND tile < $4 \
             ORDER BY tile LIMIT $5";
        let params = params![
            log,
            i64::from(level),
            stored(range.start),
            stored(range.end),
            stored(TILE_WIDTH)
        ];
        let tile = |row: &Row| Ok((row.count("tile")?, hashes(&row.bytes("hashes")?)));
        self.tx.all_as(sql, params, tile).await
    }

    /// A tile with as many hashes as it asks for; `None` where the log has less.
    pub(super) async fn tile_of(
        &mut self,
        log: &LogHead,
        tile: &Tile,
    ) -> Result<Option<Vec<Digest32>>, Error> {
        let width = usize::from(tile.width);
        let first = tile.index.saturating_mul(TILE_WIDTH);
        let range = first..first.saturating_add(tile.width.into());
        let known = match tile.level.checked_sub(1) {
            None => self.recent.leaves(log, first),
            Some(_) => None,
        };
        let place = tile.index..tile.index.saturating_add(1);
        let mut made = match known {
            Some(leaves) => leaves,
            None => match self.full_tiles(log.number, tile.level, place).await?.pop() {
                Some(full) => full,
                None => match tile.level.checked_sub(1) {
                    None => self.leaves_of(log.number, range).await?,
                    Some(below) => self.roots_of(log.number, below, range).await?,
                },
            },
        };
        made.truncate(width);
        Ok((made.len() == width).then_some(made))
    }

    /// Roots of stored tiles of one level. They never change, so each is made once while the process lives.
    async fn roots_of(&mut self, log: i64, level: u8, range: Range<u64>) -> Result<Vec<Digest32>, Error> {
        let mut roots = self.recent.roots(log, level, &range);
        let missing = range.start.saturating_add(roots.len() as u64)..range.end;
        let tiles = self.full_tiles(log, level, missing.clone()).await?;
        let made: Vec<Digest32> = tiles.iter().map(|hashes| root(hashes)).collect();
        roots.extend_from_slice(&made);
        // What this transaction wrote may not stay.
        if self.learned.tails.is_empty() {
            self.recent.learn_roots(log, level, range.start, &roots);
        }
        Ok(roots)
    }

    /// Stores the tiles that are full now that the log has `size` entries. `leaves` are those from the last full tile
    /// of leaves on.
    pub(super) async fn keep_tiles(
        &mut self,
        log: i64,
        size: u64,
        leaves: &mut Vec<Digest32>,
    ) -> Result<(), Error> {
        let width = usize::try_from(TILE_WIDTH).unwrap_or(usize::MAX);
        let mut index = (size - leaves.len() as u64) / TILE_WIDTH;
        while leaves.len() >= width {
            let rest = leaves.split_off(width);
            let mut full = std::mem::replace(leaves, rest);
            let (mut level, mut at) = (0_u8, index);
            loop {
                let row = params![log, i64::from(level), stored(at), full.concat()];
                let columns = ["log", "level", "tile", "hashes"];
                insert(self.tx, "evidence_tiles", &columns, vec![row], "").await?;
                if (at + 1) % TILE_WIDTH != 0 {
                    break;
                }
                // The last of the tile above.
                let below = self.full_tiles(log, level, at + 1 - TILE_WIDTH..at + 1).await?;
                full = below.iter().map(|hashes| root(hashes)).collect();
                (level, at) = (level + 1, at / TILE_WIDTH);
            }
            index += 1;
        }
        Ok(())
    }
}
