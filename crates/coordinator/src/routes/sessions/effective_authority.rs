//! `GET /zones/{zone}/agents/{id}/effective-authority`: what a session holds by delegation, over whole lineages.
//!
//! Advice for people: a mandate is minted under one delegation, which the session names.

use std::{collections::BTreeSet, sync::Arc};

use caracal_authz::narrow::{Authority, ResourceBound};
use caracal_core::{ScopeSet, SessionId, entity::Delegation};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
    zones::ZoneState,
};
use caracal_storage::Access;
use caracal_wire::coordinator::sessions::EffectiveAuthority as Summary;

use super::get;
use crate::{call::Call, lineage};

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<Summary>, Refusal> {
    let zone = call.zone().await?;
    let now = call.now();
    let mut work = call.work(Access::Read).await?;
    let session = get::visible(&call.caller, work.as_mut(), &id).await?;
    let mut inbound = work.delegations().inbound(&session.id).await?;
    inbound.retain(|delegation| delegation.is_live(now));
    let mut held: Vec<Authority> = Vec::with_capacity(inbound.len());
    for delegation in &inbound {
        let above = lineage::of(work.as_mut(), &delegation.id).await?;
        // One that does not hold is listed, so that people see it, but adds nothing.
        held.extend(Authority::of_lineage(&above, now, |id| {
            lineage::identifier_of(&zone, id)
        }));
    }
    Ok(Answer(summary(session.id, &inbound, &held, &zone)))
}

fn summary(session: SessionId, inbound: &[Delegation], held: &[Authority], zone: &ZoneState) -> Summary {
    let scopes = held
        .iter()
        .map(|authority| authority.scopes().clone())
        .reduce(|left, right| left.intersection(&right))
        .unwrap_or_else(ScopeSet::default);
    let mut resources: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut constrained = !held.is_empty();
    for authority in held {
        match authority.resources() {
            ResourceBound::Any => constrained = false,
            ResourceBound::Only(identifiers) => resources.extend(identifiers.iter().cloned()),
        }
    }
    let ids = resources
        .iter()
        .filter_map(|identifier| zone.resource(identifier))
        .map(|state| state.resource.id.clone())
        .collect();
    Summary {
        agent_session_id: session,
        inbound_edges: inbound.iter().map(Into::into).collect(),
        effective_scopes: scopes,
        effective_resources: resources.into_iter().collect(),
        effective_resource_ids: ids,
        effective_resource_constrained: constrained,
        effective_max_hops: held.iter().map(Authority::remaining_hops).min().unwrap_or(0),
        effective_ttl_seconds: held.iter().filter_map(Authority::ttl_seconds).min(),
        earliest_expires_at: held.iter().map(Authority::expires_at).min(),
    }
}
