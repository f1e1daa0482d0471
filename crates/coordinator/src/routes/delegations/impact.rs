//! `GET /zones/{zone}/delegations/{id}/impact`: what revoking a delegation would reach.

use std::collections::BTreeSet;

use caracal_core::{DelegationId, SessionId};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::Access;
use caracal_wire::coordinator::delegations::{DelegationNode, RevocationImpact};

use super::{MAX_NODES, not_found, require_admin};
use crate::call::Call;

pub(crate) async fn handle(
    call: Call,
    Path(ById { id }): Path<ById<DelegationId>>,
) -> Result<Answer<RevocationImpact>, Refusal> {
    require_admin(&call.caller)?;
    let now = call.now();
    let mut work = call.work(Access::Read).await?;
    if work.delegations().get(&id).await?.is_none() {
        return Err(not_found());
    }
    let (below, total) = work.delegations().live_descendants(&id, now, MAX_NODES).await?;
    let sessions: BTreeSet<SessionId> = below
        .iter()
        .map(|(delegation, _)| delegation.target_session_id.clone())
        .collect();
    let listed: Vec<SessionId> = sessions.iter().cloned().collect();
    let records = work.authority_records().of_sessions(&listed).await?;
    let edges = below
        .iter()
        .map(|(delegation, depth)| DelegationNode::new(delegation, *depth))
        .collect();
    Ok(Answer(RevocationImpact {
        edge_id: id,
        affected_edges: edges,
        affected_total: total,
        affected_agents: sessions.clone(),
        affected_sessions: sessions,
        affected_authority_records: records.into_iter().collect(),
    }))
}
