//! Requests that may have happened before.

use caracal_storage::IdempotencyReceipt;

/// What a request makes, or what an earlier one with its key made.
pub(crate) enum Begun<T> {
    /// Then, as long as it is `live`.
    Before { receipt: IdempotencyReceipt, live: bool },
    /// Now.
    Now(T),
}
