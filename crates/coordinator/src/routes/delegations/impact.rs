//! `GET /zones/{zone}/delegations/{id}/impact`: what revoking a delegation would reach.

use std::collections::BTreeSet;

use axum::{response::Response, routing::MethodFilter};
use caracal_core::{AuthorityRecordId, SessionId};
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::coordinator::delegations::{DelegationNode, RevocationImpact};
use http::StatusCode;

use super::{DelegationPath, MAX_NODES, not_found, require_admin};
use crate::{
    auth::Capability,
    call::{self, Call, Input, NoBody, NoQuery, Route},
};

/// The route.
pub(crate) struct Impact;

impl Route for Impact {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/delegations/{id}/impact";
    const CAPABILITY: Capability = Capability::shared("delegation.impact");
    type Path = DelegationPath;
    type Query = NoQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        require_admin(&call.principal)?;
        let id = input.path.id;
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
        Ok(call::json(
            StatusCode::OK,
            &RevocationImpact {
                edge_id: id,
                affected_edges: edges,
                affected_total: total,
                affected_agents: sessions.clone(),
                affected_sessions: sessions,
                affected_authority_records: records,
            },
        ))
    }
}
