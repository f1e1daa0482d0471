//! `GET /zones/{zone}/agents/{id}/effective-authority`: what a session holds by delegation, over whole lineages.
//!
//! Advice for people: a mandate is minted under one delegation, which the session names.

use std::{collections::BTreeSet, sync::Arc};

use caracal_authz::narrow::{Authority, ResourceBound};
use caracal_core::{ScopeSet, SessionId};
use caracal_lifecycle::delegations::{self, HeldDelegations};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
    zones::ZoneState,
};
use caracal_storage::Access;
use caracal_wire::coordinator::sessions::EffectiveAuthority as Summary;

use super::get;
use crate::call::Call;

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<SessionId>>,
) -> Result<Answer<Summary>, Refusal> {
    let zone = call.zone().await?;
    let now = call.now();
    let mut work = call.work(Access::Read).await?;
    let session = get::visible(&call.caller, work.as_mut(), &id).await?;
    let resources = |name: &str| zone.resource(name).map(|state| state.resource.as_ref());
    let held = delegations::held(work.as_mut(), &resources, &session.id, now).await?;
    Ok(Answer(summary(session.id, &held, &zone)))
}

fn summary(session: SessionId, held: &HeldDelegations, zone: &ZoneState) -> Summary {
    let (inbound, held) = (&held.inbound, &held.authorities);
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
