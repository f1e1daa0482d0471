//! `GET /zones/{zone}/delegations/{id}/traverse`: a delegation and everything narrowed from it, as a bare array of
//! at most 5,000, nearest first.

use axum::{response::Response, routing::MethodFilter};
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::coordinator::delegations::DelegationNode;
use http::StatusCode;

use super::{DelegationPath, MAX_NODES, require_admin};
use crate::{
    auth::Capability,
    call::{Call, Input, NoBody, NoQuery, Route, json},
};

/// The route.
pub(crate) struct Traverse;

impl Route for Traverse {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/delegations/{id}/traverse";
    const CAPABILITY: Capability = Capability::shared("delegation.traverse");
    type Path = DelegationPath;
    type Query = NoQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        require_admin(&call.principal)?;
        let mut work = call.work(Access::Read).await?;
        let below = work.delegations().descendants(&input.path.id).await?;
        let nodes: Vec<DelegationNode> = below
            .iter()
            .take(MAX_NODES)
            .map(|(delegation, depth)| DelegationNode::new(delegation, *depth))
            .collect();
        Ok(json(StatusCode::OK, &nodes))
    }
}
