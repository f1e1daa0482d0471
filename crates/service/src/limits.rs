//! What a caller is told past a limit.

use caracal_wire::{ErrorCode, coordinator::LimitDetails};

use crate::Refusal;

/// 429 with `code`, the limit, and after how many seconds to try again.
pub fn too_many(code: ErrorCode, limit: u64, retry_after: u32) -> Refusal {
    Refusal::of(code)
        .with_details(&LimitDetails { limit })
        .retry_after(retry_after)
}
