//! Requests that may have happened before.

use caracal_storage::IdempotencyReceipt;

/// What a request makes, or what an earlier one with its key made.
pub(crate) enum Idempotent<T> {
    /// Earlier, as long as it is `live`.
    Repeated { receipt: IdempotencyReceipt, live: bool },
    /// Now.
    Fresh(T),
}
