//! A question, read: who, what and to what, as far as the zone has them.

use std::sync::Arc;

use caracal_authz::{PolicySnapshot, reach};
use caracal_core::{ApplicationId, SessionId, TextRule};
use caracal_service::{Refusal, zones::ZoneState};
use caracal_storage::{PageKey, PageRequest};
use caracal_wire::{
    ErrorCode,
    authzen::{Action, Decision, DecisionContext, LocalText, OfKind, PageAsked, PageTold, Resource, Subject},
    control::Line,
    sts::DenialReason,
};
use serde_json::Value;

use crate::{call::ZoneCall, routes::access};

/// Kinds of subjects.
pub(super) const APPLICATION: &str = "application";
const SESSION: &str = "session";
/// The kind of resources.
pub(super) const RESOURCE: &str = "resource";
/// Most labels of a subject.
const MAX_LABELS: usize = 32;
/// Results of a page, and most of them.
const PAGE: u32 = 200;
const MAX_PAGE: u32 = 500;

/// Whoever is to act.
pub(super) struct Who {
    pub(super) application: ApplicationId,
    pub(super) labels: Option<Vec<Arc<str>>>,
}

/// Why nobody can act, or nothing be acted on.
pub(super) enum Absent {
    /// A reason that the STS gives as well.
    Denial(DenialReason),
    /// The application is not there, or has ended.
    Application,
}

impl Absent {
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

/// The subject, if it can act in the zone now.
pub(super) async fn who(
    call: &ZoneCall,
    zone: &ZoneState,
    subject: &Subject,
) -> Result<Result<Who, Absent>, Refusal> {
    expect_kind("subject", &subject.kind, &[APPLICATION, SESSION])?;
    let now = call.now();
    let who = if subject.kind.0 == SESSION {
        let session = match subject.id.0.parse::<SessionId>() {
            Ok(id) => call.read().await?.sessions().get(&id).await?,
            Err(_) => None,
        };
        let Some(session) = session.filter(|session| session.is_live(now)) else {
            return Ok(Err(Absent::Denial(DenialReason::SessionInactive)));
        };
        Who {
            application: session.application_id,
            labels: Some(session.labels),
        }
    } else {
        let labels = labels(subject)?;
        let Ok(application) = subject.id.0.parse() else {
            return Ok(Err(Absent::Application));
        };
        Who { application, labels }
    };
    Ok(match zone.live_application(&who.application, now) {
        Some(_) => Ok(who),
        None => Err(Absent::Application),
    })
}

/// Labels that the question says.
fn labels(subject: &Subject) -> Result<Option<Vec<Arc<str>>>, Refusal> {
    let Some(said) = subject.properties.get("labels") else {
        return Ok(None);
    };
    let good = |label: &Value| {
        label
            .as_str()
            .filter(|label| TextRule::line(200).check(label).is_ok())
            .map(Arc::from)
    };
    let labels = said.as_array().filter(|labels| labels.len() <= MAX_LABELS);
    let labels: Option<Vec<Arc<str>>> = labels.and_then(|labels| labels.iter().map(good).collect());
    let rule = || {
        invalid(
            "subject.properties.labels",
            format!("must be at most {MAX_LABELS} labels"),
        )
    };
    labels.map(Some).ok_or_else(rule)
}

/// Whether anything of the zone is allowed now, and it has the resource.
pub(super) fn there(
    call: &ZoneCall,
    zone: &ZoneState,
    resource: &Resource,
) -> Result<Result<(), Absent>, Refusal> {
    expect_kind("resource", &resource.kind, &[RESOURCE])?;
    if zone.zone.frozen_at.is_some() {
        return Ok(Err(Absent::Denial(DenialReason::ZoneFrozen)));
    }
    if is_there(call, zone, &resource.id) {
        Ok(Ok(()))
    } else {
        Ok(Err(Absent::Denial(DenialReason::ResourceNotFound)))
    }
}

/// Whether the zone has a resource of this identifier, for callers to see.
pub(super) fn is_there(call: &ZoneCall, zone: &ZoneState, identifier: &str) -> bool {
    let found = zone.resource(identifier);
    found.is_some_and(|found| found.resource.identifier == identifier)
        && identifier != call.role.config.control_audience
}

/// Whether the resource declares the scope.
pub(super) fn declares(zone: &ZoneState, resource: &str, scope: &str) -> bool {
    let found = zone.resource(resource);
    found.is_some_and(|found| found.resource.scopes.contains(scope))
}

/// The answer to one question.
pub(super) async fn answer(
    call: &ZoneCall,
    zone: &ZoneState,
    (subject, action, resource): (&Subject, &Action, &Resource),
) -> Result<Decision, Refusal> {
    if let Err(absent) = there(call, zone, resource)? {
        return Ok(refused(zone.policy_in_force(), absent.reason(), Vec::new()));
    }
    let who = match who(call, zone, subject).await? {
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
    Ok(refused(policy, reason, access::tiers(&decision.gates)))
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
    Ok(PageRequest { limit, after })
}

/// Where an answer goes on.
pub(super) fn goes_on(cursor: Option<String>) -> PageTold {
    PageTold {
        next_token: cursor.unwrap_or_default(),
    }
}
