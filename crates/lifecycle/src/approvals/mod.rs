//! Requests that wait for a person: asked, decided, used once.
//!
//! Each step is one change of the row, with its evidence and its event in the outbox of the same transaction. A request
//! that asks for the same again finds what it asked for before.

mod binding;
mod difference;
mod evidence;

use std::{sync::Arc, time::Duration};

use caracal_authz::{
    approval::ApprovalRequirement,
    contract::{DECISION_CONTRACT_SHA256, DECISION_CONTRACT_VERSION},
};
use caracal_core::{
    ApplicationId, ApprovalId, AuthorityRecordId, JsonObject, Shown, Timestamp,
    audit::EventType,
    claims::SubjectType,
    entity::{
        Approval, ApprovalState, ApproverClass, AuthorityRecord, AuthorityRecordStatus, NotificationType,
        PrivacyMode,
    },
};
use caracal_storage::{OutboxMessage, Verdict, ZoneWork};
use caracal_wire::{ErrorCode, events::ApprovalDecided};
use serde_json::{Map, Value};

use self::evidence::Noted;
pub use self::{
    binding::{AskedCall, Request},
    difference::{Difference, difference},
    evidence::Witness,
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
    witness: &Witness<'_>,
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
            .tell(work, ISSUED, "pending", &approval, Noted::default())
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

/// Who decides.
#[derive(Debug, Clone, Copy)]
pub enum Approver<'a> {
    /// Someone who operates the zone, by the name they are known under.
    Operator(&'a str),
    /// The person, with the record of their session mandate.
    Subject(&'a str, &'a AuthorityRecordId),
}

impl Approver<'_> {
    const fn class(&self) -> ApproverClass {
        match self {
            Self::Operator(_) => ApproverClass::Operator,
            Self::Subject(..) => ApproverClass::Subject,
        }
    }

    /// What is kept of who it was.
    fn kept(&self, approval: &Approval) -> String {
        match self {
            Self::Operator(name) => (*name).to_owned(),
            Self::Subject(subject, _) => match approval.privacy_mode {
                PrivacyMode::Identified => format!("subject:{subject}"),
                PrivacyMode::Pseudonymous => {
                    format!("subject:pseudonym:{}", pseudonym(&approval.zone_id, subject))
                }
                PrivacyMode::Anonymous => String::from("subject:redacted"),
            },
        }
    }
}

/// Decides: yes or no, with a reason. Whoever waits is told with the commit.
///
/// # Errors
/// 404 `approval_not_found`; 403 `subject_approval_required` for an operator where only the person may; 409
/// `approval_not_decidable` with how it stands.
pub async fn decide(
    work: &mut dyn ZoneWork,
    witness: &Witness<'_>,
    id: &ApprovalId,
    by: Approver<'_>,
    (approve, reason): (bool, Option<&str>),
) -> Result<Approval, Error> {
    let now = witness.world.now();
    let approval = work.approvals().get(id).await?.ok_or_else(not_found)?;
    let verdict = Verdict {
        approve,
        approver_id: by.kept(&approval),
        approver_record_id: match by {
            Approver::Operator(_) => None,
            Approver::Subject(_, record) => Some(record.clone()),
        },
        class: by.class(),
        reason: reason.filter(|reason| !reason.is_empty()).map(str::to_owned),
        at: now,
    };
    if !work.approvals().decide(id, &verdict).await? {
        let approval = work.approvals().get(id).await?.ok_or_else(not_found)?;
        return Err(not_decidable(&approval, by.class(), now).into());
    }
    let decided = work.approvals().get(id).await?.ok_or_else(not_found)?;
    let (plane, record) = match by {
        Approver::Operator(_) => ("operator", None),
        Approver::Subject(_, record) => ("subject", Some(record)),
    };
    let noted = Noted {
        approver_plane: Some(plane),
        approver_subject_id: Some(&verdict.approver_id),
        approver_session_id: record,
        reason: verdict.reason.as_deref(),
        ..Noted::default()
    };
    let word = if approve { "approved" } else { "rejected" };
    let mut messages = vec![witness.tell(work, DECIDED, word, &decided, noted).await?];
    let state = decided.state(now);
    if state != ApprovalState::Pending {
        let told = ApprovalDecided {
            zone_id: decided.zone_id.clone(),
            approval_id: decided.id.clone(),
            state,
        };
        messages.push(OutboxMessage::of(witness.world, &told)?);
    }
    work.outbox().append(&messages).await?;
    Ok(decided)
}

/// Takes back a yes that nobody has used: from then on it is a no.
///
/// # Errors
/// 404 `approval_not_found`; 409 `approval_not_decidable` with how it stands.
pub async fn withdraw(
    work: &mut dyn ZoneWork,
    witness: &Witness<'_>,
    id: &ApprovalId,
    name: &str,
    reason: Option<&str>,
) -> Result<Approval, Error> {
    let now = witness.world.now();
    let verdict = Verdict {
        approve: false,
        approver_id: name.to_owned(),
        approver_record_id: None,
        class: ApproverClass::Operator,
        reason: reason.filter(|reason| !reason.is_empty()).map(str::to_owned),
        at: now,
    };
    let withdrawn = work.approvals().withdraw(id, &verdict).await?;
    let approval = work.approvals().get(id).await?.ok_or_else(not_found)?;
    if !withdrawn {
        let denial =
            Denial::of(ErrorCode::ApprovalNotDecidable).describe("there is no yes that nobody has used");
        let state = Some(approval.state(now));
        return Err(Denial { state, ..denial }.into());
    }
    let noted = Noted {
        approver_plane: Some("operator"),
        approver_subject_id: Some(&verdict.approver_id),
        reason: verdict.reason.as_deref(),
        ..Noted::default()
    };
    let event = witness.tell(work, DECIDED, "withdrawn", &approval, noted).await?;
    work.outbox().append(&[event]).await?;
    Ok(approval)
}

fn too_many() -> Denial {
    Denial {
        retry_after: Some(60),
        ..Denial::of(ErrorCode::ProviderRateLimited)
            .describe("too many requests of this caller wait for a person already")
    }
}

fn not_found() -> Denial {
    Denial::of(ErrorCode::ApprovalNotFound).describe("no such approval")
}

fn not_decidable(approval: &Approval, class: ApproverClass, now: Timestamp) -> Denial {
    let state = approval.state(now);
    if state == ApprovalState::Pending
        && class == ApproverClass::Operator
        && approval.approver_class == ApproverClass::Subject
    {
        return Denial::of(ErrorCode::SubjectApprovalRequired)
            .describe("only the person the request is made for can decide");
    }
    Denial {
        state: Some(state),
        ..Denial::of(ErrorCode::ApprovalNotDecidable).describe("the approval is not open to this decision")
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

/// What an approval is used for.
#[derive(Debug, Clone, Copy)]
pub enum Use<'u> {
    /// A mandate: its record is made in the same transaction.
    Mandate {
        /// The record.
        id: &'u AuthorityRecordId,
        /// The application it is given to.
        application: &'u ApplicationId,
        /// The record it hangs on, which ends it.
        parent: Option<&'u AuthorityRecordId>,
        /// Its end.
        expires_at: Timestamp,
    },
    /// A credential, which is no record.
    Credential,
    /// One call, by the mandate of this id.
    Call(&'u str),
}

/// Uses the approval up, once; whether it was. The record the request named must still be alive.
///
/// # Errors
/// As the storage.
pub async fn consume(
    work: &mut dyn ZoneWork,
    witness: &Witness<'_>,
    approval: &Approval,
    used: Use<'_>,
) -> Result<bool, caracal_storage::Error> {
    let now = witness.world.now();
    if let Some(id) = &approval.authority_record_id {
        let record = work.authority_records().get(id).await?;
        if !record.is_some_and(|record| record.is_live(now)) {
            return Ok(false);
        }
    }
    let record = match used {
        Use::Mandate { id, .. } => Some(id),
        Use::Credential | Use::Call(_) => None,
    };
    if !work.approvals().consume(&approval.id, record, now).await? {
        return Ok(false);
    }
    if let Use::Mandate {
        id,
        application,
        parent,
        expires_at,
    } = used
    {
        // One that was forgotten ended; what hangs on it ends by its other ends.
        let parent = match parent {
            Some(parent) => work
                .authority_records()
                .get(parent)
                .await?
                .map(|record| record.id),
            None => None,
        };
        let record = AuthorityRecord {
            id: id.clone(),
            zone_id: approval.zone_id.clone(),
            subject_type: SubjectType::Application,
            subject_id: application.to_string(),
            application_id: application.clone(),
            parent_id: parent,
            status: AuthorityRecordStatus::Active,
            expires_at,
            authenticated_at: now,
            issuer: None,
            created_at: now,
            revoked_at: None,
            revoked_reason: None,
        };
        work.authority_records().create(&record).await?;
    }
    let noted = Noted {
        authority_record_id: record,
        jti: match used {
            Use::Call(jti) => Some(jti),
            Use::Mandate { .. } | Use::Credential => None,
        },
        ..Noted::default()
    };
    let event = witness.tell(work, CONSUMED, "consumed", approval, noted).await?;
    work.outbox().append(&[event]).await?;
    Ok(true)
}

/// The record that a used approval released, where it may be answered again: a moment ago, and still alive.
///
/// # Errors
/// As the storage.
pub async fn answer_again(
    work: &mut dyn ZoneWork,
    witness: &Witness<'_>,
    approval: &Approval,
) -> Result<Option<AuthorityRecord>, caracal_storage::Error> {
    let now = witness.world.now();
    let recent = approval
        .consumed_at
        .is_some_and(|at| now.since(at) <= ANSWERED_AGAIN);
    let Some(id) = approval.consumed_record_id.as_ref().filter(|_| recent) else {
        return Ok(None);
    };
    let record = work.authority_records().get(id).await?;
    let Some(record) = record.filter(|record| record.is_live(now)) else {
        return Ok(None);
    };
    let noted = Noted {
        authority_record_id: Some(id),
        reissued: Some(true),
        ..Noted::default()
    };
    let event = witness.tell(work, CONSUMED, "consumed", approval, noted).await?;
    work.outbox().append(&[event]).await?;
    Ok(Some(record))
}
