//! `POST /zones/{zone}/delegations`: hands authority from one session to another.

use caracal_authz::narrow::ResourceBound;
use caracal_core::DelegationId;
use caracal_lifecycle::{
    GROUPED,
    delegations::{self, Created, NewDelegation},
    receipts::Keyed,
};
use caracal_service::{
    Refusal,
    front::{Body, CreatedOnce},
    zones::ZoneState,
};
use caracal_storage::ZoneWork;
use caracal_wire::{
    ErrorCode,
    coordinator::delegations::{AllowReason, CreateDelegation, DelegatedAuthority, DelegationCreated},
};

use super::request::DelegationRequest;
use crate::{
    call::{Call, DELEGATION_CREATE, Entity},
    idempotent::Idempotent,
};

pub(crate) async fn handle(
    call: Call,
    Body(body): Body<CreateDelegation>,
) -> Result<CreatedOnce<DelegationCreated>, Refusal> {
    let asked = DelegationRequest::check(body)?;
    let (grant, issuer) = (&asked.grant, &asked.grant.issuer_application_id);
    call.about().application_id = Some(issuer.clone());
    call.about().source_session_id = Some(grant.source_session_id.clone());
    call.about().target_session_id = Some(grant.target_session_id.clone());
    call.about().agent_session_id = Some(grant.source_session_id.clone());
    if !call.caller.may_delegate_from(issuer) {
        return Err(Refusal::of(ErrorCode::IssuerOwnershipRequired)
            .describe("the delegation belongs to another application"));
    }
    if grant.source_session_id == grant.target_session_id {
        return Err(Refusal::of(ErrorCode::SelfDelegationDenied));
    }
    let zone = call.zone().await?;
    let keyed = call.keyed(DELEGATION_CREATE, issuer, || asked.canonical(&call.caller));

    let mut work = call.work(GROUPED).await?;
    let now = call.now();
    let begun = begin(&call, work.as_mut(), &zone, asked.grant, keyed.as_ref()).await;
    let (work, begun) = call.durable(work, begun).await?;
    let made = match begun {
        Idempotent::Repeated { receipt, live } => return call.repeat(work, receipt, live).await,
        Idempotent::Fresh(created) => respond(created),
    };
    let entity = Entity::delegation(&made.delegation_edge_id);
    call.commit_made(work, keyed.as_ref(), entity, &made, now).await?;
    Ok(CreatedOnce::New(made))
}

async fn begin(
    call: &Call,
    work: &mut dyn ZoneWork,
    zone: &ZoneState,
    grant: NewDelegation,
    keyed: Option<&Keyed>,
) -> Result<Idempotent<Created>, Refusal> {
    let now = call.now();
    if let Some(receipt) = call.claim(keyed, work, now).await? {
        let delegation = match DelegationId::parse(&receipt.resource_id) {
            Ok(id) => work.delegations().get(&id).await?,
            Err(_) => None,
        };
        let live = delegation.filter(|delegation| delegation.is_live(now));
        call.about().delegation_edge_id = live.map(|delegation| delegation.id);
        let live = call.about().delegation_edge_id.is_some();
        return Ok(Idempotent::Repeated { receipt, live });
    }
    let resources = |name: &str| zone.resource(name).map(|state| state.resource.as_ref());
    let created = delegations::create(work, &call.act(), &resources, grant).await?;
    Ok(Idempotent::Fresh(created))
}

fn respond(created: Created) -> DelegationCreated {
    let (delegation, authority) = (&created.delegation, &created.authority);
    let resources = match authority.resources() {
        ResourceBound::Any => Vec::new(),
        ResourceBound::Only(identifiers) => identifiers.iter().cloned().collect(),
    };
    DelegationCreated {
        delegation_edge_id: delegation.id.clone(),
        delegation: delegation.into(),
        warnings: created.warnings,
        allow_reason: vec![
            AllowReason::SameZoneEndpointsActive,
            if created.broad {
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
            broad: created.broad,
            parent_edges_considered: delegation.parent_edge_id.iter().cloned().collect(),
        },
    }
}
