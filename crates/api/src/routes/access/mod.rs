//! `/v1/zones/{zoneId}/access`: who can be given what by the policy in force, as this process decides with it.

mod everybody;
pub(super) mod what_can;
pub(super) mod who_can;

use std::sync::Arc;

use caracal_authz::{PolicySnapshot, approval::ApprovalTier, document::Sources, reach::ReachPart};
use caracal_core::Timestamp;
use caracal_service::{
    Refusal,
    zones::{DirectoryError, ZoneState},
};
use caracal_storage::{PageKey, PageRequest};
use caracal_wire::{
    ErrorCode,
    control::access::{AskedCanary, AskedPolicy},
};

pub(super) use self::everybody::Everybody;
use crate::call::ZoneCall;

/// Most candidates that one page looks at: what one caller may keep a core busy with at a time.
const MAX_CANDIDATES: usize = 5_000;

/// The zone as this process decides in it.
pub(super) async fn state(call: &ZoneCall) -> Result<Arc<ZoneState>, Refusal> {
    let state = call.role.zones.zone(&call.zone).await;
    state.map_err(|error| match error {
        DirectoryError::Unknown => Refusal::of(ErrorCode::ZoneNotFound).describe("no such zone"),
        DirectoryError::Unavailable => Refusal::of(ErrorCode::StorageUnavailable),
    })
}

/// The zone with a policy in force that can be used.
pub(super) async fn zone(call: &ZoneCall) -> Result<Arc<ZoneState>, Refusal> {
    let state = state(call).await?;
    if let Some(reason) = state.policy_in_force().unusable_reason() {
        tracing::warn!(zone.id = %call.zone, reason, "a policy that cannot be used was asked about");
        return Err(Refusal::of(ErrorCode::PolicyVerificationUnavailable)
            .describe("the policy in force cannot be used, and denies everything"));
    }
    Ok(state)
}

/// The part of an answer that a page is. Positions mean something in the policy that they were given out for alone.
pub(super) fn part(policy: &PolicySnapshot, page: &PageRequest) -> Result<ReachPart, Refusal> {
    part_of(&policy.identity().manifest_sha256, page)
}

fn part_of(listing: &str, page: &PageRequest) -> Result<ReachPart, Refusal> {
    let stale = || {
        let rule = "is of another policy than the one in force, or of another listing";
        Refusal::invalid_field(ErrorCode::InvalidCursor, "cursor", rule)
    };
    let from = match &page.after {
        None => 0,
        Some(after) if *after.id == *listing => usize::try_from(after.at_micros).map_err(|_| stale())?,
        Some(_) => return Err(stale()),
    };
    Ok(ReachPart {
        from,
        rows: page.limit as usize,
        candidates: MAX_CANDIDATES,
    })
}

pub(super) fn cursor(policy: &PolicySnapshot, next: Option<usize>) -> Option<String> {
    cursor_of(&policy.identity().manifest_sha256, next)
}

fn cursor_of(listing: &str, next: Option<usize>) -> Option<String> {
    let position = i64::try_from(next?).ok()?;
    let at = Timestamp::from_micros(position);
    Some(PageKey::new(at, listing.to_owned()).to_cursor())
}

pub(super) fn policy(zone: &ZoneState, decides: &PolicySnapshot) -> AskedPolicy {
    let identity = decides.identity();
    AskedPolicy {
        policy_set_version_id: identity.policy_set_version_id.clone(),
        manifest_sha256: identity.manifest_sha256.to_string(),
        canary: zone.canary().and_then(|canary| {
            Some(AskedCanary {
                id: canary.id.clone(),
                policy_set_version_id: canary.policy.as_ref()?.identity().policy_set_version_id.clone()?,
            })
        }),
        frozen: zone.zone.frozen_at.is_some(),
    }
}

pub(super) fn tiers(gates: &[ApprovalTier]) -> Vec<String> {
    let mut tiers: Vec<String> = gates.iter().map(|gate| gate.tier.to_string()).collect();
    tiers.dedup();
    tiers
}

pub(super) fn versions(policies: &Sources) -> Vec<String> {
    policies.iter().map(ToString::to_string).collect()
}
