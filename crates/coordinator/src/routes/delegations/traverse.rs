//! `GET /zones/{zone}/delegations/{id}/traverse`: a delegation and everything narrowed from it, as a bare array of
//! at most 5,000, nearest first.

use caracal_core::DelegationId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::Access;
use caracal_wire::coordinator::delegations::DelegationNode;

use super::{MAX_NODES, require_admin};
use crate::call::Call;

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<DelegationId>>,
) -> Result<Answer<Vec<DelegationNode>>, Refusal> {
    require_admin(&call.caller)?;
    let mut work = call.work(Access::Read).await?;
    let below = work.delegations().descendants(&id, MAX_NODES).await?;
    let nodes = below
        .iter()
        .map(|(delegation, depth)| DelegationNode::new(delegation, *depth))
        .collect();
    Ok(Answer(nodes))
}
