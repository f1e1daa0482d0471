//! A version that decides for some of a zone's applications, taken back by itself.

use caracal_core::{
    CanaryId, PolicySetId, PolicySetVersionId,
    audit::{Draft, EventType, SpoolEvent as _},
    entity::{CanaryCounts, CanaryOutcome, NotificationType, PolicyCanary},
};
use caracal_storage::{Error, OutboxMessage, ZoneWork};
use caracal_wire::events::{DirectoryInvalidated, DirectoryKind};
use serde::Serialize;

use crate::{
    approvals::EvidenceWriter,
    evidence::audit_frame,
    notifications::{MAX_WAITING, notification},
};

/// What evidence and sinks are told.
#[derive(Serialize)]
struct TakenBack<'c> {
    canary_id: &'c CanaryId,
    policy_set_id: &'c PolicySetId,
    policy_set_version_id: &'c PolicySetVersionId,
    manifest_sha: &'c str,
    outcome: CanaryOutcome,
    share_percent: u32,
    /// What was judged.
    decisions: i64,
    denied: i64,
    newly_denied: i64,
    max_newly_denied_percent: u32,
    max_denied_percent: u32,
}

/// Adds what one process counted, and judges once enough was: the outcome where it is taken back now. Of any number of
/// processes that count at the same time one takes it back; what the others count then counts for nothing.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn count(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    id: &CanaryId,
    counts: &CanaryCounts,
) -> Result<Option<CanaryOutcome>, Error> {
    let Some(canary) = work.canaries().count(id, counts).await? else {
        return Ok(None);
    };
    if !canary.is_due() {
        return Ok(None);
    }
    if canary.denies_too_much() {
        return take_back(work, witness, &canary, CanaryOutcome::TooManyDenials).await;
    }
    work.canaries().judged(id).await?;
    Ok(None)
}

/// Takes back one that cannot be read, unless it has ended.
///
/// # Errors
/// As [`count`].
pub async fn unreadable(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    id: &CanaryId,
) -> Result<Option<CanaryOutcome>, Error> {
    match work.canaries().last().await? {
        Some(canary) if canary.id == *id && canary.is_running() => {
            take_back(work, witness, &canary, CanaryOutcome::Unreadable).await
        }
        _ => Ok(None),
    }
}

/// Ends it, tells whoever decides, and leaves evidence, all in one transaction.
async fn take_back(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    canary: &PolicyCanary,
    outcome: CanaryOutcome,
) -> Result<Option<CanaryOutcome>, Error> {
    let (world, zone) = (witness.world, work.zone_id().clone());
    if !work
        .canaries()
        .end(&canary.id, outcome, None, world.now())
        .await?
    {
        return Ok(None);
    }
    let about = TakenBack {
        canary_id: &canary.id,
        policy_set_id: &canary.policy_set_id,
        policy_set_version_id: &canary.version_id,
        manifest_sha: &canary.manifest_sha256,
        outcome,
        share_percent: canary.share_percent,
        decisions: canary.unjudged,
        denied: canary.unjudged_denied,
        newly_denied: canary.unjudged_newly_denied,
        max_newly_denied_percent: canary.max_newly_denied_percent,
        max_denied_percent: canary.max_denied_percent,
    };
    let kind = EventType::PolicyCanaryReturned;
    let event = Draft::new(world, &zone, kind, witness.request_id, "returned", &about);
    let (id, at) = (event.id().to_owned(), event.occurred_at());
    let told = notification(
        &zone,
        id,
        NotificationType::PolicyCanaryReturned,
        "returned",
        at,
        &about,
    )?;
    work.notifications().notify(&told, MAX_WAITING).await?;
    let frame = audit_frame(world, witness.keys, &event.undecided())?;
    let changed = DirectoryInvalidated {
        zone_id: zone.clone(),
        kind: DirectoryKind::Zone,
        id: zone.to_string(),
    };
    let changed = OutboxMessage::of(world, &changed)?;
    work.outbox().append(&[frame, changed]).await?;
    Ok(Some(outcome))
}
