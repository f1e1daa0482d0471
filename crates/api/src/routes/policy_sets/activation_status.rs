//! `GET /v1/zones/{zoneId}/policy-sets/{id}/activation-status`

use caracal_core::{PolicySetId, PolicySetVersionId, ZoneId};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path, Query},
    zones::{DirectoryError, ZoneState},
};
use caracal_storage::OutboxState;
use caracal_wire::{
    ErrorCode,
    control::policy_sets::{
        ActivationStatus, AskActivation, LoadState, MessageState, MessageStatus, Propagation, StsStatus,
        ZoneRead, ZoneUnread,
    },
};

use crate::call::{Call, ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicySetId>>,
    Query(asked): Query<AskActivation>,
) -> Result<Answer<ActivationStatus>, Refusal> {
    let outbox_id = asked.outbox_id.map(|id| id.0);
    let mut work = call.read().await?;
    let set = work
        .policy_sets()
        .get(&id)
        .await?
        .ok_or_else(|| Refusal::of(ErrorCode::PolicySetBindingNotFound).describe("no such policy set"))?;
    let active_version_id = set.active_version_id;
    let Some(version_id) = asked.version_id.or_else(|| active_version_id.clone()) else {
        return Err(Refusal::of(ErrorCode::ActivePolicySetVersionNotFound)
            .describe("no version of this policy set is in force"));
    };
    let manifest_sha256 = match &active_version_id {
        Some(active) => work
            .policy_sets()
            .version(&id, active)
            .await?
            .map(|version| version.manifest_sha256),
        None => None,
    };
    let outbox = match &outbox_id {
        Some(id) => work.outbox().status(id).await?,
        None => None,
    };
    drop(work);

    let active = active_version_id.as_ref() == Some(&version_id);
    let outbox = message(outbox_id, outbox);
    let sts = decides(&call, &call.zone, &version_id).await;
    Ok(Answer(ActivationStatus {
        zone_id: call.zone.clone(),
        policy_set_id: id,
        propagation_status: propagation(active, outbox.state, &sts, &version_id),
        version_id,
        active,
        active_version_id,
        manifest_sha256,
        outbox,
        sts,
    }))
}

fn propagation(
    active: bool,
    message: MessageState,
    sts: &StsStatus,
    version: &PolicySetVersionId,
) -> Propagation {
    if !active {
        return Propagation::WaitingForActivation;
    }
    match message {
        MessageState::Dead => return Propagation::Failed,
        MessageState::Pending => return Propagation::WaitingForOutbox,
        // Dispatched, or pruned since, or not asked about: what counts is what decides.
        MessageState::Dispatched | MessageState::Missing => {}
    }
    match sts {
        StsStatus::Read(zone) if zone.state == LoadState::Failed => Propagation::Failed,
        StsStatus::Read(zone) if zone.loaded && zone.policy_set_version_id.as_ref() == Some(version) => {
            Propagation::Loaded
        }
        StsStatus::Read(_) | StsStatus::Unread(_) => Propagation::WaitingForSts,
    }
}

fn message(id: Option<String>, outbox: Option<OutboxState>) -> MessageStatus {
    let Some(outbox) = outbox else {
        return MessageStatus {
            id: None,
            state: MessageState::Missing,
            attempts: 0,
            last_error: None,
            dispatched_at: None,
        };
    };
    MessageStatus {
        id,
        state: MessageState::parse(outbox.state).unwrap_or(MessageState::Missing),
        attempts: outbox.attempts,
        last_error: outbox.last_error,
        dispatched_at: outbox.dispatched_at,
    }
}

/// The picture in memory; read anew when it shows another version, since this process may not have heard yet.
async fn decides(call: &Call, zone: &ZoneId, version: &PolicySetVersionId) -> StsStatus {
    let is_it = |state: &ZoneState| {
        state.policy_in_force().identity().policy_set_version_id.as_ref() == Some(version)
    };
    let state = match call.role.zones.zone(zone).await {
        Ok(state) if is_it(&state) => Ok(state),
        Ok(_) => call.role.zones.reload(zone).await,
        Err(error) => Err(error),
    };
    match state {
        Ok(state) => StsStatus::Read(read(call, &state)),
        Err(DirectoryError::Unknown) => StsStatus::Unread(ZoneUnread {
            state: LoadState::NotLoaded,
        }),
        Err(DirectoryError::Unavailable) => StsStatus::Unread(ZoneUnread {
            state: LoadState::Unreachable,
        }),
    }
}

fn read(call: &Call, zone: &ZoneState) -> ZoneRead {
    let identity = zone.policy_in_force().identity();
    let version = identity.policy_set_version_id.clone();
    let state = match (zone.policy_in_force().unusable_reason(), &version) {
        (Some(_), _) => LoadState::Failed,
        (None, None) => LoadState::NotLoaded,
        (None, Some(_)) => LoadState::Loaded,
    };
    ZoneRead {
        state,
        loaded: state == LoadState::Loaded,
        zone_id: zone.zone.id.clone(),
        policy_set_version_id: version,
        manifest_sha256: identity.manifest_sha256.to_string(),
        loaded_at: zone.loaded_at,
        age_seconds: call.now().since(zone.loaded_at).as_secs(),
        detail: zone.policy_in_force().unusable_reason().map(str::to_owned),
    }
}
