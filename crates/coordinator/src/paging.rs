//! Pages of listings: `limit` of 1 to 500, opaque cursors.

use caracal_service::Refusal;
use caracal_storage::{PageKey, PageRequest};
use caracal_wire::ErrorCode;
use serde_json::{Value, json};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 500;

/// Reads the page a query asks for.
pub(crate) fn request(limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Refusal> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidQuery,
            "limit",
            "a whole number from 1 to 500",
        ));
    }
    let after = cursor
        .map(PageKey::from_cursor)
        .transpose()
        .map_err(|error| Refusal::of(ErrorCode::InvalidCursor).describe(error.to_string()))?;
    Ok(PageRequest { limit, after })
}

/// The page as sent.
pub(crate) fn body(items: &[Value], next: Option<&PageKey>) -> Value {
    json!({ "items": items, "next_cursor": next.map(PageKey::to_cursor) })
}

/// The query parameters of a plain listing.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct PageQuery {
    pub(crate) limit: Option<u32>,
    pub(crate) cursor: Option<String>,
}

impl PageQuery {
    pub(crate) fn request(&self) -> Result<PageRequest, Refusal> {
        request(self.limit, self.cursor.as_deref())
    }
}
