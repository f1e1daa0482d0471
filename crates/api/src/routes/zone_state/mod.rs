//! `/v1/zones/{zoneId}/state`: a whole zone as one document.
//!
//! What is stored and what a document declares are brought into one form (`export`, `desired`), keyed by the names that
//! people use, and compared (`compare`, `planning`). So what is told as the zone's state is, applied to it again, no change. A plan is
//! made without a lock, since policies take long to read, and carried out (`carry_out`) in one transaction that looks first
//! whether the zone is still what the plan was made against. What writes each object is what its own route writes it with.

mod carry_out;
mod compare;
mod desired;
mod export;
pub(super) mod get;
mod live;
mod names;
mod plan;
mod planning;
mod policies;
mod problems;
pub(super) mod put;
mod secrets;
mod whole;

use caracal_service::{Refusal, turns::Turn};
use caracal_wire::ErrorCode;

use crate::call::ZoneCall;

/// Largest document, in bytes.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Most objects of a zone that is told as a document.
const MAX_OBJECTS: usize = 5_000;
/// Most sources of policies that one document brings anew: each is read, and reading takes time.
const MAX_NEW_SOURCES: usize = 256;
/// Whose a document is that does not say.
const DEFAULT_MANAGER: &str = "default";

/// What is refused besides a wrong document.
pub(super) const REFUSES: [ErrorCode; 2] = [ErrorCode::ZoneNotFound, ErrorCode::ZoneStateInexpressible];

/// The turn of whoever reads a zone whole. Nothing is read, and no connection is held, before it comes.
async fn turn(call: &ZoneCall) -> Result<Turn, Refusal> {
    let share = format!("{} {}", call.share(), call.zone);
    let turn = call.role.policy_work.whole_zones.take(&share).await;
    turn.map_err(|_| {
        Refusal::of(ErrorCode::RateLimited)
            .describe("too many documents of zones are asked for at once; try again")
            .retry_after(1)
    })
}

/// 409 for a zone that no document can tell.
fn inexpressible(why: impl Into<String>) -> Refusal {
    Refusal::of(ErrorCode::ZoneStateInexpressible).describe(why.into())
}
