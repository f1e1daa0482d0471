//! `POST /access/v1/evaluations`

use caracal_service::{
    Refusal,
    front::{Answer, Body},
    zones::ZoneState,
};
use caracal_wire::{
    ErrorCode,
    authzen::{
        Decision, DecisionContext, EvaluationError, Evaluations, EvaluationsAnswer, PartialEvaluation,
        Semantic,
    },
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::question::answer;
use crate::{
    call::{InHomeZone, NamesZone, ZoneCall},
    routes::access,
};

/// Most questions of a request.
const MAX_QUESTIONS: usize = 256;

/// Questions in their order. One that is malformed is answered with `false` and what is wrong with it; of one alone the
/// request is refused.
pub(crate) async fn handle(
    InHomeZone(call): InHomeZone,
    _: NamesZone,
    Body(asked): Body<Evaluations>,
) -> Result<Answer<EvaluationsAnswer>, Refusal> {
    if asked.evaluations.len() > MAX_QUESTIONS {
        let rule = format!("must be at most {MAX_QUESTIONS}");
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidBody,
            "evaluations",
            rule,
        ));
    }
    let zone = access::state(&call).await?;
    if asked.evaluations.is_empty() {
        let one = one(&call, &zone, &asked.common, &PartialEvaluation::default()).await?;
        return Ok(Answer(EvaluationsAnswer::One(one)));
    }
    let semantic = asked.options.evaluations_semantic.unwrap_or(Semantic::ExecuteAll);
    let mut evaluations = Vec::with_capacity(asked.evaluations.len());
    for question in &asked.evaluations {
        let decision = match one(&call, &zone, &asked.common, question).await {
            Ok(decision) => decision,
            Err(refusal) if refusal.status.is_client_error() => malformed(&refusal),
            Err(refusal) => return Err(refusal),
        };
        let allowed = decision.decision;
        evaluations.push(decision);
        let enough = match semantic {
            Semantic::ExecuteAll => false,
            Semantic::DenyOnFirstDeny => !allowed,
            Semantic::PermitOnFirstPermit => allowed,
        };
        if enough {
            break;
        }
    }
    Ok(Answer(EvaluationsAnswer::Several { evaluations }))
}

async fn one(
    call: &ZoneCall,
    zone: &ZoneState,
    common: &PartialEvaluation,
    own: &PartialEvaluation,
) -> Result<Decision, Refusal> {
    let subject = read("subject", own.subject.as_ref().or(common.subject.as_ref()))?;
    let action = read("action", own.action.as_ref().or(common.action.as_ref()))?;
    let resource = read("resource", own.resource.as_ref().or(common.resource.as_ref()))?;
    answer(call, zone, (&subject, &action, &resource)).await
}

fn read<T: DeserializeOwned>(field: &str, said: Option<&Value>) -> Result<T, Refusal> {
    let invalid = |rule: String| Refusal::invalid_field(ErrorCode::InvalidBody, field, rule);
    let said = said.ok_or_else(|| invalid(String::from("is required")))?;
    serde_json::from_value(said.clone()).map_err(|error| invalid(error.to_string()))
}

fn malformed(refusal: &Refusal) -> Decision {
    Decision {
        decision: false,
        context: Some(DecisionContext {
            error: Some(EvaluationError {
                status: refusal.status.as_u16(),
                message: refusal.sentence().into_owned(),
            }),
            ..DecisionContext::default()
        }),
    }
}
