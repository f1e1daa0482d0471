//! Merkle tree hashing of the ledger (RFC 6962 §2.1), for checkpoints and offline proofs.
//!
//! [`Frontier`] appends in logarithmic space and gives the root at every size. Proofs are made from leaf hashes
//! and checked against roots alone (RFC 9162 §2.1.3 and §2.1.4).

use caracal_crypto::{Digest32, sha256, sha256_parts};

pub use self::{
    proof::{
        consistency_proof, consistency_ranges, inclusion_proof, inclusion_ranges, root, verify_consistency,
        verify_inclusion,
    },
    tile::{MAX_LEVEL, TILE_WIDTH, Tile, Tiles, new_tiles, tiles_of},
};

mod proof;
mod tile;

/// Hash of a leaf holding `entry`. The prefix keeps leaves and nodes apart, or a node could pose as an entry.
pub fn leaf_hash(entry: &[u8]) -> Digest32 {
    sha256_parts(&[&[0], entry])
}

/// Hash of an inner node.
pub fn node_hash(left: &Digest32, right: &Digest32) -> Digest32 {
    sha256_parts(&[&[1], left, right])
}

/// Root of the tree without entries.
pub fn empty_root() -> Digest32 {
    sha256(b"")
}

/// The right edge of a growing tree: all that is needed to append and to know the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of the perfect subtrees, from left (largest) to right; one per set bit of `size`.
    peaks: Vec<Digest32>,
}

/// The stored parts do not belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tree of this size has another number of peaks")]
pub struct InvalidFrontier;

impl Frontier {
    /// Restores a frontier from what [`Self::size`] and [`Self::peaks`] gave.
    ///
    /// # Errors
    /// [`InvalidFrontier`] when the number of peaks does not match `size`.
    pub fn from_parts(size: u64, peaks: Vec<Digest32>) -> Result<Self, InvalidFrontier> {
        if u32::try_from(peaks.len()) == Ok(size.count_ones()) {
            Ok(Self { size, peaks })
        } else {
            Err(InvalidFrontier)
        }
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, from left to right. At most 64.
    pub fn peaks(&self) -> &[Digest32] {
        &self.peaks
    }

    /// Appends an entry by its [`leaf_hash`].
    pub fn append(&mut self, leaf: Digest32) {
        let mut node = leaf;
        let mut carried = self.size;
        while carried & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            carried >>= 1;
        }
        self.peaks.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// Root of the tree.
    pub fn root(&self) -> Digest32 {
        self.peaks
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: usize) -> Vec<Digest32> {
        (0..count).map(|n| leaf_hash(n.to_string().as_bytes())).collect()
    }

    fn frontier(leaves: &[Digest32]) -> Frontier {
        let mut frontier = Frontier::default();
        for leaf in leaves {
            frontier.append(*leaf);
        }
        frontier
    }

    /// The tree of eight entries that Certificate Transparency implementations test with.
    #[test]
    fn known_trees_have_their_known_roots() {
        let entries = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let hashes: Vec<_> = entries
            .iter()
            .map(|entry| leaf_hash(&hex::decode(entry).unwrap()))
            .collect();
        for (size, root) in [
            (
                0,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                1,
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            ),
            (
                2,
                "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            ),
            (
                3,
                "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            ),
            (
                4,
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ),
            (
                5,
                "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            ),
            (
                6,
                "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            ),
            (
                7,
                "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            ),
            (
                8,
                "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
            ),
        ] {
            assert_eq!(hex::encode(frontier(&hashes[..size]).root()), root, "{size}");
        }
    }

    #[test]
    fn the_frontier_agrees_with_the_definition_and_survives_storage() {
        let leaves = leaves(130);
        let mut grown = Frontier::default();
        for size in 0..=leaves.len() {
            assert_eq!(grown.root(), root(&leaves[..size]), "{size}");
            let stored = Frontier::from_parts(grown.size(), grown.peaks().to_vec()).unwrap();
            assert_eq!(stored, grown);
            if let Some(leaf) = leaves.get(size) {
                grown.append(*leaf);
            }
        }
        assert_eq!(Frontier::from_parts(3, vec![[0; 32]]), Err(InvalidFrontier));
        assert_eq!(Frontier::from_parts(0, vec![[0; 32]]), Err(InvalidFrontier));
    }
}
