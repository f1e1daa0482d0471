//! A child session continues the delegation its parent acts under.

use caracal_authz::narrow;
use caracal_core::{
    ApplicationId, DelegationId, SessionId, Timestamp,
    entity::{Delegation, DelegationStatus, Session},
};
use caracal_storage::{Error as StorageError, ZoneWork};
use caracal_wire::ErrorCode;

use super::{ResourceLookup, lineage};
use crate::{Act, Denial, Error, locks};

/// Takes the lock of delegations where there is something to inherit; says whether.
pub(crate) async fn lock_to_inherit(
    work: &mut dyn ZoneWork,
    parent: &SessionId,
    application: &ApplicationId,
    named: Option<&DelegationId>,
) -> Result<bool, StorageError> {
    let any = named.is_some()
        || !work
            .delegations()
            .inbound_from(parent, application)
            .await?
            .is_empty();
    if any {
        locks::delegations(work).await?;
    }
    Ok(any)
}

/// With the parent's row held, which whoever hands something to it holds as well, nothing more can come. What came since
/// [`lock_to_inherit`] found nothing must not be passed over: the request is to be done again.
pub(crate) async fn check_locked(
    work: &mut dyn ZoneWork,
    locked: bool,
    parent: &Session,
    child: &Session,
) -> Result<(), StorageError> {
    let late = !locked
        && !work
            .delegations()
            .inbound_from(&parent.id, &child.application_id)
            .await?
            .is_empty();
    if late {
        return Err(StorageError::Contended(
            "the parent received a delegation meanwhile".into(),
        ));
    }
    Ok(())
}

/// Inserts the child's copy of the parent's delegation, with one hop less: of the one the caller names, or of the one
/// that its application handed to the parent itself. `None` when it never did: then the child starts without a
/// delegation, as the parent did.
///
/// What others handed to the parent is inherited only by name. Nobody can keep others from handing it something, so
/// it must neither narrow the child nor be in its way. A parent whose own delegations have all ended is not one that
/// never had any: its child must not start as if it were.
pub(crate) async fn inherit(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    resources: ResourceLookup<'_>,
    parent: &Session,
    child: &Session,
    explicit: Option<&DelegationId>,
    now: Timestamp,
) -> Result<Option<Delegation>, Error> {
    let mut candidates = match explicit {
        Some(id) => named(work, parent, child, id).await?,
        None => own(work, parent, child).await?,
    };
    let any = !candidates.is_empty();
    candidates.retain(|candidate| candidate.is_live(now));
    let source = match candidates.as_slice() {
        [] if any || explicit.is_some() => {
            return Err(Denial::of(ErrorCode::InheritParentEdgeNotActive).into());
        }
        [] => return Ok(None),
        [one] => one,
        _ => {
            let why = "the parent has several delegations; name one with inherit_parent_edge_id";
            return Err(Denial::of(ErrorCode::InheritParentEdgeAmbiguous)
                .describe(why)
                .into());
        }
    };
    act.about().delegation_edge_id = Some(source.id.clone());
    let authority = lineage::authority(work, resources, &source.id, now).await?;
    let constraints = narrow::inherit(source).map_err(|violation| lineage::exceeds(&violation))?;
    let copy = Delegation {
        id: DelegationId::generate(act.world),
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
        .narrow(&copy, |id| lineage::identifier_of(resources, id))
        .map_err(|violation| lineage::exceeds(&violation))?;
    work.delegations().create(&copy).await?;
    Ok(Some(copy))
}

async fn named(
    work: &mut dyn ZoneWork,
    parent: &Session,
    child: &Session,
    id: &DelegationId,
) -> Result<Vec<Delegation>, StorageError> {
    let named = work.delegations().get(id).await?;
    let fits = |edge: &Delegation| {
        edge.target_session_id == parent.id && edge.receiver_application_id == child.application_id
    };
    Ok(named.into_iter().filter(fits).collect())
}

/// What the child's application handed to the parent out of its own: nobody else is in the lineage.
async fn own(
    work: &mut dyn ZoneWork,
    parent: &Session,
    child: &Session,
) -> Result<Vec<Delegation>, StorageError> {
    let application = &child.application_id;
    let mut own = Vec::new();
    for edge in work.delegations().inbound_from(&parent.id, application).await? {
        let above = lineage::of(work, &edge.id).await?;
        let ours = |edge: &Delegation| edge.issuer_application_id == *application;
        if edge.receiver_application_id == *application && above.iter().all(ours) {
            own.push(edge);
        }
    }
    Ok(own)
}
