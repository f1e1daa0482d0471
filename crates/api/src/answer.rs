//! Listings, as most of them are answered.

use caracal_service::front::Answer;
use caracal_storage::{Page, PageKey, Registered, Total};
use caracal_wire::{ListTotal, Listing, control::ListObjects};

/// One page of what storage read.
pub(crate) fn listing<T: From<S>, S>(page: Page<S>) -> Answer<Listing<T>> {
    let items = page.items.into_iter().map(T::from).collect();
    Answer(counted(rows(items, page.next.as_ref()), page.total))
}

/// One page of rows that took more than a conversion.
pub(crate) fn rows<T>(items: Vec<T>, next: Option<&PageKey>) -> Listing<T> {
    Listing {
        items,
        next_cursor: next.map(PageKey::to_cursor),
        total: None,
    }
}

/// The listing with how many there are, if they were counted.
pub(crate) fn counted<T>(listing: Listing<T>, total: Option<Total>) -> Listing<T> {
    let total = total.map(|Total { count, exact }| ListTotal { count, exact });
    Listing { total, ..listing }
}

/// Which objects a listing asks for.
pub(crate) fn registered(query: ListObjects) -> Registered {
    Registered {
        archived: query.archived(),
        search: query.search.map(|text| text.0),
    }
}
