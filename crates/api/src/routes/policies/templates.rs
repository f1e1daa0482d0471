//! `GET /v1/policy-templates`

use caracal_authz::templates::TEMPLATES;
use caracal_core::policy::PolicyTemplate;
use caracal_service::{Refusal, front::Answer};

use crate::call::Call;

pub(crate) async fn handle(_: Call) -> Result<Answer<Vec<PolicyTemplate>>, Refusal> {
    Ok(Answer(TEMPLATES.to_vec()))
}
