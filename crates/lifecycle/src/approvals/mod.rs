//! Requests that wait for a person: asked, decided, used once.
//!
//! Each step is one change of the row, with its evidence and its event in the outbox of the same transaction. A request
//! that asks for the same again finds what it asked for before.

mod binding;
mod decision;
mod difference;
mod ending;
mod evidence;
mod usage;

use std::{sync::Arc, time::Duration};

use caracal_authz::{
    approval::ApprovalRequirement,
    contract::{DECISION_CONTRACT_SHA256, DECISION_CONTRACT_VERSION},
};
use caracal_core::{
    ApprovalId, JsonObject, Shown, Timestamp,
    audit::EventType,
    entity::{Approval, NotificationType, PrivacyMode},
};
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;
use serde_json::{Map, Value};

use self::evidence::ApprovalMetadata;
pub use self::{
    binding::{AskedCall, Request},
    decision::{Approver, decide, give_up, withdraw},
    difference::{ApprovalMismatch, difference},
    ending::end_of_caller,
    evidence::EvidenceWriter,
    usage::{Use, answer_again, consume},
};
use crate::{Denial, Error};

/// How long what an approval released is answered again, should the first answer have been lost.
pub const ANSWERED_AGAIN: Duration = Duration::from_mins(2);

/// Most requests of one caller that wait at a time: a caller that asks for ever new things fills no inbox.
pub const MAX_PENDING: u64 = 1_000;

/// What the ledger and the sinks of a zone call what happens to an approval.
const ISSUED: (EventType, NotificationType) = (EventType::StepUpIssued, NotificationType::StepUpIssued);
const DECIDED: (EventType, NotificationType) = (EventType::StepUpDecided, NotificationType::StepUpDecided);
const CONSUMED: (EventType, NotificationType) = (EventType::StepUpConsumed, NotificationType::StepUpConsumed);

/// What is told of a request besides what it is bound to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Circumstances<'c> {
    /// The person it is made for.
    pub subject: Option<&'c str>,
    /// Labels of the session.
    pub labels: &'c [Arc<str>],
    /// Variable and name of a workload.
    pub workload: Option<(&'c str, &'c str)>,
}

/// Asks for an approval: opens one, or finds the one that was opened for the same request.
///
/// # Errors
/// 429 when more than [`MAX_PENDING`] of the caller wait already; as the storage.
pub async fn ask(
    work: &mut dyn ZoneWork,
    witness: &EvidenceWriter<'_>,
    request: &Request<'_>,
    requirement: &ApprovalRequirement,
    circumstances: &Circumstances<'_>,
) -> Result<Approval, Error> {
    let now = witness.world.now();
    let zone = work.zone_id().clone();
    let anchor = circumstances.subject.map(str::to_owned);
    let told = metadata(&zone, request, requirement.privacy, circumstances);
    let id = witness.world.uuid_v4().to_string();
    let id = ApprovalId::parse(&id).map_err(|error| caracal_storage::Error::Corrupt(error.to_string()))?;
    let approval = Approval {
        id,
        zone_id: zone,
        authority_record_id: request.record_id.cloned(),
        principal_id: request.principal_id.to_owned(),
        application_id: request.application_id.cloned(),
        tier: requirement.tier.clone(),
        approver_class: requirement.approver,
        privacy_mode: requirement.privacy,
        subject_anchor: anchor,
        binding: request.binding(),
        metadata: JsonObject::of(&told),
        call: request.call.map(|call| call.held(shown(requirement.privacy))),
        created_at: now,
        expires_at: now.plus(Duration::from_secs(u64::from(requirement.ttl_seconds))),
        approvals_required: requirement.approvals,
        approvals_given: 0,
        satisfied_at: None,
        rejected_at: None,
        consumed_at: None,
        withdrawn_at: None,
        approver_subject_id: None,
        approver_record_id: None,
        decision_reason: None,
        consumed_record_id: None,
    };
    let (approval, opened) = work.approvals().open(&approval).await?;
    if opened {
        if work.approvals().pending_of(&approval.principal_id, now).await? > MAX_PENDING {
            return Err(too_many().into());
        }
        let event = witness
            .tell(work, ISSUED, "pending", &approval, ApprovalMetadata::default())
            .await?;
        work.outbox().append(&[event]).await?;
    }
    Ok(approval)
}

fn metadata(
    zone: &caracal_core::ZoneId,
    request: &Request<'_>,
    privacy: PrivacyMode,
    circumstances: &Circumstances<'_>,
) -> Map<String, Value> {
    let mut told = Map::new();
    let mut tell = |name: &str, value: Value| told.insert(name.to_owned(), value);
    tell("requested_scopes", request.scopes.into());
    tell("resources", request.resources.into());
    if let Some(id) = request.session_id {
        tell("agent_session_id", id.as_str().into());
    }
    if !circumstances.labels.is_empty() {
        let labels = circumstances.labels.iter().map(AsRef::as_ref);
        tell("agent_labels", labels.collect());
    }
    if let Some(id) = request.delegation_id {
        tell("delegation_edge_id", id.as_str().into());
    }
    if let Some((env, name)) = circumstances.workload {
        tell("env", env.into());
        tell("workload_name", name.into());
    }
    if let Some(subject) = circumstances
        .subject
        .filter(|_| privacy == PrivacyMode::Pseudonymous)
    {
        tell("subject_pseudonym", pseudonym(zone, subject).into());
    }
    if let Some(call) = request.call {
        // The operation, which every event of a call has; what it carries stays out of evidence.
        tell("method", call.operation.http_method().into());
        tell("path", call.operation.path().into());
        if let Some(call) = call.operation.call() {
            tell("call", call.into());
        }
    }
    if let Some(version) = &request.policy.policy_set_version_id {
        tell("policy_set_version_id", version.as_str().into());
    }
    tell(
        "policy_manifest_sha",
        request.policy.manifest_sha256.as_ref().into(),
    );
    tell("decision_contract_version", DECISION_CONTRACT_VERSION.into());
    tell("decision_contract_sha", DECISION_CONTRACT_SHA256.into());
    told
}

/// How much of a call whoever decides is told, where that much is told of the person it is made for.
const fn shown(privacy: PrivacyMode) -> Shown {
    match privacy {
        PrivacyMode::Identified => Shown::Whole,
        PrivacyMode::Pseudonymous => Shown::Names,
        PrivacyMode::Anonymous => Shown::Nothing,
    }
}

/// The same person in the same zone has the same one; nobody tells whose it is without the zone's people.
fn pseudonym(zone: &caracal_core::ZoneId, subject: &str) -> String {
    let digest = caracal_crypto::sha256_hex(format!("{zone}\0{subject}").as_bytes());
    digest.chars().take(16).collect()
}

fn too_many() -> Denial {
    Denial {
        retry_after: Some(60),
        ..Denial::of(ErrorCode::ProviderRateLimited)
            .describe("too many requests of this caller wait for a person already")
    }
}

/// Tells the sinks of the zone of approvals that nobody decided before they ended, as far as they ended after `since`;
/// up to `limit`, and how many it were.
///
/// # Errors
/// As the storage.
pub async fn tell_expired(
    work: &mut dyn ZoneWork,
    since: Timestamp,
    now: Timestamp,
    limit: u32,
) -> Result<usize, caracal_storage::Error> {
    let ended = work.notifications().untold_expiries(since, now, limit).await?;
    for approval in &ended {
        // There are no more of them than of approvals; one left out would be found again and again.
        work.notifications()
            .notify(&evidence::expired(approval)?, u32::MAX)
            .await?;
    }
    Ok(ended.len())
}
