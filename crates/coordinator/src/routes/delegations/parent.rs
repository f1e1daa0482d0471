//! What the source of a delegation holds itself.

use caracal_authz::narrow::Authority;
use caracal_core::{Timestamp, entity::Delegation};
use caracal_service::{Refusal, zones::ZoneState};
use caracal_storage::ZoneWork;
use http::StatusCode;

use super::{forbidden, request::Asked};
use crate::lineage;

/// The delegation that a new one narrows, with what its whole lineage allows.
pub(super) struct Parent {
    pub(super) delegation: Delegation,
    pub(super) authority: Authority,
    /// Every live delegation the source holds.
    pub(super) considered: Vec<Delegation>,
}

/// The parent of the delegation asked for; `None` for a root, whose source never received anything.
///
/// A source that received authority and lost it does not become a source of its own: it would hand on more than
/// it had.
pub(super) async fn of(
    work: &mut dyn ZoneWork,
    zone: &ZoneState,
    asked: &Asked,
    now: Timestamp,
) -> Result<Option<Parent>, Refusal> {
    let mut inbound = work.delegations().inbound(&asked.source_session_id).await?;
    let received = !inbound.is_empty();
    inbound.retain(|delegation| delegation.is_live(now));
    let chosen = match (&asked.parent_edge_id, inbound.as_slice()) {
        (Some(named), live) => live
            .iter()
            .find(|delegation| delegation.id == *named)
            .ok_or_else(not_active)?,
        (None, []) if received => return Err(not_active()),
        (None, []) => return Ok(None),
        (None, [one]) => one,
        (None, _) => {
            return Err(Refusal::new(StatusCode::CONFLICT, "parent_delegation_ambiguous")
                .describe("the source holds several delegations; name one with parent_edge_id"));
        }
    };
    let authority = lineage::authority(work, zone, &chosen.id, now).await?;
    Ok(Some(Parent {
        delegation: chosen.clone(),
        authority,
        considered: inbound,
    }))
}

fn not_active() -> Refusal {
    forbidden("parent_delegation_not_active")
        .describe("the source session does not hold that delegation, or it has ended")
}
