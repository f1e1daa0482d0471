//! `POST /access/v1/evaluation`

use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_wire::authzen::{AccessEvaluation, Decision};

use super::question::{EvaluationContext, Question, session_of};
use crate::{
    call::{InHomeZone, NamesZone},
    routes::access,
};

pub(crate) async fn handle(
    InHomeZone(call): InHomeZone,
    _: NamesZone,
    Body(asked): Body<AccessEvaluation>,
) -> Result<Answer<Decision>, Refusal> {
    let context = EvaluationContext::of(&call, access::state(&call).await?);
    let question = Question {
        subject: asked.subject,
        action: asked.action,
        resource: asked.resource,
    };
    let session = match session_of(&question.subject) {
        Some(id) => call.read().await?.sessions().get(&id).await?,
        None => None,
    };
    Ok(Answer(context.answer(&question, session.as_ref())?))
}
