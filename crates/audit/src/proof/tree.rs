//! Proofs from the tiles of a log.

use std::ops::Range;

use caracal_crypto::Digest32;
use caracal_ledger::merkle::{Frontier, Tiles};
use caracal_storage::{Error, Log};

/// Roots over `ranges`, subtrees of the tree of the first `size` entries; `None` where the log has fewer.
pub(crate) async fn roots(
    log: &mut dyn Log,
    size: u64,
    ranges: &[Range<u64>],
) -> Result<Option<Vec<Digest32>>, Error> {
    let mut tiles = Tiles::default();
    for tile in Tiles::needed(size, ranges) {
        let Some(hashes) = log.tile(&tile).await? else {
            return Ok(None);
        };
        tiles.add(tile.level, tile.index, hashes);
    }
    Ok(tiles.roots(ranges))
}

/// Whether the tiles of a log still make `tree` of its first entries.
pub(crate) async fn begins_with(log: &mut dyn Log, tree: &Frontier) -> Result<bool, Error> {
    let whole = 0..tree.size();
    let found = roots(log, tree.size(), std::slice::from_ref(&whole)).await?;
    Ok(whole.is_empty() || found == Some(vec![tree.root()]))
}
