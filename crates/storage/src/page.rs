//! Keyset pages: newest first, with keys of full precision, so that no row is skipped or repeated.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{Timestamp, text::TextRule};
use serde::{Deserialize, Serialize};

/// Bytes of stored columns past which a page of a listing ends, whatever its limit: what one caller's listing may keep a core
/// and the store's connection busy with at a time.
pub const PAGE_BYTES: usize = 512 * 1024;

/// Position of a row in `(at DESC, id DESC)` order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageKey {
    /// Microseconds since the epoch of the sort column.
    #[serde(rename = "ts")]
    pub at_micros: i64,
    /// Row id.
    pub id: String,
}

/// The cursor is not one we made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this listing")]
pub struct InvalidCursor;

impl PageKey {
    /// Key of the row `(at, id)`.
    pub fn new(at: Timestamp, id: impl Into<String>) -> Self {
        Self {
            at_micros: at.as_micros(),
            id: id.into(),
        }
    }

    /// The opaque cursor clients pass back.
    pub fn to_cursor(&self) -> String {
        // Two plain fields cannot fail to serialise.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a cursor.
    ///
    /// # Errors
    /// [`InvalidCursor`] when it was not made by [`PageKey::to_cursor`].
    pub fn from_cursor(cursor: &str) -> Result<Self, InvalidCursor> {
        if cursor.len() > 512 {
            return Err(InvalidCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
        let key: Self = serde_json::from_slice(&bytes).map_err(|_| InvalidCursor)?;
        // Whatever we made it of is one line; anything else would reach the store as a value.
        TextRule::line(512).check(&key.id).map_err(|_| InvalidCursor)?;
        Ok(key)
    }
}

/// Which page to read.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// Most rows to return, at least 1.
    pub limit: u32,
    /// Rows strictly after this key; absent for the first page.
    pub after: Option<PageKey>,
}

impl PageRequest {
    /// The first `limit` rows.
    pub const fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }
}

/// One page of rows.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, newest first.
    pub items: Vec<T>,
    /// Key of the last row when more rows follow; absent on the last page.
    pub next: Option<PageKey>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_keep_microseconds_and_refuse_noise() {
        let key = PageKey::new(Timestamp::from_micros(1_779_364_800_123_456), "id-1");
        assert_eq!(PageKey::from_cursor(&key.to_cursor()), Ok(key));
        let nul = PageKey::new(Timestamp::from_micros(1), "a\0b").to_cursor();
        for noise in ["", "%%%", "e30", "bm90IGpzb24", &nul] {
            assert_eq!(PageKey::from_cursor(noise), Err(InvalidCursor), "{noise}");
        }
    }
}
