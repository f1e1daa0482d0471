//! `POST /access/v1/evaluations`

use std::collections::{HashMap, HashSet};

use caracal_core::{SessionId, entity::Session};
use caracal_service::{
    Refusal,
    body::parse_part,
    front::{Answer, Body},
};
use caracal_wire::{
    ErrorCode,
    authzen::{
        Action, Decision, DecisionContext, EvaluationError, Evaluations, EvaluationsAnswer,
        PartialEvaluation, Resource, Semantic, Subject,
    },
};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::question::{EvaluationContext, Question, session_of};
use crate::{
    call::{InHomeZone, NamesZone, ZoneCall},
    routes::access,
};

/// Largest part of a question, in bytes: subject, action or resource.
const MAX_PART_BYTES: usize = 16 * 1024;

/// Questions in their order. One that is malformed is answered with `false` and what is wrong with it; of one alone the
/// request is refused.
pub(crate) async fn handle(
    InHomeZone(call): InHomeZone,
    _: NamesZone,
    Body(asked): Body<Evaluations>,
) -> Result<Answer<EvaluationsAnswer>, Refusal> {
    let semantic = asked.options.evaluations_semantic.unwrap_or(Semantic::ExecuteAll);
    let common = Parts {
        subject: part("subject", asked.subject.as_deref()),
        action: part("action", asked.action.as_deref()),
        resource: part("resource", asked.resource.as_deref()),
    };
    let context = EvaluationContext::of(&call, access::state(&call).await?);
    if asked.evaluations.is_empty() {
        let question = common.with(&PartialEvaluation::default())?;
        let sessions = sessions(&call, [&question]).await?;
        let one = answer(&context, &question, &sessions)?;
        return Ok(Answer(EvaluationsAnswer::One(one)));
    }
    let questions: Vec<_> = asked.evaluations.iter().map(|own| common.with(own)).collect();
    let sessions = sessions(&call, questions.iter().flatten()).await?;
    let work = &call.role.policy_work;
    let decided = work.run(call.work_owner(), move |_| {
        answers(&context, questions, &sessions, semantic)
    });
    let evaluations = decided.await??;
    Ok(Answer(EvaluationsAnswer::Several { evaluations }))
}

/// What questions have that leave it out, each read once.
struct Parts {
    subject: Result<Subject, Refusal>,
    action: Result<Action, Refusal>,
    resource: Result<Resource, Refusal>,
}

impl Parts {
    fn with(&self, own: &PartialEvaluation) -> Result<Question, Refusal> {
        Ok(Question {
            subject: own_or("subject", own.subject.as_deref(), &self.subject)?,
            action: own_or("action", own.action.as_deref(), &self.action)?,
            resource: own_or("resource", own.resource.as_deref(), &self.resource)?,
        })
    }
}

fn own_or<T: DeserializeOwned + Clone>(
    field: &str,
    own: Option<&RawValue>,
    common: &Result<T, Refusal>,
) -> Result<T, Refusal> {
    match own {
        Some(own) => part(field, Some(own)),
        None => common.clone(),
    }
}

/// # Errors
/// 400 that names the field and the rule, and quotes little of what was said.
fn part<T: DeserializeOwned>(field: &str, said: Option<&RawValue>) -> Result<T, Refusal> {
    let invalid = |rule: String| Refusal::invalid_field(ErrorCode::InvalidBody, field, rule);
    let said = said.ok_or_else(|| invalid(String::from("is required")))?.get();
    if said.len() > MAX_PART_BYTES {
        return Err(invalid(format!("must have at most {MAX_PART_BYTES} bytes")));
    }
    parse_part(field, said, ErrorCode::InvalidBody)
}

type Sessions = HashMap<SessionId, Session>;

/// The sessions that subjects name, each read once.
async fn sessions<'q>(
    call: &ZoneCall,
    questions: impl IntoIterator<Item = &'q Question>,
) -> Result<Sessions, Refusal> {
    let named: HashSet<SessionId> = questions
        .into_iter()
        .filter_map(|question| session_of(&question.subject))
        .collect();
    let mut sessions = Sessions::new();
    if named.is_empty() {
        return Ok(sessions);
    }
    let mut work = call.read().await?;
    for id in named {
        if let Some(session) = work.sessions().get(&id).await? {
            sessions.insert(id, session);
        }
    }
    Ok(sessions)
}

fn answer(
    context: &EvaluationContext,
    question: &Question,
    sessions: &Sessions,
) -> Result<Decision, Refusal> {
    let session = session_of(&question.subject).and_then(|id| sessions.get(&id));
    context.answer(question, session)
}

fn answers(
    context: &EvaluationContext,
    questions: Vec<Result<Question, Refusal>>,
    sessions: &Sessions,
    semantic: Semantic,
) -> Result<Vec<Decision>, Refusal> {
    let mut decisions = Vec::with_capacity(questions.len());
    for question in questions {
        let decided = question.and_then(|question| answer(context, &question, sessions));
        let decision = match decided {
            Ok(decision) => decision,
            Err(refusal) if refusal.status.is_client_error() => malformed(&refusal),
            Err(refusal) => return Err(refusal),
        };
        let allowed = decision.decision;
        decisions.push(decision);
        let enough = match semantic {
            Semantic::ExecuteAll => false,
            Semantic::DenyOnFirstDeny => !allowed,
            Semantic::PermitOnFirstPermit => allowed,
        };
        if enough {
            break;
        }
    }
    Ok(decisions)
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
