//! `/v1/zones/{zoneId}/policy-shadow`, and where one begins: a version decided beside the one in force.

use std::{cmp::Reverse, collections::HashMap, time::Duration};

use caracal_core::{
    ScopeSet,
    audit::{AuditEvent, DecisionChange, EventType},
};
use caracal_crypto::sha256_hex;
use caracal_service::{
    Refusal,
    front::{Body, Created, IfMatch, NoContent, Path, Tagged},
};
use caracal_storage::{AuditFilter, PageRequest, PolicyShadow};
use caracal_wire::{
    ErrorCode,
    control::shadow::{BeginShadow, ShadowGroup, ShadowItem, ShadowReport},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{bundle, candidate, versions::Version};
use crate::{
    call::{ZoneCall, require_zone},
    change::Done,
};

/// Hours of a shadow whose beginner says nothing, and the most.
const HOURS: u32 = 24;
const MAX_HOURS: u32 = 720;
/// Differences that a page of the ledger has, and most pages that one answer reads.
const PAGE: u32 = 1000;
const PAGES: usize = 20;
/// Most groups of an answer.
const GROUPS: usize = 1000;

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::PolicyShadowNotFound).describe("no version is decided beside the one in force")
}

fn item(call: &ZoneCall, shadow: &PolicyShadow) -> ShadowItem {
    ShadowItem {
        policy_set_id: shadow.policy_set_id.clone(),
        version_id: shadow.version_id.clone(),
        manifest_sha256: shadow.manifest_sha256.clone(),
        started_by: shadow.started_by.clone(),
        started_at: shadow.started_at,
        expires_at: shadow.expires_at,
        running: shadow.expires_at > call.now(),
    }
}

/// Begins one, unless another goes on: two who try candidates must not take them for each other's.
pub(crate) async fn begin(
    call: ZoneCall,
    Path(asked): Path<Version>,
    Body(body): Body<BeginShadow>,
) -> Result<Created<ShadowItem>, Refusal> {
    let hours = body.expires_in_hours.unwrap_or(HOURS);
    if !(1..=MAX_HOURS).contains(&hours) {
        let rule = format!("must be a whole number from 1 to {MAX_HOURS}");
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidBody,
            "expires_in_hours",
            rule,
        ));
    }
    let (version, documents) = bundle::of_version(&call, &asked.id, &asked.version).await?;
    let now = call.now();
    let shadow = PolicyShadow {
        policy_set_id: asked.id,
        version_id: asked.version,
        manifest_sha256: version.manifest_sha256,
        evaluated: documents.to_stored(),
        started_by: call.caller.attributed_to(),
        started_at: now,
        expires_at: now.plus(Duration::from_secs(u64::from(hours) * 3600)),
    };
    let mut change = call.change().await?;
    candidate::lock(&mut change).await?;
    require_zone(&mut *change).await?;
    candidate::expect_none(&mut change).await?;
    change.policy_sets().begin_shadow(&shadow).await?;
    candidate::announced(&mut change);
    let done = Done::with(http::StatusCode::CREATED)
        .note("version_id", shadow.version_id.as_str())
        .note("expires_at", shadow.expires_at.to_string());
    Ok(Created(change.answer(done, item(&call, &shadow)).await?))
}

/// Tells shadows apart: which version is decided since when. What is counted of one is no change of it.
fn tag(shadow: &PolicyShadow) -> String {
    let since = shadow.started_at.to_rfc3339_micros();
    sha256_hex(format!("{}\n{since}", shadow.version_id).as_bytes())
}

/// Ends it. What it differed in stays in the ledger.
pub(crate) async fn end(call: ZoneCall, wanted: IfMatch) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    candidate::lock(&mut change).await?;
    if let Some(shadow) = change.policy_sets().shadow().await? {
        wanted.allows(tag(&shadow))?;
    }
    if !change.policy_sets().end_shadow().await? {
        return Err(not_found());
    }
    candidate::announced(&mut change);
    change.commit(Done::no_content()).await?;
    Ok(NoContent)
}

/// What an event of a difference says.
#[derive(Deserialize)]
struct DifferenceEvent {
    application_id: String,
    resource: String,
    scopes: ScopeSet,
    change: DecisionChange,
    carried_out: bool,
    policy_set_version_id: Option<String>,
    reason: Option<String>,
}

/// What groups have in common.
#[derive(PartialEq, Eq, Hash)]
struct Key(DecisionChange, String, String, ScopeSet, Option<String>);

/// What it would have decided otherwise so far.
pub(crate) async fn report(call: ZoneCall) -> Result<Tagged<ShadowReport>, Refusal> {
    let shadow = call.read().await?.policy_sets().shadow().await?;
    let shadow = shadow.ok_or_else(not_found)?;
    let mut report = ShadowReport {
        shadow: item(&call, &shadow),
        newly_denied: 0,
        newly_allowed: 0,
        newly_held: 0,
        held_otherwise: 0,
        groups: Vec::new(),
        ungrouped: 0,
        complete: false,
    };
    let filter = AuditFilter {
        since: Some(shadow.started_at),
        event_types: vec![EventType::PolicyShadowed.as_str().to_owned()],
        ..AuditFilter::default()
    };
    let mut known: HashMap<Key, usize> = HashMap::new();
    let mut page = PageRequest::first(PAGE);
    for _ in 0..PAGES {
        // Each page in a unit of its own, so that nothing is held for long.
        let read = call.read().await?.ledger().search(&filter, &page).await?;
        for row in &read.items {
            count(&mut report, &mut known, &shadow, &row.event);
        }
        if let Some(next) = read.next {
            page.after = Some(next);
        } else {
            report.complete = true;
            break;
        }
    }
    report.groups.sort_by_key(|group| Reverse(group.decisions));
    Ok(Tagged(report, tag(&shadow)))
}

fn count(
    report: &mut ShadowReport,
    known: &mut HashMap<Key, usize>,
    shadow: &PolicyShadow,
    event: &AuditEvent,
) {
    let metadata = event.metadata_json.as_deref().map(RawValue::get);
    let told = metadata.and_then(|metadata| serde_json::from_str::<DifferenceEvent>(metadata).ok());
    let Some(told) =
        told.filter(|told| told.policy_set_version_id.as_deref() == Some(shadow.version_id.as_str()))
    else {
        return;
    };
    match told.change {
        DecisionChange::NewlyDenied => report.newly_denied += 1,
        DecisionChange::NewlyAllowed => report.newly_allowed += 1,
        DecisionChange::NewlyHeld => report.newly_held += 1,
        DecisionChange::HeldOtherwise => report.held_otherwise += 1,
    }
    let carried_out = u64::from(told.carried_out);
    let key = Key(
        told.change,
        told.application_id,
        told.resource,
        told.scopes,
        told.reason,
    );
    if let Some(group) = known.get(&key).and_then(|group| report.groups.get_mut(*group)) {
        group.decisions += 1;
        group.carried_out += carried_out;
        return;
    }
    if report.groups.len() >= GROUPS {
        report.ungrouped += 1;
        return;
    }
    let Key(change, application_id, resource, scopes, reason) = &key;
    report.groups.push(ShadowGroup {
        change: *change,
        application_id: application_id.clone(),
        resource: resource.clone(),
        scopes: scopes.clone(),
        reason: reason.clone(),
        decisions: 1,
        carried_out,
        // Pages come newest first.
        request_id: event.request_id.clone(),
    });
    known.insert(key, report.groups.len() - 1);
}
