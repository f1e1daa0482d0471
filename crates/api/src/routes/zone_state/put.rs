//! `PUT /v1/zones/{zoneId}/state`

use caracal_service::{
    Refusal,
    front::{Body, IfMatch, QueryOnce, Tagged},
};
use caracal_wire::{
    ErrorCode,
    control::zone_state::{ApplyState, StatePlan, ZoneState},
};

use super::{
    DEFAULT_MANAGER, MAX_OBJECTS,
    carry_out::{carry_out, overtaken, take_turn},
    compare::Options,
    export::{Export, digest},
    live::Live,
    planning::plan,
    turn,
};
use crate::{
    call::{ZoneCall, require_zone},
    change::Done,
};

/// What is told is told of the zone as it was read: with the digest in `If-Match`, what was reviewed is what is applied.
pub(crate) async fn handle(
    call: ZoneCall,
    QueryOnce(asked): QueryOnce<ApplyState>,
    wanted: IfMatch,
    Body(document): Body<ZoneState>,
) -> Result<Tagged<StatePlan>, Refusal> {
    let dry_run = asked.dry_run == Some(true);
    let options = Options {
        manager: asked
            .manager
            .map_or_else(|| DEFAULT_MANAGER.to_owned(), |manager| manager.0),
        prune: asked.prune == Some(true),
        take_over: asked.take_over == Some(true),
    };
    check_size(&document)?;
    let _turn = turn(&call).await?;
    let mut work = call.read().await?;
    require_zone(work.as_mut()).await?;
    let mut live = Live::read(&call, work.as_mut()).await?;
    let export = Export::of(&live)?;
    let before = digest(&export.document());
    wanted.allows(&before)?;
    let seen = live.fingerprint();
    let plan = plan(&call, work, &mut live, &export, document, &options).await?;

    let changes = plan.changes();
    let (unchanged, undeclared) = plan.untouched();
    let applied = !dry_run && !changes.is_empty();
    let mut after = before.clone();
    if applied {
        let mut change = call.change().await?;
        take_turn(&mut change).await?;
        require_zone(&mut *change).await?;
        let now = Live::read(&call, &mut *change).await?;
        if now.fingerprint() != seen {
            return Err(overtaken());
        }
        carry_out(&mut change, &now, &plan, &options).await?;
        after = digest(&Export::of(&Live::read(&call, &mut *change).await?)?.document());
        let done = Done::ok()
            .note("manager", options.manager)
            .note("changed_objects", changes.len())
            .note("digest_before", before.as_str())
            .note("digest_after", after.as_str());
        change.commit(done).await?;
    }
    let told = StatePlan {
        dry_run,
        applied,
        digest: after.clone(),
        changes,
        unchanged,
        undeclared,
        warnings: plan.warnings,
    };
    Ok(Tagged(told, after))
}

/// # Errors
/// 400 for more objects than a zone may have that is told as a document.
fn check_size(document: &ZoneState) -> Result<(), Refusal> {
    fn len<T>(section: Option<&Vec<T>>) -> usize {
        section.map_or(0, Vec::len)
    }
    let objects = len(document.applications.as_ref())
        + len(document.workloads.as_ref())
        + len(document.providers.as_ref())
        + len(document.resources.as_ref())
        + len(document.subject_issuers.as_ref())
        + len(document.policies.as_ref())
        + len(document.policy_sets.as_ref())
        + len(document.notification_sinks.as_ref());
    if objects > MAX_OBJECTS {
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidZoneState,
            "",
            format!("must declare at most {MAX_OBJECTS} objects"),
        ));
    }
    Ok(())
}
