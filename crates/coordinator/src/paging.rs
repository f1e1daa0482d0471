//! Pages of listings.

use caracal_storage::PageKey;
use caracal_wire::Listing;

/// The page as sent.
pub(crate) fn listing<T>(items: Vec<T>, next: Option<&PageKey>) -> Listing<T> {
    Listing {
        items,
        next_cursor: next.map(PageKey::to_cursor),
        total: None,
    }
}
