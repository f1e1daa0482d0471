//! How far the verification of a whole log was when it was interrupted.

use caracal_crypto::Digest32;
use caracal_ledger::merkle::{Frontier, TILE_WIDTH};
use serde::{Deserialize, Serialize};

/// Up to here everything holds, and what it takes to go on. Whoever can write it decides what is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walked {
    entries: u64,
    /// Roots of the perfect subtrees, end to end in hex.
    peaks: String,
    /// Hashes of the tile of each level that is not full, end to end in hex.
    tiles: Vec<String>,
    secret: String,
    findable: Vec<(u64, u64, u64)>,
    prune: Option<i64>,
    kept: Option<(i64, String)>,
}

/// What there is of it to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WalkParts {
    /// The tree so far.
    pub(crate) tree: Frontier,
    /// Hashes of the tile of each level that is not full.
    pub(crate) tiles: Vec<Vec<Digest32>>,
    /// What postings are hashed with.
    pub(crate) secret: [u8; 16],
    /// By their first entries: under how much blocks must be found, and the sum of its hashes.
    pub(crate) findable: Vec<(u64, u64, u64)>,
    /// Number of the prune checkpoint that counted.
    pub(crate) prune: Option<i64>,
    /// The end that was kept elsewhere.
    pub(crate) kept: Option<(i64, String)>,
}

fn hashes(text: &str) -> Option<Vec<Digest32>> {
    let bytes = hex::decode(text).ok()?;
    let (hashes, []) = bytes.as_chunks() else {
        return None;
    };
    Some(hashes.to_vec())
}

impl From<WalkParts> for Walked {
    fn from(parts: WalkParts) -> Self {
        Self {
            entries: parts.tree.size(),
            peaks: hex::encode(parts.tree.peaks().concat()),
            tiles: parts
                .tiles
                .iter()
                .map(|tile| hex::encode(tile.concat()))
                .collect(),
            secret: hex::encode(parts.secret),
            findable: parts.findable,
            prune: parts.prune,
            kept: parts.kept,
        }
    }
}

impl Walked {
    /// The parts; `None` where they do not belong together.
    pub(crate) fn parts(&self) -> Option<WalkParts> {
        let tree = Frontier::from_parts(self.entries, hashes(&self.peaks)?).ok()?;
        let tiles = self.tiles.iter().map(|tile| hashes(tile));
        let tiles: Vec<_> = tiles.collect::<Option<_>>()?;
        let mut size = tree.size();
        for tile in &tiles {
            if tile.len() as u64 != size % TILE_WIDTH {
                return None;
            }
            size /= TILE_WIDTH;
        }
        let mut secret = [0; 16];
        hex::decode_to_slice(&self.secret, &mut secret).ok()?;
        (size == 0).then(|| WalkParts {
            tree,
            tiles,
            secret,
            findable: self.findable.clone(),
            prune: self.prune,
            kept: self.kept.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_belong_together_is_nothing_to_go_on_with() {
        let mut tree = Frontier::default();
        let leaf = |n: u16| {
            let mut leaf = [0; 32];
            leaf[..2].copy_from_slice(&n.to_be_bytes());
            leaf
        };
        (0..300).for_each(|n| tree.append(leaf(n)));
        let good = WalkParts {
            tree,
            tiles: vec![(256..300).map(leaf).collect(), vec![[7; 32]]],
            secret: [3; 16],
            findable: vec![(0, 9, u64::MAX)],
            prune: Some(2),
            kept: Some((100, String::from("00"))),
        };
        let walked = Walked::from(good.clone());
        let text = serde_json::to_string(&walked).unwrap();
        let read: Walked = serde_json::from_str(&text).unwrap();
        assert_eq!(read.parts(), Some(good));
        let changes: [fn(&mut Walked); 6] = [
            |walked| walked.entries += 1,
            |walked| walked.peaks.truncate(64),
            |walked| walked.tiles.truncate(1),
            |walked| walked.tiles[0].truncate(64),
            |walked| walked.tiles[1].push('0'),
            |walked| walked.secret.push('0'),
        ];
        for change in changes {
            let mut other = walked.clone();
            change(&mut other);
            assert_eq!(other.parts(), None, "{other:?}");
        }
    }
}
