//! What a delegation stands on, as `caracal_authz::narrow` judges it.

use std::sync::Arc;

use caracal_authz::narrow::{Authority, LineageError, NarrowingViolation};
use caracal_core::{
    DelegationId, ResourceId, SessionId, Timestamp,
    entity::{Delegation, MAX_HOPS},
};
use caracal_storage::{Error as StorageError, ZoneWork};
use caracal_wire::ErrorCode;

use super::ResourceLookup;
use crate::{Denial, Error};

/// The identifier of a resource by its row; absent when there is no such resource any more.
pub(super) fn identifier_of(resources: ResourceLookup<'_>, id: &ResourceId) -> Option<Arc<str>> {
    resources(id.as_str())
        .filter(|resource| resource.id == *id)
        .map(|resource| resource.identifier.as_str().into())
}

/// The delegation with everything above it, root first.
pub(super) async fn of(work: &mut dyn ZoneWork, id: &DelegationId) -> Result<Vec<Delegation>, StorageError> {
    // One more than the longest chain, so that a longer one is seen to be longer.
    work.delegations().lineage(id, MAX_HOPS + 1).await
}

/// What the whole lineage of a delegation allows.
///
/// # Errors
/// When a delegation of the lineage has ended or exceeds the one above it.
pub(super) async fn authority(
    work: &mut dyn ZoneWork,
    resources: ResourceLookup<'_>,
    id: &DelegationId,
    now: Timestamp,
) -> Result<Authority, Error> {
    let lineage = of(work, id).await?;
    let authority = Authority::of_lineage(&lineage, now, |row| identifier_of(resources, row));
    authority.map_err(|error| match error {
        LineageError::Exceeds(violation) => exceeds(&violation).into(),
        other => Denial::of(ErrorCode::ParentDelegationNotActive)
            .describe(other.to_string())
            .into(),
    })
}

/// Says which rule was broken and where its limit is.
pub(super) fn exceeds(violation: &NarrowingViolation) -> Denial {
    Denial {
        reason: Some(violation.rule()),
        ..Denial::of(ErrorCode::DelegationExceedsParentAuthority)
            .describe(violation.to_string())
            .details(violation)
    }
}

/// What a session holds by delegation.
#[derive(Debug)]
pub struct HeldDelegations {
    /// Live delegations into the session.
    pub inbound: Vec<Delegation>,
    /// What those of them allow that hold over their whole lineage.
    pub authorities: Vec<Authority>,
}

/// What a session holds by delegation at `now`.
///
/// # Errors
/// As the storage.
pub async fn held(
    work: &mut dyn ZoneWork,
    resources: ResourceLookup<'_>,
    session: &SessionId,
    now: Timestamp,
) -> Result<HeldDelegations, StorageError> {
    let mut inbound = work.delegations().inbound(session).await?;
    inbound.retain(|delegation| delegation.is_live(now));
    let mut authorities = Vec::with_capacity(inbound.len());
    for delegation in &inbound {
        let above = of(work, &delegation.id).await?;
        // One that does not hold is listed, so that people see it, but adds nothing.
        authorities.extend(Authority::of_lineage(&above, now, |id| {
            identifier_of(resources, id)
        }));
    }
    Ok(HeldDelegations { inbound, authorities })
}
