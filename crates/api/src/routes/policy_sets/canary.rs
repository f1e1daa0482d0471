//! `/v1/zones/{zoneId}/policy-canary`, and where one begins: a version that decides for some applications.

use caracal_core::{
    CanaryId,
    entity::{CanaryOutcome, PolicyCanary},
};
use caracal_service::{
    Refusal,
    front::{Accepted, Body, Created, IfMatch, NoContent, Path, Versioned},
};
use caracal_storage::Lock;
use caracal_wire::{
    ErrorCode,
    control::{
        canary::{CanaryItem, CanaryRules},
        policy_sets::Activated,
    },
};
use http::StatusCode;

use super::{CODE, activate as activation, bundle, candidate, versions::Version};
use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
    fields::no_fields,
};

/// Decisions before a judgement where whoever begins says nothing, and the most.
const MIN_DECISIONS: u32 = 100;
const MOST_DECISIONS: u32 = 1_000_000;
/// Of a hundred, where whoever begins says nothing.
const NEWLY_DENIED: u32 = 5;
const DENIED: u32 = 100;

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::PolicyCanaryNotFound).describe("no version decides for some applications")
}

/// The rules that a body says, each within its bounds.
fn checked(rules: &CanaryRules) -> Result<(), Refusal> {
    for (field, value, from, to) in [
        ("share_percent", rules.share_percent, 1, 100),
        ("min_decisions", rules.min_decisions, 1, MOST_DECISIONS),
        ("max_newly_denied_percent", rules.max_newly_denied_percent, 0, 100),
        ("max_denied_percent", rules.max_denied_percent, 0, 100),
    ] {
        if value.is_some_and(|value| !(from..=to).contains(&value)) {
            let rule = format!("must be a whole number from {from} to {to}");
            return Err(Refusal::invalid_field(CODE, field, rule));
        }
    }
    Ok(())
}

/// The one that runs, held against those who begin and end candidates.
async fn running(change: &mut ZoneChange<'_>, wanted: &IfMatch) -> Result<PolicyCanary, Refusal> {
    candidate::lock(change).await?;
    let canary = change.canaries().last().await?;
    let canary = canary.filter(PolicyCanary::is_running).ok_or_else(not_found)?;
    wanted.allows(canary.version)?;
    Ok(canary)
}

/// Begins one beside the version in force, unless another candidate goes on.
pub(crate) async fn begin(
    call: ZoneCall,
    Path(asked): Path<Version>,
    Body(rules): Body<CanaryRules>,
) -> Result<Created<CanaryItem>, Refusal> {
    checked(&rules)?;
    let share_percent = rules
        .share_percent
        .ok_or_else(|| Refusal::invalid_field(CODE, "share_percent", "is required"))?;
    let (version, documents) = bundle::of_version(&call, &asked.id, &asked.version).await?;
    let canary = PolicyCanary {
        id: CanaryId::generate(&call.role.world),
        policy_set_id: asked.id,
        version_id: asked.version,
        manifest_sha256: version.manifest_sha256,
        evaluated: documents.to_stored(),
        share_percent,
        min_decisions: rules.min_decisions.unwrap_or(MIN_DECISIONS),
        max_newly_denied_percent: rules.max_newly_denied_percent.unwrap_or(NEWLY_DENIED),
        max_denied_percent: rules.max_denied_percent.unwrap_or(DENIED),
        started_by: call.caller.attributed_to(),
        started_at: call.now(),
        version: 1,
        decisions: 0,
        denied: 0,
        newly_denied: 0,
        newly_held: 0,
        newly_allowed: 0,
        unjudged: 0,
        unjudged_denied: 0,
        unjudged_newly_denied: 0,
        ended_at: None,
        outcome: None,
        ended_by: None,
    };
    let mut change = call.change().await?;
    candidate::lock(&mut change).await?;
    // It is measured against what is in force, so that must not become another meanwhile.
    change.lock(Lock::PolicyActivation).await?;
    require_zone(&mut *change).await?;
    candidate::expect_none(&mut change).await?;
    let in_force = change.policy_sets().active().await?;
    let conflict = |text| Refusal::of(ErrorCode::Conflict).describe(text);
    match in_force.map(|active| active.version.id) {
        None => {
            return Err(conflict(
                "no version is in force that could decide for the others",
            ));
        }
        Some(id) if id == canary.version_id => return Err(conflict("the version is in force already")),
        Some(_) => {}
    }
    change.canaries().begin(&canary).await?;
    candidate::announced(&mut change);
    let done = Done::with(StatusCode::CREATED)
        .note("canary_id", canary.id.as_str())
        .note("version_id", canary.version_id.as_str())
        .note("share_percent", canary.share_percent);
    let begun = CanaryItem::from(canary);
    Ok(Created(change.answer(done, begun).await?))
}

/// The last one, with what was counted of it.
pub(crate) async fn get(call: ZoneCall) -> Result<Versioned<CanaryItem>, Refusal> {
    let canary = call.read().await?.canaries().last().await?;
    let canary = canary.ok_or_else(not_found)?;
    let version = canary.version;
    Ok(Versioned(canary.into(), version))
}

/// Changes its rules; what was counted under others is counted anew.
pub(crate) async fn change(
    call: ZoneCall,
    wanted: IfMatch,
    Body(rules): Body<CanaryRules>,
) -> Result<Versioned<CanaryItem>, Refusal> {
    if rules.is_empty() {
        return Err(no_fields());
    }
    checked(&rules)?;
    let mut change = call.change().await?;
    let mut canary = running(&mut change, &wanted).await?;
    let before = canary.share_percent;
    canary.share_percent = rules.share_percent.unwrap_or(before);
    canary.min_decisions = rules.min_decisions.unwrap_or(canary.min_decisions);
    canary.max_newly_denied_percent = rules
        .max_newly_denied_percent
        .unwrap_or(canary.max_newly_denied_percent);
    canary.max_denied_percent = rules.max_denied_percent.unwrap_or(canary.max_denied_percent);
    if !change.canaries().change(&canary).await? {
        return Err(not_found());
    }
    candidate::announced(&mut change);
    let changed = change.canaries().last().await?.ok_or_else(not_found)?;
    let done = Done::ok()
        .note("canary_id", changed.id.as_str())
        .note("share_percent_before", before)
        .note("share_percent", changed.share_percent);
    change.commit(done).await?;
    let version = changed.version;
    Ok(Versioned(changed.into(), version))
}

/// Puts its version in force for everybody, the way that every version is.
pub(crate) async fn activate(call: ZoneCall, wanted: IfMatch) -> Result<Accepted<Activated>, Refusal> {
    let canary = call.read().await?.canaries().last().await?;
    let canary = canary.filter(PolicyCanary::is_running).ok_or_else(not_found)?;
    let ready = activation::ready(&call, &canary.policy_set_id, &canary.version_id).await?;
    let mut change = call.change().await?;
    // It may have been taken back while its policies were read.
    let canary = running(&mut change, &wanted).await.and_then(|now| {
        if now.id == canary.id {
            Ok(now)
        } else {
            Err(not_found())
        }
    })?;
    let by = call.caller.attributed_to();
    let ended = change
        .canaries()
        .end(&canary.id, CanaryOutcome::Finished, Some(&by), call.now());
    if !ended.await? {
        return Err(not_found());
    }
    let done = Done::with(StatusCode::ACCEPTED).note("canary_id", canary.id.as_str());
    activation::carry_out(change, ready, done).await
}

/// Takes it back: the version in force decides for everybody again.
pub(crate) async fn end(call: ZoneCall, wanted: IfMatch) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    let canary = running(&mut change, &wanted).await?;
    let by = call.caller.attributed_to();
    let ended = change
        .canaries()
        .end(&canary.id, CanaryOutcome::Ended, Some(&by), call.now());
    if !ended.await? {
        return Err(not_found());
    }
    candidate::announced(&mut change);
    let done = Done::no_content()
        .note("canary_id", canary.id.as_str())
        .note("version_id", canary.version_id.as_str());
    change.commit(done).await?;
    Ok(NoContent)
}
