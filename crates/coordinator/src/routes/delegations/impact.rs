//! `GET /zones/{zone}/delegations/{id}/impact`: what revoking a delegation would reach.

use std::collections::BTreeSet;

use caracal_core::{AuthorityRecordId, DelegationId, SessionId};
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
    let mut below = work.delegations().descendants(&id).await?;
    if below.is_empty() {
        return Err(not_found());
    }
    below.retain(|(delegation, _)| delegation.is_live(now));
    let total = below.len();
    below.truncate(MAX_NODES);
    let sessions: BTreeSet<SessionId> = below
        .iter()
        .map(|(delegation, _)| delegation.target_session_id.clone())
        .collect();
    let mut records: BTreeSet<AuthorityRecordId> = BTreeSet::new();
    for session in &sessions {
        let session = work.sessions().get(session).await?;
        records.extend(session.map(|session| session.subject_authority_record_id));
    }
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
        affected_authority_records: records,
    }))
}
