//! Tiles (C2SP tlog-tiles): the tree cut into pieces of 256 hashes, so that any proof is made from a few of them.

use std::{collections::HashMap, ops::Range};

use caracal_crypto::Digest32;

use super::{node_hash, proof::split, root};

/// Hashes of a full tile.
pub const TILE_WIDTH: u64 = 256;
/// Levels of the tree that one tile spans.
const HEIGHT: u32 = 8;
/// Levels of tiles of the largest tree there can be.
pub const MAX_LEVEL: u8 = 7;

/// A tile by its place: hashes `index * 256 ..` of the tree's level `8 * level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// 0 for the tiles of leaf hashes.
    pub level: u8,
    /// From the left.
    pub index: u64,
    /// How many hashes it has, 1 to 256. A tile of less is replaced once it is full.
    pub width: u16,
}

impl Tile {
    /// Its path below `tile/`: `0/x001/x234/067`, and `0/000.p/5` for one that is not full.
    pub fn path(&self) -> String {
        let mut groups = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        let full = format!("{}/{}", self.level, groups.join("/"));
        if u64::from(self.width) == TILE_WIDTH {
            full
        } else {
            format!("{full}.p/{}", self.width)
        }
    }

    /// Reads what [`Self::path`] writes and nothing else.
    pub fn parse(path: &str) -> Option<Self> {
        let (full, width) = match path.split_once(".p/") {
            Some((full, width)) => (full, width.parse().ok().filter(|width| (1..256).contains(width))?),
            None => (path, 256),
        };
        let (level, groups) = full.split_once('/')?;
        let mut index: u64 = 0;
        for group in groups.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            let number: u64 = digits.parse().ok().filter(|number| *number < 1000)?;
            index = index.checked_mul(1000)?.checked_add(number)?;
        }
        let level = level.parse().ok().filter(|level| *level <= MAX_LEVEL)?;
        let tile = Self { level, index, width };
        (tile.path() == path).then_some(tile)
    }
}

/// Nodes of `level` of tiles that are complete in a tree of `size` entries.
fn complete(size: u64, level: u8) -> u64 {
    size.checked_shr(u32::from(level).saturating_mul(HEIGHT))
        .unwrap_or(0)
}

/// Every tile of a tree of `size` entries from hash `from` of each level on.
fn from(size: u64, first: impl Fn(u8) -> u64) -> Vec<Tile> {
    let mut tiles = Vec::new();
    for level in 0..=MAX_LEVEL {
        let hashes = complete(size, level);
        for index in first(level) / TILE_WIDTH..hashes.div_ceil(TILE_WIDTH) {
            let before = index.saturating_mul(TILE_WIDTH);
            let width = hashes.saturating_sub(before).min(TILE_WIDTH);
            // At most 256.
            let width = u16::try_from(width).unwrap_or(256);
            tiles.push(Tile { level, index, width });
        }
    }
    tiles
}

/// The tiles of a tree of `size` entries.
pub fn tiles_of(size: u64) -> Vec<Tile> {
    from(size, |_| 0)
}

/// The tiles of a tree of `new_size` entries that the one of `old_size` did not have, or had with less in them.
pub fn new_tiles(old_size: u64, new_size: u64) -> Vec<Tile> {
    let mut tiles = from(new_size, |level| complete(old_size, level));
    tiles.retain(|tile| {
        let end = tile
            .index
            .saturating_mul(TILE_WIDTH)
            .saturating_add(u64::from(tile.width));
        end > complete(old_size, tile.level)
    });
    tiles
}

/// Hashes of tiles, as far as they were fetched.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    hashes: HashMap<(u8, u64), Vec<Digest32>>,
}

impl Tiles {
    /// Adds a tile, instead of one with less in it.
    pub fn add(&mut self, level: u8, index: u64, hashes: Vec<Digest32>) {
        let known = self.hashes.entry((level, index)).or_default();
        if hashes.len() > known.len() {
            *known = hashes;
        }
    }

    /// Hashes of a tile.
    pub fn get(&self, level: u8, index: u64) -> Option<&[Digest32]> {
        self.hashes.get(&(level, index)).map(Vec::as_slice)
    }

    /// Which tiles the roots of `ranges` are made from, in the tree of `size` entries. Each range is a subtree of it, as
    /// [`super::inclusion_ranges`] and [`super::consistency_ranges`] name them.
    pub fn needed(size: u64, ranges: &[Range<u64>]) -> Vec<Tile> {
        let mut tiles = Vec::new();
        for range in ranges {
            visit(range, &mut |level, index, _| {
                let hashes = complete(size, level).saturating_sub(index.saturating_mul(TILE_WIDTH));
                let width = u16::try_from(hashes.min(TILE_WIDTH)).unwrap_or(256);
                tiles.push(Tile { level, index, width });
                Some([0; 32])
            });
        }
        tiles.sort_unstable();
        tiles.dedup();
        tiles
    }

    /// Root over the entries of `range`, a subtree of some tree; `None` where a tile is missing.
    pub fn root(&self, range: &Range<u64>) -> Option<Digest32> {
        if range.is_empty() {
            return Some(super::empty_root());
        }
        visit(range, &mut |level, index, part| {
            let hashes = self.get(level, index)?.get(part)?;
            Some(root(hashes))
        })
    }

    /// Roots over each of `ranges`: a proof.
    pub fn roots(&self, ranges: &[Range<u64>]) -> Option<Vec<Digest32>> {
        ranges.iter().map(|range| self.root(range)).collect()
    }
}

/// Root over `range` from its perfect subtrees, each of which is part of one tile.
fn visit(
    range: &Range<u64>,
    hash: &mut impl FnMut(u8, u64, Range<usize>) -> Option<Digest32>,
) -> Option<Digest32> {
    let leaves = range.end.checked_sub(range.start).filter(|leaves| *leaves > 0)?;
    if leaves.is_power_of_two() {
        let height = leaves.trailing_zeros();
        let level = u8::try_from(height / HEIGHT).ok()?;
        let below = u32::from(level).saturating_mul(HEIGHT);
        let first = range.start.checked_shr(below)?;
        let start = usize::try_from(first % TILE_WIDTH).ok()?;
        let count = 1_usize.checked_shl(height.checked_sub(below)?)?;
        return hash(level, first / TILE_WIDTH, start..start.checked_add(count)?);
    }
    let middle = split(range)?;
    let left = visit(&(range.start..middle), hash)?;
    let right = visit(&(middle..range.end), hash)?;
    Some(node_hash(&left, &right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{
        consistency_proof, consistency_ranges, inclusion_proof, inclusion_ranges, leaf_hash,
    };

    fn leaves(count: u64) -> Vec<Digest32> {
        (0..count).map(|n| leaf_hash(n.to_string().as_bytes())).collect()
    }

    /// The tiles of a tree, by definition.
    fn tiles(leaves: &[Digest32]) -> Tiles {
        let mut tiles = Tiles::default();
        for tile in tiles_of(leaves.len() as u64) {
            let span = 256_usize.pow(u32::from(tile.level));
            let first = usize::try_from(tile.index * TILE_WIDTH).unwrap();
            let hashes =
                (first..first + usize::from(tile.width)).map(|n| root(&leaves[n * span..(n + 1) * span]));
            tiles.add(tile.level, tile.index, hashes.collect());
        }
        tiles
    }

    #[test]
    fn paths_are_those_of_the_standard() {
        for (level, index, width, path) in [
            (0, 0, 256, "0/000"),
            (0, 1_234_067, 256, "0/x001/x234/067"),
            (1, 1000, 256, "1/x001/000"),
            (7, 999, 112, "7/999.p/112"),
        ] {
            let tile = Tile { level, index, width };
            assert_eq!(tile.path(), path);
            assert_eq!(Tile::parse(path), Some(tile));
        }
        for path in [
            "",
            "0",
            "0/",
            "0/0",
            "0/0000",
            "0/x000/001",
            "0/001/002",
            "00/001",
            "8/001",
            "0/001.p/0",
            "0/001.p/256",
            "0/001.p/01",
            "0/x001",
            "0/+01",
            "-1/001",
            "0/x018/x446/x744/x073/x709/x551/616",
        ] {
            assert_eq!(Tile::parse(path), None, "{path}");
        }
    }

    /// The example of the standard: a tree of 70,000 entries.
    #[test]
    fn a_tree_has_the_tiles_of_the_standard() {
        let tiles = tiles_of(70_000);
        let of = |level, full| {
            let found = tiles
                .iter()
                .filter(|tile| tile.level == level && (tile.width == 256) == full);
            found.map(|tile| (tile.index, tile.width)).collect::<Vec<_>>()
        };
        assert_eq!(of(0, true).len(), 273);
        assert_eq!(of(0, false), [(273, 112)]);
        assert_eq!((of(1, true), of(1, false)), (vec![(0, 256)], vec![(1, 17)]));
        assert_eq!((of(2, true), of(2, false)), (vec![], vec![(0, 1)]));
        assert_eq!(tiles.len(), 277);
        let one = |level, width| Tile {
            level,
            index: 0,
            width,
        };
        assert_eq!(tiles_of(256), [one(0, 256), one(1, 1)]);
        assert_eq!(tiles_of(0), []);
        // The largest tree there can be has its tiles at all levels.
        assert_eq!(complete(u64::MAX, MAX_LEVEL), 255);
    }

    #[test]
    fn a_growing_tree_replaces_what_was_not_full_and_keeps_what_was() {
        for (old, new) in [
            (0, 1),
            (1, 2),
            (255, 256),
            (256, 257),
            (200, 70_000),
            (65_535, 65_537),
            (7, 7),
        ] {
            let had = tiles_of(old);
            let expected: Vec<_> = tiles_of(new)
                .into_iter()
                .filter(|tile| !had.contains(tile))
                .collect();
            assert_eq!(new_tiles(old, new), expected, "{old} to {new}");
        }
    }

    #[test]
    fn proofs_from_tiles_are_those_from_leaves() {
        let leaves = leaves(600);
        for size in [1, 2, 255, 256, 257, 511, 512, 513, 600] {
            let tree = &leaves[..usize::try_from(size).unwrap()];
            let tiles = tiles(tree);
            assert_eq!(tiles.root(&(0..size)), Some(root(tree)));
            for index in (0..size).step_by(37).chain([size - 1]) {
                let ranges = inclusion_ranges(index, size).unwrap();
                assert_eq!(
                    tiles.roots(&ranges),
                    inclusion_proof(tree, index),
                    "{index} of {size}"
                );
            }
            for old in (0..=size).step_by(41) {
                let ranges = consistency_ranges(old, size).unwrap();
                assert_eq!(
                    tiles.roots(&ranges),
                    consistency_proof(tree, old),
                    "{old} to {size}"
                );
            }
        }
    }

    #[test]
    fn the_tiles_that_are_needed_are_enough_and_few() {
        let leaves = leaves(70_000);
        let all = tiles(&leaves);
        let size = leaves.len() as u64;
        let ranges = inclusion_ranges(12_345, size).unwrap();
        let needed = Tiles::needed(size, &ranges);
        assert!(needed.len() <= 6, "{needed:?}");
        let mut some = Tiles::default();
        for tile in &needed {
            assert!(tiles_of(size).contains(tile), "{tile:?}");
            some.add(
                tile.level,
                tile.index,
                all.get(tile.level, tile.index).unwrap().to_vec(),
            );
        }
        assert_eq!(some.roots(&ranges), inclusion_proof(&leaves, 12_345));
        assert_eq!(Tiles::default().roots(&ranges), None);
    }
}
