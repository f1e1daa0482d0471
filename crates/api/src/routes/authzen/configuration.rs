//! `GET /.well-known/authzen-configuration`

use caracal_service::{Refusal, front::Answer};
use caracal_wire::authzen::Configuration;

use crate::call::Call;

/// Where questions are asked. Nothing in it depends on who asks.
pub(crate) async fn handle(call: Call) -> Result<Answer<Configuration>, Refusal> {
    let base = call.role.config.public_url.trim_end_matches('/');
    let at = |path: &str| format!("{base}/access/v1/{path}");
    Ok(Answer(Configuration {
        policy_decision_point: base.to_owned(),
        access_evaluation_endpoint: at("evaluation"),
        access_evaluations_endpoint: at("evaluations"),
        search_subject_endpoint: at("search/subject"),
        search_resource_endpoint: at("search/resource"),
        search_action_endpoint: at("search/action"),
    }))
}
