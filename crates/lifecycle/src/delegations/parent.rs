//! What a new delegation narrows: the one the caller names, or nothing.

use caracal_authz::narrow::Authority;
use caracal_core::{DelegationId, SessionId, Timestamp, entity::Delegation};
use caracal_storage::{Error as StorageError, ZoneWork};
use caracal_wire::ErrorCode;

use super::{ResourceLookup, lineage, new_delegation::NewDelegation};
use crate::{Denial, Error};

/// The delegation that a new one narrows, with what its whole lineage allows.
pub(super) struct Parent {
    pub(super) delegation: Delegation,
    pub(super) authority: Authority,
}

/// The parent that the request names; `None` for a root.
///
/// A session cannot keep others from handing it something, so what it holds says nothing about what it hands on:
/// only what it names does. A root stands on the authority of the application that runs the session, as every root
/// does.
pub(super) async fn of(
    work: &mut dyn ZoneWork,
    resources: ResourceLookup<'_>,
    asked: &NewDelegation,
    now: Timestamp,
) -> Result<Option<Parent>, Error> {
    let Some(named) = &asked.parent_edge_id else {
        return Ok(None);
    };
    let delegation = held(work, &asked.source_session_id, named, now)
        .await?
        .ok_or_else(not_active)?;
    let authority = lineage::authority(work, resources, named, now).await?;
    let above = lineage::of(work, named).await?;
    let target = &asked.target_session_id;
    if above.iter().any(|edge| edge.source_session_id == *target) {
        let why = "the target handed this authority on itself";
        return Err(Denial::of(ErrorCode::DelegationCycleDenied).describe(why).into());
    }
    Ok(Some(Parent {
        delegation,
        authority,
    }))
}

async fn held(
    work: &mut dyn ZoneWork,
    holder: &SessionId,
    id: &DelegationId,
    now: Timestamp,
) -> Result<Option<Delegation>, StorageError> {
    let delegation = work.delegations().get(id).await?;
    Ok(delegation.filter(|delegation| delegation.target_session_id == *holder && delegation.is_live(now)))
}

fn not_active() -> Denial {
    Denial::of(ErrorCode::ParentDelegationNotActive)
        .describe("the source session does not hold that delegation, or it has ended")
}
