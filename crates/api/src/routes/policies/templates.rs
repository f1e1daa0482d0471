//! `GET /v1/policy-templates`

use caracal_authz::templates::TEMPLATES;
use caracal_service::{Refusal, front::Answer};
use caracal_wire::control::policies::PolicyTemplate;

use crate::call::Call;

pub(crate) async fn handle(_: Call) -> Result<Answer<Vec<PolicyTemplate>>, Refusal> {
    let templates = TEMPLATES.iter().map(|template| PolicyTemplate {
        id: template.id.into(),
        name: template.name.into(),
        description: template.description.into(),
        content: template.content.into(),
    });
    Ok(Answer(templates.collect()))
}
