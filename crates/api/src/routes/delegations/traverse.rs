//! `GET /v1/zones/{zoneId}/delegations/{id}/traverse`

use caracal_core::DelegationId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::{control::authority::DelegationTree, coordinator::delegations::DelegationNode};

use crate::call::ZoneCall;

/// Most delegations of one answer.
const MAX_NODES: u32 = 5_000;

/// The delegation and everything narrowed from it, nearest first.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<DelegationId>>,
) -> Result<Answer<DelegationTree>, Refusal> {
    let mut work = call.read().await?;
    let below = work.delegations().descendants(&id, MAX_NODES).await?;
    if below.is_empty() {
        return Err(super::not_found());
    }
    let truncated = below.len() >= MAX_NODES as usize;
    let nodes = below
        .iter()
        .map(|(held, depth)| DelegationNode::new(held, *depth));
    Ok(Answer(DelegationTree {
        nodes: nodes.collect(),
        truncated,
    }))
}
