//! Keyset pages: newest first unless asked otherwise, with keys of full precision, so that no row is skipped or repeated.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{Timestamp, text::TextRule};
use serde::{Deserialize, Serialize};

/// Bytes of stored columns past which a page of a listing ends, whatever its limit: what one caller's listing may keep a core
/// and the store's connection busy with at a time.
pub const PAGE_BYTES: usize = 512 * 1024;

/// Up to how many rows a listing is counted, so that a count costs no more than a few pages.
pub const MOST_COUNTED: u64 = 10_000;

/// The order of a listing. Ids tell apart what is equal otherwise, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By time, newest first.
    #[default]
    Newest,
    /// By time, oldest first.
    Oldest,
    /// By name, by its bytes.
    Name,
    /// By name, backwards.
    NameBackwards,
}

impl Order {
    /// Whether it goes by the name.
    pub const fn by_name(self) -> bool {
        matches!(self, Self::Name | Self::NameBackwards)
    }
}

/// Position of a row in the order of its listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageKey {
    /// Microseconds since the epoch of the sort column.
    #[serde(rename = "ts")]
    pub at_micros: i64,
    /// Row id.
    pub id: String,
    /// The name, in a listing by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Most characters of a cursor: one may carry a name.
const MAX_CURSOR: usize = 4096;

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
            name: None,
        }
    }

    /// Key of the row in a listing by name.
    #[must_use]
    pub fn named(self, name: String) -> Self {
        Self {
            name: Some(name),
            ..self
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
        if cursor.len() > MAX_CURSOR {
            return Err(InvalidCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
        let key: Self = serde_json::from_slice(&bytes).map_err(|_| InvalidCursor)?;
        // Whatever we made it of is one line; anything else would reach the store as a value.
        for text in std::iter::once(&key.id).chain(&key.name) {
            TextRule::line(MAX_CURSOR)
                .check(text)
                .map_err(|_| InvalidCursor)?;
        }
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
    /// In which order. Listings whose rows have no name go by time alone.
    pub order: Order,
    /// Whether to count all that is listed, on whichever page.
    pub count: bool,
    /// A part of what identifies a row to people, taken literally, whatever the case of ASCII letters.
    pub search: Option<String>,
}

impl PageRequest {
    /// The first `limit` rows.
    pub const fn first(limit: u32) -> Self {
        Self {
            limit,
            after: None,
            order: Order::Newest,
            count: false,
            search: None,
        }
    }
}

/// One page of rows.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, in the order asked for.
    pub items: Vec<T>,
    /// Key of the last row when more rows follow; absent on the last page.
    pub next: Option<PageKey>,
    /// How many rows there are on all pages, where that was asked for.
    pub total: Option<Total>,
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// At most [`MOST_COUNTED`], and fewer where it costs too much to look at all of them.
    pub count: u64,
    /// Whether there are no more.
    pub exact: bool,
}

impl<T> Page<T> {
    /// A page of what was not counted.
    pub const fn new(items: Vec<T>, next: Option<PageKey>) -> Self {
        Self {
            items,
            next,
            total: None,
        }
    }

    /// The same page of what `map` makes of each row.
    pub fn map<U>(self, map: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(map).collect(),
            next: self.next,
            total: self.total,
        }
    }

    /// As [`Page::map`], of rows that may be unreadable.
    ///
    /// # Errors
    /// The first that `map` gives.
    pub fn try_map<U, E>(self, map: impl FnMut(T) -> Result<U, E>) -> Result<Page<U>, E> {
        Ok(Page {
            items: self.items.into_iter().map(map).collect::<Result<_, E>>()?,
            next: self.next,
            total: self.total,
        })
    }
}

impl Total {
    /// Of `found` rows, with more where not `all` were looked at.
    pub fn of(found: u64, all: bool) -> Self {
        Self {
            count: found.min(MOST_COUNTED),
            exact: all && found <= MOST_COUNTED,
        }
    }
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
