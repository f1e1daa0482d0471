//! How authority is handed from one session to another.

use caracal_authz::narrow::{Authority, ChildRequest, check_child};
use caracal_core::{
    DelegationId, SessionId, Timestamp,
    entity::{Delegation, DelegationStatus},
};
use caracal_storage::ZoneWork;
use caracal_wire::{
    ErrorCode,
    coordinator::{Warning, delegations::SessionDetails},
};

use super::{
    ResourceLookup,
    bounds::Bound,
    lineage,
    new_delegation::{End, NewDelegation},
    parent::{self, Parent},
};
use crate::{Act, Denial, Error, events::Events, locks};

/// A delegation that was made.
#[derive(Debug)]
pub struct Created {
    /// The delegation.
    pub delegation: Delegation,
    /// What it allows over its whole lineage.
    pub authority: Authority,
    /// What the caller should know about it.
    pub warnings: Vec<Warning>,
    /// Whether it is for whatever resource declares its scopes.
    pub broad: bool,
}

/// Checks, in order, everything that depends on what is stored, then inserts.
///
/// # Errors
/// When an end of it does not live, or it is more than the source may hand on.
pub async fn create(
    work: &mut dyn ZoneWork,
    act: &Act<'_>,
    resources: ResourceLookup<'_>,
    asked: NewDelegation,
) -> Result<Created, Error> {
    locks::delegations(work).await?;
    let now = act.now();
    check_ends(work, &asked, now).await?;
    let named = Bound::of(resources, &asked)?;
    let parent = parent::of(work, resources, &asked, now).await?;
    let bound = match &parent {
        Some(parent) => named.or_of_parent(&parent.authority, parent.delegation.resource_id.as_ref()),
        None => named,
    };
    let mut notes = Notes::default();
    check_broad(act, &asked, &bound, &mut notes)?;
    bound.check_scopes(resources, &asked.scopes)?;
    if asked.scopes.is_empty() {
        notes.warnings.push(Warning::EmptyScopesCarryNoAuthority);
    }
    let expires_at = end(act, &asked, parent.as_ref(), now, &mut notes)?;

    let delegation = build(act, asked, &bound, parent.as_ref(), expires_at, now, &notes);
    let authority = narrow(&delegation, &bound, parent.as_ref(), resources)?;
    work.delegations().create(&delegation).await?;
    let epoch = work.delegations().epoch().await?;
    let zone = work.zone_id().clone();
    let mut events = Events::new(act.world, &zone);
    events.edge_create(&delegation, epoch);
    work.outbox().append(&events.into_messages()?).await?;

    act.about().delegation_edge_id = Some(delegation.id.clone());
    let Notes { warnings, broad } = notes;
    Ok(Created {
        delegation,
        authority,
        warnings,
        broad,
    })
}

/// Both sessions live, and of the applications named. They are held so that neither ends meanwhile, always in the
/// same order.
async fn check_ends(work: &mut dyn ZoneWork, asked: &NewDelegation, now: Timestamp) -> Result<(), Error> {
    let mut ids: [&SessionId; 2] = [&asked.source_session_id, &asked.target_session_id];
    ids.sort();
    let mut matches = true;
    for id in ids {
        let session = work
            .sessions()
            .get_locked(id)
            .await?
            .filter(|session| session.is_live(now));
        let session = session.ok_or_else(|| {
            let session_id = id.clone();
            Denial::of(ErrorCode::DelegationEndpointNotFound).details(&SessionDetails { session_id })
        })?;
        let application = if *id == asked.source_session_id {
            &asked.issuer_application_id
        } else {
            &asked.receiver_application_id
        };
        matches &= session.application_id == *application;
    }
    if matches {
        Ok(())
    } else {
        let why = "a session does not belong to the application named for it";
        Err(Denial::of(ErrorCode::DelegationApplicationMismatch)
            .describe(why)
            .into())
    }
}

#[derive(Debug, Default)]
struct Notes {
    warnings: Vec<Warning>,
    broad: bool,
}

/// A delegation for whatever resource declares its scopes is for operators to allow.
fn check_broad(act: &Act<'_>, asked: &NewDelegation, bound: &Bound, notes: &mut Notes) -> Result<(), Denial> {
    if !bound.is_open() {
        return Ok(());
    }
    if !act.by.may_delegate_broadly(&asked.issuer_application_id) {
        return Err(Denial::of(ErrorCode::BroadDelegationPermissionRequired)
            .describe("name resource_id or constraints.resources"));
    }
    notes.broad = true;
    notes
        .warnings
        .push(Warning::ResourceNullDelegationBroadensResourceMatching);
    Ok(())
}

/// The end: as named, or counted from now. What was counted is cut to what the parent and the platform allow;
/// what was named is either allowed or refused, so that nobody reads an instant that does not hold.
fn end(
    act: &Act<'_>,
    asked: &NewDelegation,
    parent: Option<&Parent>,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Timestamp, Denial> {
    let latest = now.plus(act.capacity.max_delegation_lifetime);
    let mut end = match asked.end {
        End::At(at) => at,
        End::After(span) => {
            let counted = now.plus(span);
            match parent.map(|parent| parent.authority.expires_at()) {
                Some(limit) if counted > limit => {
                    notes.warnings.push(Warning::ExpiryClampedToParent);
                    limit
                }
                _ => counted,
            }
        }
    };
    if end <= now {
        return Err(Denial::of(ErrorCode::DelegationExpired).describe("the end named has passed"));
    }
    if parent.is_none() && end > latest {
        notes.warnings.push(Warning::ExpiryClampedToPlatformLimit);
        end = latest;
    }
    Ok(end)
}

/// The authority the delegation will carry.
fn narrow(
    delegation: &Delegation,
    bound: &Bound,
    parent: Option<&Parent>,
    resources: ResourceLookup<'_>,
) -> Result<Authority, Denial> {
    let identifier_of = |id: &_| lineage::identifier_of(resources, id);
    let Some(parent) = parent else {
        return Ok(Authority::of_root(delegation, identifier_of));
    };
    let resource = bound.identifier(resources);
    let request = ChildRequest {
        scopes: &delegation.scopes,
        resource: resource.as_deref(),
        constraints: &delegation.constraints,
        expires_at: delegation.expires_at,
    };
    check_child(&parent.authority, &request)
        .and_then(|()| parent.authority.narrow(delegation, identifier_of))
        .map_err(|violation| lineage::exceeds(&violation))
}

fn build(
    act: &Act<'_>,
    asked: NewDelegation,
    bound: &Bound,
    parent: Option<&Parent>,
    expires_at: Timestamp,
    now: Timestamp,
    notes: &Notes,
) -> Delegation {
    let mut constraints = asked.constraints;
    constraints.resources.clone_from(&bound.listed);
    if notes.broad {
        constraints.policy_approved = Some(true);
        constraints
            .broad_reason
            .get_or_insert_with(|| String::from("resource_null_delegation"));
    }
    Delegation {
        id: DelegationId::generate(act.world),
        zone_id: act.by.zone.clone(),
        source_session_id: asked.source_session_id,
        target_session_id: asked.target_session_id,
        issuer_application_id: asked.issuer_application_id,
        receiver_application_id: asked.receiver_application_id,
        parent_edge_id: parent.map(|parent| parent.delegation.id.clone()),
        resource_id: bound.resource_id.clone(),
        scopes: asked.scopes,
        constraints,
        status: DelegationStatus::Active,
        expires_at,
        edge_version: 1,
        revoked_at: None,
        created_at: now,
    }
}
