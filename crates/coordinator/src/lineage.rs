//! What a delegation stands on, as `caracal_authz::narrow` judges it.

use std::sync::Arc;

use caracal_authz::narrow::{Authority, LineageError, NarrowingViolation};
use caracal_core::{
    DelegationId, ResourceId, Timestamp,
    entity::{Delegation, MAX_HOPS},
};
use caracal_service::{Refusal, zones::ZoneState};
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;

use crate::metrics;

/// The identifier of a resource by its row; absent when there is no such resource any more.
pub(crate) fn identifier_of(zone: &ZoneState, id: &ResourceId) -> Option<Arc<str>> {
    zone.resource(id.as_str())
        .filter(|state| state.resource.id == *id)
        .map(|state| state.resource.identifier.as_str().into())
}

/// The delegation with everything above it, root first.
pub(crate) async fn of(
    work: &mut dyn ZoneWork,
    id: &DelegationId,
) -> Result<Vec<Delegation>, caracal_storage::Error> {
    // One more than the longest chain, so that a longer one is seen to be longer.
    work.delegations().lineage(id, MAX_HOPS + 1).await
}

/// What the whole lineage of a delegation allows.
///
/// # Errors
/// 403 when a delegation of the lineage has ended or exceeds the one above it.
pub(crate) async fn authority(
    work: &mut dyn ZoneWork,
    zone: &ZoneState,
    id: &DelegationId,
    now: Timestamp,
) -> Result<Authority, Refusal> {
    let lineage = of(work, id).await?;
    Authority::of_lineage(&lineage, now, |row| identifier_of(zone, row)).map_err(|error| match error {
        LineageError::Exceeds(violation) => exceeds(&violation),
        other => Refusal::of(ErrorCode::ParentDelegationNotActive).describe(other.to_string()),
    })
}

/// 403 that says which rule was broken and where its limit is.
pub(crate) fn exceeds(violation: &NarrowingViolation) -> Refusal {
    metrics::exceeded(violation.rule());
    Refusal::of(ErrorCode::DelegationExceedsParentAuthority)
        .describe(violation.to_string())
        .reason(violation.rule())
        .with_details(violation)
}
