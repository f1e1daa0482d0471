//! Listings, as most of them are answered.

use caracal_service::front::Answer;
use caracal_storage::{Page, PageKey, Registered};
use caracal_wire::{ListTotal, Listing, control::ListObjects};

/// One page of what storage read, as it is told.
pub(crate) fn listing<T: From<S>, S>(page: Page<S>) -> Answer<Listing<T>> {
    listed(page, T::from)
}

/// As [`listing`], of rows that take more than a conversion.
pub(crate) fn listed<T, S>(page: Page<S>, item: impl FnMut(S) -> T) -> Answer<Listing<T>> {
    Answer(rows(page.map(item)))
}

/// One page of rows as they are told.
pub(crate) fn rows<T>(page: Page<T>) -> Listing<T> {
    Listing {
        items: page.items,
        next_cursor: page.next.as_ref().map(PageKey::to_cursor),
        total: page.total.map(|total| ListTotal {
            count: total.count,
            exact: total.exact,
        }),
    }
}

/// Which objects a listing asks for.
pub(crate) fn registered(query: &ListObjects) -> Registered {
    Registered {
        archived: query.archived(),
        ..Registered::LIVE
    }
}
