//! A child session continues the delegation its parent acts under.

use caracal_authz::narrow;
use caracal_core::{
    DelegationId, Timestamp,
    entity::{Delegation, DelegationStatus, Session},
};
use caracal_service::Refusal;
use caracal_storage::ZoneWork;

use super::conflict;
use crate::{call::Call, lineage};

/// Inserts the child's copy of the parent's one live delegation, with one hop less. `None` when the parent never
/// had one: then the child starts without authority, as the parent did.
///
/// A parent whose delegations have all ended is not one that never had any: its child must not start as if it
/// were.
pub(super) async fn inherit(
    call: &mut Call,
    work: &mut dyn ZoneWork,
    parent: &Session,
    child: &Session,
    explicit: Option<&DelegationId>,
    now: Timestamp,
) -> Result<Option<Delegation>, Refusal> {
    let mut candidates = work.delegations().inbound(&parent.id).await?;
    candidates.retain(|candidate| {
        candidate.receiver_application_id == child.application_id
            && explicit.is_none_or(|explicit| candidate.id == *explicit)
    });
    let any = !candidates.is_empty();
    candidates.retain(|candidate| candidate.is_live(now));
    let source = match candidates.as_slice() {
        [] if any || explicit.is_some() => return Err(conflict("inherit_parent_edge_not_active")),
        [] => return Ok(None),
        [one] => one,
        _ => {
            return Err(conflict("inherit_parent_edge_ambiguous")
                .describe("the parent has several delegations; name one with inherit_parent_edge_id"));
        }
    };
    call.about.delegation_edge_id = Some(source.id.clone());
    let zone = call.zone().await?;
    let authority = lineage::authority(work, &zone, &source.id, now).await?;
    let constraints = narrow::inherit(source).map_err(|violation| lineage::exceeds(&violation))?;
    let copy = Delegation {
        id: DelegationId::generate(&call.app.world),
        zone_id: child.zone_id.clone(),
        source_session_id: parent.id.clone(),
        target_session_id: child.id.clone(),
        issuer_application_id: source.receiver_application_id.clone(),
        receiver_application_id: child.application_id.clone(),
        parent_edge_id: Some(source.id.clone()),
        resource_id: source.resource_id.clone(),
        scopes: source.scopes.clone(),
        constraints,
        status: DelegationStatus::Active,
        expires_at: source.expires_at,
        edge_version: 1,
        revoked_at: None,
        created_at: now,
    };
    // The lineage as a whole may be shorter of hops than its last delegation says.
    authority
        .narrow(&copy, |id| lineage::identifier_of(&zone, id))
        .map_err(|violation| lineage::exceeds(&violation))?;
    work.delegations().create(&copy).await?;
    Ok(Some(copy))
}
