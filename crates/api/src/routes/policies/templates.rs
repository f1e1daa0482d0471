//! `GET /v1/policy-templates`

use caracal_service::Refusal;

use crate::{answer::Answer, call::Call};

pub(crate) async fn handle(_: Call) -> Result<Answer, Refusal> {
    Answer::ok(&caracal_authz::templates::TEMPLATES)
}
