//! What the ledger is told of an approval.

use caracal_core::{
    AuthorityRecordId, Timestamp, World,
    audit::{Draft, EventType, SpoolEvent as _},
    entity::{Approval, NotificationType, PrivacyMode},
};
use caracal_crypto::HmacRing;
use caracal_storage::{Error, Notification, OutboxMessage, ZoneWork};
use caracal_wire::events::ApprovalDecided;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    evidence::audit_frame,
    notifications::{MAX_WAITING, notification},
};

/// Who writes evidence down, and of which request.
#[derive(Debug, Clone, Copy)]
pub struct EvidenceWriter<'w> {
    /// Time and randomness.
    pub world: &'w World,
    /// Signs it; without keys it travels unsigned.
    pub keys: Option<&'w HmacRing>,
    /// The request.
    pub request_id: &'w str,
}

/// What an event says beyond the approval itself.
#[derive(Debug, Default, Serialize)]
pub(super) struct ApprovalMetadata<'n> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approver_plane: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approver_subject_id: Option<&'n str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approver_session_id: Option<&'n AuthorityRecordId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'n str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authority_record_id: Option<&'n AuthorityRecordId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reissued: Option<bool>,
    /// The mandate of the call that it was used for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jti: Option<&'n str>,
}

#[derive(Serialize)]
struct About<'a> {
    challenge_id: &'a str,
    tier: &'a str,
    approver_class: &'static str,
    privacy_mode: &'static str,
    binding: String,
    expires_at: String,
    principal_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a AuthorityRecordId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_anchor: Option<&'a str>,
    /// Scopes, resources, session, labels, delegation and policy, as they were asked for.
    #[serde(flatten)]
    asked: Map<String, Value>,
    #[serde(flatten)]
    noted: ApprovalMetadata<'a>,
}

impl<'a> About<'a> {
    fn of(approval: &'a Approval, noted: ApprovalMetadata<'a>) -> Result<Self, Error> {
        let asked = serde_json::from_str(approval.metadata.as_str());
        let identified = approval.privacy_mode == PrivacyMode::Identified;
        Ok(Self {
            challenge_id: approval.id.as_str(),
            tier: &approval.tier,
            approver_class: approval.approver_class.as_str(),
            privacy_mode: approval.privacy_mode.as_str(),
            binding: approval.binding_hex(),
            expires_at: approval.expires_at.to_rfc3339_micros(),
            principal_id: &approval.principal_id,
            application_id: approval.application_id.as_ref().map(AsRef::as_ref),
            session_id: approval.authority_record_id.as_ref(),
            subject_anchor: approval.subject_anchor.as_deref().filter(|_| identified),
            asked: asked.map_err(|error| Error::Corrupt(error.to_string()))?,
            noted,
        })
    }
}

/// That nobody decided an approval in time, as the sinks of its zone are told.
pub(super) fn expired(approval: &Approval) -> Result<Notification, Error> {
    notification(
        &approval.zone_id,
        format!("expired:{}", approval.id),
        NotificationType::StepUpExpired,
        "expired",
        approval.expires_at,
        About::of(approval, ApprovalMetadata::default())?,
    )
}

impl EvidenceWriter<'_> {
    /// What whoever waits for a decision is told.
    pub(super) fn decided(&self, approval: &Approval, now: Timestamp) -> Result<OutboxMessage, Error> {
        let told = ApprovalDecided {
            zone_id: approval.zone_id.clone(),
            approval_id: approval.id.clone(),
            state: approval.state(now),
        };
        OutboxMessage::of(self.world, &told)
    }

    /// Tells the sinks of the zone; what is returned tells the ledger.
    pub(super) async fn tell(
        &self,
        work: &mut dyn ZoneWork,
        (kind, told): (EventType, NotificationType),
        decision: &'static str,
        approval: &Approval,
        noted: ApprovalMetadata<'_>,
    ) -> Result<OutboxMessage, Error> {
        let about = About::of(approval, noted)?;
        let event = Draft::new(
            self.world,
            &approval.zone_id,
            kind,
            self.request_id,
            decision,
            &about,
        );
        let (id, at) = (event.id().to_owned(), event.occurred_at());
        let notification = notification(&approval.zone_id, id, told, decision, at, &about)?;
        work.notifications().notify(&notification, MAX_WAITING).await?;
        audit_frame(self.world, self.keys, &event.undecided())
    }
}
