//! A question, read: who, what and to what, as far as the zone has them.

use std::sync::Arc;

use caracal_authz::{PolicySnapshot, approval::ApprovalTier, reach};
use caracal_core::{ApplicationId, SessionId, Timestamp, entity::Session, text::excerpt};
use caracal_service::{Refusal, zones::ZoneState};
use caracal_storage::{PageKey, PageRequest};
use caracal_wire::{
    ErrorCode,
    authzen::{Action, Decision, DecisionContext, LocalText, OfKind, PageAsked, PageTold, Resource, Subject},
    control::Line,
    sts::DenialReason,
};

use crate::{call::ZoneCall, routes::access};

/// Kinds of subjects.
pub(super) const APPLICATION: &str = "application";
const SESSION: &str = "session";
/// The kind of resources.
pub(super) const RESOURCE: &str = "resource";
/// Most tiers of an answer.
const MAX_TIERS: usize = 16;
/// Results of a page, and most of them.
const PAGE: u32 = 200;
const MAX_PAGE: u32 = 500;

/// Whoever is to act.
pub(super) struct ActingApplication {
    pub(super) application: ApplicationId,
    pub(super) labels: Option<Vec<Arc<str>>>,
}

/// Why nobody can act, or nothing be acted on.
pub(super) enum NotEvaluable {
    /// A reason that the STS gives as well.
    Denial(DenialReason),
    /// The application is not there, or has ended.
    Application,
}

impl NotEvaluable {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Denial(reason) => reason.as_str(),
            Self::Application => ErrorCode::ApplicationNotFound.as_str(),
        }
    }
}

fn invalid(field: &str, rule: impl Into<String>) -> Refusal {
    Refusal::invalid_field(ErrorCode::InvalidBody, field, rule)
}

/// 400 for a kind that is not of this field.
pub(super) fn expect_kind(field: &str, kind: &Line<64>, known: &[&str]) -> Result<(), Refusal> {
    if known.contains(&kind.0.as_str()) {
        return Ok(());
    }
    Err(invalid(
        &format!("{field}.type"),
        format!("must be {}", known.join(" or ")),
    ))
}

/// 400 for another kind of resources.
pub(super) fn expect_resources(kind: &OfKind) -> Result<(), Refusal> {
    expect_kind("resource", &kind.kind, &[RESOURCE])
}

/// The session that a subject names, to be read.
pub(super) fn session_of(subject: &Subject) -> Option<SessionId> {
    (subject.kind.0 == SESSION)
        .then(|| subject.id.0.parse().ok())
        .flatten()
}

/// The subject, if it can act in the zone now.
pub(super) async fn who(
    call: &ZoneCall,
    zone: &ZoneState,
    subject: &Subject,
) -> Result<Result<ActingApplication, NotEvaluable>, Refusal> {
    let session = match session_of(subject) {
        Some(id) => call.read().await?.sessions().get(&id).await?,
        None => None,
    };
    who_of(zone, subject, session.as_ref(), call.now())
}

/// The subject, whose session was read where it names one.
pub(super) fn who_of(
    zone: &ZoneState,
    subject: &Subject,
    session: Option<&Session>,
    now: Timestamp,
) -> Result<Result<ActingApplication, NotEvaluable>, Refusal> {
    expect_kind("subject", &subject.kind, &[APPLICATION, SESSION])?;
    let who = if subject.kind.0 == SESSION {
        let Some(session) = session.filter(|session| session.is_live(now)) else {
            return Ok(Err(NotEvaluable::Denial(DenialReason::SessionInactive)));
        };
        ActingApplication {
            application: session.application_id.clone(),
            labels: Some(session.labels.clone()),
        }
    } else {
        let Ok(application) = subject.id.0.parse() else {
            return Ok(Err(NotEvaluable::Application));
        };
        let said = subject.properties.labels.as_ref();
        ActingApplication {
            application,
            labels: said.map(|labels| labels.0.iter().map(|label| Arc::from(&**label)).collect()),
        }
    };
    Ok(match zone.live_application(&who.application, now) {
        Some(_) => Ok(who),
        None => Err(NotEvaluable::Application),
    })
}

/// Whether anything of the zone is allowed now, and it has the resource.
pub(super) fn there(
    zone: &ZoneState,
    own_audience: &str,
    resource: &Resource,
) -> Result<Result<(), NotEvaluable>, Refusal> {
    expect_kind("resource", &resource.kind, &[RESOURCE])?;
    if zone.zone.frozen_at.is_some() {
        return Ok(Err(NotEvaluable::Denial(DenialReason::ZoneFrozen)));
    }
    if is_there(zone, own_audience, &resource.id) {
        Ok(Ok(()))
    } else {
        Ok(Err(NotEvaluable::Denial(DenialReason::ResourceNotFound)))
    }
}

/// Whether the zone has a resource of this identifier, for callers to see: what stands for this API is none of theirs.
pub(super) fn is_there(zone: &ZoneState, own_audience: &str, identifier: &str) -> bool {
    let found = zone.resource(identifier);
    found.is_some_and(|found| found.resource.identifier == identifier) && identifier != own_audience
}

/// Whether the resource declares the scope.
pub(super) fn declares(zone: &ZoneState, resource: &str, scope: &str) -> bool {
    let found = zone.resource(resource);
    found.is_some_and(|found| found.resource.scopes.contains(scope))
}

/// What is asked.
pub(super) struct Question {
    pub(super) subject: Subject,
    pub(super) action: Action,
    pub(super) resource: Resource,
}

/// Where and when questions are answered.
pub(super) struct EvaluationContext {
    pub(super) zone: Arc<ZoneState>,
    /// The resource that stands for this API.
    pub(super) own_audience: String,
    pub(super) now: Timestamp,
}

impl EvaluationContext {
    pub(super) fn of(call: &ZoneCall, zone: Arc<ZoneState>) -> Self {
        Self {
            zone,
            own_audience: call.role.config.control_audience.clone(),
            now: call.now(),
        }
    }

    /// The answer to one question, with the session that its subject names. It waits for nothing.
    pub(super) fn answer(&self, asked: &Question, session: Option<&Session>) -> Result<Decision, Refusal> {
        let Question {
            subject,
            action,
            resource,
        } = asked;
        let zone = &*self.zone;
        if let Err(absent) = there(zone, &self.own_audience, resource)? {
            return Ok(refused(zone.policy_in_force(), absent.reason(), Vec::new()));
        }
        let who = match who_of(zone, subject, session, self.now)? {
            Ok(who) => who,
            Err(absent) => return Ok(refused(zone.policy_in_force(), absent.reason(), Vec::new())),
        };
        let policy = zone.policy_for(who.application.as_str());
        if !declares(zone, &resource.id, &action.name) {
            return Ok(refused(policy, DenialReason::ScopeMismatch.as_str(), Vec::new()));
        }
        let labels = who.labels.as_deref();
        let decision = reach::evaluate(
            policy,
            who.application.as_str(),
            labels,
            &resource.id,
            &action.name,
        );
        if reach::is_free(&decision) {
            return Ok(Decision {
                decision: true,
                context: Some(context(policy)),
            });
        }
        // Somebody's yes is still to come, and this is no place to wait for it.
        let reason = match decision.reason {
            Some(reason) => reason.as_str(),
            None => DenialReason::ApprovalRequired.as_str(),
        };
        Ok(refused(policy, reason, shown(&decision.gates)))
    }
}

/// What waits for a yes. A policy may name as many tiers as long as it likes, and there are many answers to a request.
fn shown(gates: &[ApprovalTier]) -> Vec<String> {
    let tiers = access::tiers(gates).into_iter().take(MAX_TIERS);
    tiers.map(|tier| excerpt(&tier).into_owned()).collect()
}

fn context(policy: &PolicySnapshot) -> DecisionContext {
    let version = &policy.identity().policy_set_version_id;
    DecisionContext {
        policy_set_version_id: version.as_ref().map(ToString::to_string),
        ..DecisionContext::default()
    }
}

fn refused(policy: &PolicySnapshot, reason: &str, approval_tiers: Vec<String>) -> Decision {
    let known = DenialReason::ALL.iter().find(|known| known.as_str() == reason);
    let sentence = known.map(|known| known.sentence());
    let sentence = sentence.unwrap_or(ErrorCode::ApplicationNotFound.sentence());
    Decision {
        decision: false,
        context: Some(DecisionContext {
            reason: Some(reason.to_owned()),
            reason_admin: Some(LocalText {
                en: sentence.to_owned(),
            }),
            approval_tiers,
            ..context(policy)
        }),
    }
}

/// The page asked for.
pub(super) fn page(asked: &PageAsked) -> Result<PageRequest, Refusal> {
    let limit = asked.limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(invalid("page.limit", format!("must be from 1 to {MAX_PAGE}")));
    }
    let token = asked.token.as_ref();
    let after = token.map(|token| PageKey::from_cursor(&token.0)).transpose();
    let after = after.map_err(|_| {
        let rule = "was not given out by this search";
        Refusal::invalid_field(ErrorCode::InvalidCursor, "page.token", rule)
    })?;
    Ok(PageRequest {
        after,
        ..PageRequest::first(limit)
    })
}

/// Where an answer goes on.
pub(super) fn goes_on(cursor: Option<String>) -> PageTold {
    PageTold {
        next_token: cursor.unwrap_or_default(),
    }
}
