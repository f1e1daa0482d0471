//! `POST /zones/{zone}/delegations`: hands authority from one session to another.

use caracal_authz::narrow::{Authority, ChildRequest, ResourceBound, check_child};
use caracal_core::{
    DelegationId, SessionId, Timestamp,
    entity::{Delegation, DelegationStatus},
};
use caracal_lifecycle::{self as lifecycle, Events};
use caracal_service::{
    Refusal,
    front::{Body, Made},
    zones::ZoneState,
};
use caracal_storage::{Access, ZoneWork};
use caracal_wire::{
    ErrorCode,
    coordinator::{
        Warning,
        delegations::{AllowReason, CreateDelegation, DelegatedAuthority, DelegationCreated, SessionDetails},
    },
};

use super::{
    ENTITY,
    bounds::Bound,
    parent::{self, Parent},
    request::{Asked, End},
};
use crate::{
    call::{Call, Entity},
    idempotency, lineage,
};

pub(crate) async fn handle(
    call: Call,
    Body(body): Body<CreateDelegation>,
) -> Result<Made<DelegationCreated>, Refusal> {
    let asked = Asked::check(body)?;
    call.about().application_id = Some(asked.issuer_application_id.clone());
    call.about().source_session_id = Some(asked.source_session_id.clone());
    call.about().target_session_id = Some(asked.target_session_id.clone());
    call.about().agent_session_id = Some(asked.source_session_id.clone());
    if !call.caller.may_delegate_from(&asked.issuer_application_id) {
        return Err(issuer_required());
    }
    if asked.source_session_id == asked.target_session_id {
        return Err(Refusal::of(ErrorCode::SelfDelegationDenied));
    }
    let keyed = call.idempotency_key.as_ref().map(|key| {
        let scope = asked.issuer_application_id.as_str();
        let canonical = asked.canonical(&call.caller);
        call.role
            .receipts
            .keyed(idempotency::DELEGATION_CREATE, scope, key, &canonical)
    });

    let mut work = call.work(Access::Write).await?;
    let now = call.now();
    if let Some(receipt) = call.claim(keyed.as_ref(), work.as_mut(), now).await? {
        let delegation = match DelegationId::parse(&receipt.resource_id) {
            Ok(id) => work.delegations().get(&id).await?,
            Err(_) => None,
        };
        let live = delegation.filter(|delegation| delegation.is_live(now));
        call.about().delegation_edge_id = live.map(|delegation| delegation.id);
        let live = call.about().delegation_edge_id.is_some();
        return call.repeat(receipt, live).await;
    }
    let made = create(&call, work.as_mut(), asked, now).await?;
    let entity = Entity {
        kind: ENTITY,
        id: made.delegation_edge_id.as_str(),
    };
    call.commit_made(work, keyed.as_ref(), entity, &made, now).await?;
    Ok(Made::New(made))
}

pub(super) fn issuer_required() -> Refusal {
    Refusal::of(ErrorCode::IssuerOwnershipRequired).describe("the delegation belongs to another application")
}

/// Checks, in order, everything that depends on what is stored, then inserts.
async fn create(
    call: &Call,
    work: &mut dyn ZoneWork,
    asked: Asked,
    now: Timestamp,
) -> Result<DelegationCreated, Refusal> {
    work.lock(lifecycle::DELEGATIONS).await?;
    check_ends(work, &asked, now).await?;
    let zone = call.zone().await?;
    let named = Bound::of(&zone, &asked)?;
    let parent = parent::of(work, &zone, &asked, now).await?;
    let bound = match &parent {
        Some(parent) => named.or_of_parent(&parent.authority, parent.delegation.resource_id.as_ref()),
        None => named,
    };
    let mut notes = Notes::default();
    check_broad(call, &asked, &bound, &mut notes)?;
    bound.check_scopes(&zone, &asked.scopes)?;
    if asked.scopes.is_empty() {
        notes.warnings.push(Warning::EmptyScopesCarryNoAuthority);
    }
    let expires_at = end(call, &asked, parent.as_ref(), now, &mut notes)?;

    let delegation = build(call, asked, &bound, parent.as_ref(), expires_at, now, &notes);
    let authority = narrow(&delegation, &bound, parent.as_ref(), &zone)?;
    work.delegations().create(&delegation).await?;
    let epoch = work.delegations().epoch().await?;
    let zone_id = call.zone_id().clone();
    let mut events = Events::new(&call.role.world, &zone_id);
    events.edge_create(&delegation, epoch);
    work.outbox().append(&events.into_messages()?).await?;

    call.about().delegation_edge_id = Some(delegation.id.clone());
    Ok(respond(&delegation, &authority, notes))
}

/// Both sessions live, and of the applications named. They are held so that neither ends meanwhile, always in the
/// same order.
async fn check_ends(work: &mut dyn ZoneWork, asked: &Asked, now: Timestamp) -> Result<(), Refusal> {
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
            Refusal::of(ErrorCode::DelegationEndpointNotFound).with_details(&SessionDetails { session_id })
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
        Err(Refusal::of(ErrorCode::DelegationApplicationMismatch)
            .describe("a session does not belong to the application named for it"))
    }
}

#[derive(Debug, Default)]
struct Notes {
    warnings: Vec<Warning>,
    broad: bool,
}

/// A delegation for whatever resource declares its scopes is for operators to allow.
fn check_broad(call: &Call, asked: &Asked, bound: &Bound, notes: &mut Notes) -> Result<(), Refusal> {
    if !bound.is_open() {
        return Ok(());
    }
    if !call.caller.may_delegate_broadly(&asked.issuer_application_id) {
        return Err(Refusal::of(ErrorCode::BroadDelegationPermissionRequired)
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
    call: &Call,
    asked: &Asked,
    parent: Option<&Parent>,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Timestamp, Refusal> {
    let latest = now.plus(call.role.config.max_delegation_lifetime);
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
        return Err(Refusal::of(ErrorCode::DelegationExpired).describe("the end named has passed"));
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
    zone: &ZoneState,
) -> Result<Authority, Refusal> {
    let identifier_of = |id: &_| lineage::identifier_of(zone, id);
    let Some(parent) = parent else {
        return Ok(Authority::of_root(delegation, identifier_of));
    };
    let resource = bound.identifier(zone);
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
    call: &Call,
    asked: Asked,
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
        id: DelegationId::generate(&call.role.world),
        zone_id: call.zone_id().clone(),
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

fn respond(delegation: &Delegation, authority: &Authority, notes: Notes) -> DelegationCreated {
    let resources = match authority.resources() {
        ResourceBound::Any => Vec::new(),
        ResourceBound::Only(identifiers) => identifiers.iter().cloned().collect(),
    };
    DelegationCreated {
        delegation_edge_id: delegation.id.clone(),
        delegation: delegation.into(),
        warnings: notes.warnings,
        allow_reason: vec![
            AllowReason::SameZoneEndpointsActive,
            if notes.broad {
                AllowReason::BroadDelegationElevated
            } else {
                AllowReason::ResourceScopeChecked
            },
            if delegation.parent_edge_id.is_some() {
                AllowReason::ParentAuthorityNarrowed
            } else {
                AllowReason::SourceAuthorityRoot
            },
            AllowReason::TypedConstraintsValidated,
        ],
        effective_authority: DelegatedAuthority {
            source_session_id: delegation.source_session_id.clone(),
            target_session_id: delegation.target_session_id.clone(),
            parent_edge_id: delegation.parent_edge_id.clone(),
            resource_id: delegation.resource_id.clone(),
            resources,
            scopes: authority.scopes().clone(),
            expires_at: authority.expires_at(),
            max_hops: authority.remaining_hops(),
            ttl_seconds: authority.ttl_seconds(),
            broad: notes.broad,
            parent_edges_considered: delegation.parent_edge_id.iter().cloned().collect(),
        },
    }
}
