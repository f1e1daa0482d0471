//! Pages of listings: `limit` of 1 to 500, opaque cursors.

use caracal_service::Refusal;
use caracal_storage::{PageKey, PageRequest};
use caracal_wire::{ErrorCode, Listing, PageQuery};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;

/// Reads the page a query asks for.
pub(crate) fn request(query: &PageQuery) -> Result<PageRequest, Refusal> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidQuery,
            "limit",
            "a whole number from 1 to 500",
        ));
    }
    let after = query
        .cursor
        .as_deref()
        .map(PageKey::from_cursor)
        .transpose()
        .map_err(|error| Refusal::of(ErrorCode::InvalidCursor).describe(error.to_string()))?;
    Ok(PageRequest { limit, after })
}

/// The page as sent.
pub(crate) fn listing<T>(items: Vec<T>, next: Option<&PageKey>) -> Listing<T> {
    Listing {
        items,
        next_cursor: next.map(PageKey::to_cursor),
    }
}
