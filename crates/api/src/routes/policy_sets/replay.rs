//! `POST /v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/replay`

use std::sync::Arc;

use caracal_authz::{
    PolicyIdentity, PolicySnapshot,
    replay::{ChangedGroup, Replay, ReplayBounds, ReplayPart},
};
use caracal_core::audit::{DecisionChange, Undecidable};
use caracal_service::{
    Refusal,
    front::{Answer, Body, Path},
};
use caracal_wire::{
    ErrorCode,
    control::replay::{AskReplay, ReplayGroup, Replayed, UndecidableDecisions},
};

use super::{bundle, versions::Version};
use crate::{
    call::ZoneCall,
    evidence_window::{EventVisitor, Window, WindowQuery},
};

/// A window of which nothing is said, in hours.
const HOURS: u32 = 24;
/// Most events that a caller may ask to be looked at before there is an answer.
const MAX_LIMIT: u32 = 5_000_000;
/// Most request ids of a group, and how many unless the caller says.
const MAX_SAMPLES: u32 = 50;
const SAMPLES: u32 = 5;
/// Most groups of an answer, and most bytes of what they are told apart by.
const GROUPS: usize = 1000;
const GROUP_BYTES: usize = 256 * 1024;

impl EventVisitor for Replay {
    type Part = ReplayPart;

    fn event(&self, body: &str, part: &mut ReplayPart) {
        Self::event(self, body, part);
    }

    fn take(&mut self, part: ReplayPart) {
        Self::take(self, part);
    }
}

/// Tells what would change if a version were in force. Changes nothing.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(asked): Path<Version>,
    Body(body): Body<AskReplay>,
) -> Result<Answer<Replayed>, Refusal> {
    let bounded = |name: &str, asked: Option<u32>, least: u32, most: u32| match asked {
        Some(asked) if !(least..=most).contains(&asked) => {
            let rule = format!("must be a whole number from {least} to {most}");
            Err(Refusal::invalid_field(ErrorCode::InvalidBody, name, rule))
        }
        asked => Ok(asked),
    };
    let limit = bounded("limit", body.limit, 1, MAX_LIMIT)?.map_or(u64::MAX, u64::from);
    let samples = bounded("samples", body.samples, 0, MAX_SAMPLES)?.unwrap_or(SAMPLES);

    let turn = call.role.policy_work.long.begin(&call.share()).await?;
    let mut window = Window::open(
        &call,
        WindowQuery {
            hours: body.hours,
            since: body.since,
            until: body.until,
            cursor: body.cursor.as_deref(),
            otherwise: HOURS,
        },
    )
    .await?;
    let (version, documents) = bundle::of_version(&call, &asked.id, &asked.version).await?;
    let identity = PolicyIdentity {
        policy_set_id: Some(asked.id.clone()),
        policy_set_version_id: Some(asked.version.clone()),
        manifest_sha256: version.manifest_sha256.as_str().into(),
    };
    let policy = Arc::new(PolicySnapshot::build(identity, &documents));

    let bounds = ReplayBounds {
        groups: GROUPS,
        bytes: GROUP_BYTES,
        samples: samples as usize,
    };
    let replay = Replay::new(policy, call.zone.as_str(), window.within.clone(), bounds);
    let report = window.show(&call, &turn, limit, replay).await?.finish();
    let undecidable = Undecidable::ALL.iter().filter_map(|reason| {
        let decisions = *report.undecidable.get(reason.as_str())?;
        Some(UndecidableDecisions {
            reason: *reason,
            decisions,
        })
    });
    Ok(Answer(Replayed {
        policy_set_id: asked.id,
        version_id: asked.version,
        manifest_sha256: version.manifest_sha256,
        since: window.within.start,
        until: window.within.end,
        decisions: report.decisions,
        unchanged: report.unchanged,
        newly_denied: report.count(DecisionChange::NewlyDenied),
        newly_allowed: report.count(DecisionChange::NewlyAllowed),
        newly_held: report.count(DecisionChange::NewlyHeld),
        held_otherwise: report.count(DecisionChange::HeldOtherwise),
        undecidable: undecidable.collect(),
        other_events: report.others,
        ungrouped: report.ungrouped,
        groups: report.groups.into_iter().map(group).collect(),
        complete: window.entries_left() == 0,
        entries_left: window.entries_left(),
        next_cursor: window.cursor(),
    }))
}

fn group(group: ChangedGroup) -> ReplayGroup {
    ReplayGroup {
        change: group.change,
        application_id: group.principal,
        resource: group.resource,
        scopes: group.scopes,
        reason: group.reason,
        decisions: group.decisions,
        request_ids: group.requests,
    }
}
