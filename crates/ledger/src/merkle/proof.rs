//! Proofs that an entry is in a tree, and that one tree is the beginning of another.

use std::ops::Range;

use caracal_crypto::Digest32;

use super::{empty_root, node_hash};

/// Root of the tree over `leaves`, by definition (RFC 6962 §2.1).
pub fn root(leaves: &[Digest32]) -> Digest32 {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().div_ceil(2).next_power_of_two());
            node_hash(&root(left), &root(right))
        }
    }
}

/// Proof that the entry at `index` is in the tree over `leaves`; `None` when it is not.
pub fn inclusion_proof(leaves: &[Digest32], index: u64) -> Option<Vec<Digest32>> {
    roots(leaves, inclusion_ranges(index, leaves.len() as u64)?)
}

/// The parts of a tree of `size` entries whose roots prove that the entry at `index` is in it, in the order of the proof;
/// `None` when it is not.
pub fn inclusion_ranges(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    let mut subtree = Some(0..size).filter(|all| all.contains(&index))?;
    let mut ranges = Vec::new();
    while let Some(middle) = split(&subtree) {
        if index >= middle {
            ranges.push(subtree.start..middle);
            subtree.start = middle;
        } else {
            ranges.push(middle..subtree.end);
            subtree.end = middle;
        }
    }
    ranges.reverse();
    Some(ranges)
}

/// Whether `proof` shows that `leaf` is the entry at `index` of the tree of `size` entries with `root`.
pub fn verify_inclusion(leaf: &Digest32, index: u64, size: u64, proof: &[Digest32], root: &Digest32) -> bool {
    let Some(mut last) = size.checked_sub(1).filter(|last| index <= *last) else {
        return false;
    };
    let (mut node, mut hash) = (index, *leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Proof that the tree over the first `old_size` leaves is the beginning of the tree over `leaves`; `None` when
/// `old_size` is larger. Nothing needs proving from the empty tree or to the same size.
pub fn consistency_proof(leaves: &[Digest32], old_size: u64) -> Option<Vec<Digest32>> {
    roots(leaves, consistency_ranges(old_size, leaves.len() as u64)?)
}

/// The parts of a tree of `new_size` entries whose roots prove that the one of `old_size` is its beginning, in the order
/// of the proof; `None` when `old_size` is larger.
pub fn consistency_ranges(old_size: u64, new_size: u64) -> Option<Vec<Range<u64>>> {
    let mut ranges = Vec::new();
    if old_size == 0 || old_size >= new_size {
        return (old_size <= new_size).then_some(ranges);
    }
    let mut subtree = 0..new_size;
    while subtree.end > old_size {
        // A subtree that ends behind the old tree has more than one leaf.
        let middle = split(&subtree)?;
        if old_size > middle {
            ranges.push(subtree.start..middle);
            subtree.start = middle;
        } else {
            ranges.push(middle..subtree.end);
            subtree.end = middle;
        }
    }
    // While the old tree is a whole subtree on the left edge, its root is known to the verifier.
    if subtree.start > 0 {
        ranges.push(subtree);
    }
    ranges.reverse();
    Some(ranges)
}

fn roots(leaves: &[Digest32], ranges: Vec<Range<u64>>) -> Option<Vec<Digest32>> {
    let part = |range: Range<u64>| {
        let (start, end) = (
            usize::try_from(range.start).ok()?,
            usize::try_from(range.end).ok()?,
        );
        leaves.get(start..end).map(root)
    };
    ranges.into_iter().map(part).collect()
}

/// Whether `proof` shows that the tree of `new_size` entries with `new_root` begins with the one of `old_size`
/// entries with `old_root`.
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    proof: &[Digest32],
    old_root: &Digest32,
    new_root: &Digest32,
) -> bool {
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    let (Some(mut node), Some(mut last)) = (old_size.checked_sub(1), new_size.checked_sub(1)) else {
        // Every tree begins with the empty one, whose root is fixed.
        return old_size == 0 && proof.is_empty() && *old_root == empty_root();
    };
    if old_size > new_size {
        return false;
    }
    let mut rest = proof.iter();
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    // When the old tree is one perfect subtree, its root is the first node of the proof and is left out.
    let first = if old_size.is_power_of_two() {
        Some(old_root)
    } else {
        rest.next()
    };
    let Some(first) = first else { return false };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// Where a subtree of more than one leaf splits: at the largest power of two below the number of its leaves.
pub(crate) fn split(subtree: &Range<u64>) -> Option<u64> {
    let leaves = subtree
        .end
        .checked_sub(subtree.start)
        .filter(|leaves| *leaves > 1)?;
    subtree.start.checked_add(leaves.div_ceil(2).next_power_of_two())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    const MOST: usize = 40;

    fn leaves() -> Vec<Digest32> {
        (0..MOST).map(|n| leaf_hash(n.to_string().as_bytes())).collect()
    }

    /// RFC 6962 §2.1.3 names these for its tree of seven.
    #[test]
    fn the_example_of_the_standard() {
        let seven = &leaves()[..7];
        let (l, r) = (|n: usize| seven[n], root);
        assert_eq!(
            inclusion_proof(seven, 0).unwrap(),
            [l(1), r(&seven[2..4]), r(&seven[4..7])]
        );
        assert_eq!(
            inclusion_proof(seven, 3).unwrap(),
            [l(2), r(&seven[..2]), r(&seven[4..7])]
        );
        assert_eq!(inclusion_proof(seven, 4).unwrap(), [l(5), l(6), r(&seven[..4])]);
        assert_eq!(
            inclusion_proof(seven, 6).unwrap(),
            [r(&seven[4..6]), r(&seven[..4])]
        );
        assert_eq!(
            consistency_proof(seven, 3).unwrap(),
            [l(2), l(3), r(&seven[..2]), r(&seven[4..7])]
        );
        assert_eq!(consistency_proof(seven, 4).unwrap(), [r(&seven[4..7])]);
        assert_eq!(
            consistency_proof(seven, 6).unwrap(),
            [r(&seven[4..6]), l(6), r(&seven[..4])]
        );
    }

    #[test]
    fn every_entry_of_every_tree_has_a_proof_that_fits_nowhere_else() {
        let leaves = leaves();
        for size in 1..=MOST {
            let (tree, n) = (&leaves[..size], size as u64);
            let top = root(tree);
            for index in 0..n {
                let leaf = &tree[usize::try_from(index).unwrap()];
                let proof = inclusion_proof(tree, index).unwrap();
                assert!(verify_inclusion(leaf, index, n, &proof, &top), "{index} of {n}");
                for other in (0..n).filter(|other| *other != index) {
                    assert!(
                        !verify_inclusion(leaf, other, n, &proof, &top),
                        "{index} as {other} of {n}"
                    );
                }
                assert!(!verify_inclusion(&leaf_hash(b"else"), index, n, &proof, &top));
                let mut longer = proof.clone();
                longer.push([0; 32]);
                assert!(!verify_inclusion(leaf, index, n, &longer, &top));
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(!verify_inclusion(leaf, index, n, shorter, &top));
                }
            }
            assert_eq!(inclusion_proof(tree, n), None);
            assert!(!verify_inclusion(&tree[0], n, n, &[], &top));
        }
        assert!(!verify_inclusion(&leaves[0], 0, 0, &[], &empty_root()));
    }

    #[test]
    fn every_tree_is_the_beginning_of_every_larger_one_and_of_no_rewritten_one() {
        let leaves = leaves();
        let mut rewritten = leaves.clone();
        rewritten[0] = leaf_hash(b"rewritten");
        for new in 0..=MOST {
            let new_root = root(&leaves[..new]);
            for old in 0..=new {
                let (m, n, old_root) = (old as u64, new as u64, root(&leaves[..old]));
                let proof = consistency_proof(&leaves[..new], m).unwrap();
                assert!(
                    verify_consistency(m, n, &proof, &old_root, &new_root),
                    "{m} to {n}"
                );
                if old > 0 {
                    let other = root(&rewritten[..old]);
                    assert!(!verify_consistency(m, n, &proof, &other, &new_root), "{m} to {n}");
                    let forged = consistency_proof(&rewritten[..new], m).unwrap();
                    let other = root(&rewritten[..new]);
                    assert!(
                        !verify_consistency(m, n, &forged, &old_root, &other),
                        "{m} to {n}"
                    );
                }
                let mut longer = proof.clone();
                longer.push([0; 32]);
                assert!(
                    !verify_consistency(m, n, &longer, &old_root, &new_root),
                    "{m} to {n}"
                );
                assert!(old == new || !verify_consistency(n, m, &proof, &new_root, &old_root));
            }
            assert_eq!(consistency_proof(&leaves[..new], new as u64 + 1), None);
        }
    }
}
