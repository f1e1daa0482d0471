//! Listings, as most of them are answered.

use caracal_service::front::Answer;
use caracal_storage::{Page, PageKey, Registered};
use caracal_wire::{Listing, control::ListObjects};

/// One page of what storage read.
pub(crate) fn listing<T: From<S>, S>(page: Page<S>) -> Answer<Listing<T>> {
    Answer(rows(
        page.items.into_iter().map(T::from).collect(),
        page.next.as_ref(),
    ))
}

/// One page of rows that took more than a conversion.
pub(crate) fn rows<T>(items: Vec<T>, next: Option<&PageKey>) -> Listing<T> {
    Listing {
        items,
        next_cursor: next.map(PageKey::to_cursor),
    }
}

/// Which objects a listing asks for.
pub(crate) fn registered(query: ListObjects) -> Registered {
    Registered {
        archived: query.archived(),
        search: query.search.map(|text| text.0),
    }
}
