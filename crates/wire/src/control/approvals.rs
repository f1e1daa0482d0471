//! Approvals as operators see and decide them.

use caracal_core::{
    ApplicationId, ApprovalId, AuthorityRecordId, HeldCall, JsonObject, Timestamp, ZoneId,
    entity::{Approval, ApprovalState, ApproverClass, PrivacyMode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Line;
use crate::approvals::HUMAN_APPROVAL;

/// Which approvals to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListApprovals {
    /// Only those that stand so now.
    pub state: Option<ApprovalState>,
    /// Only those of exactly these tiers.
    pub tier: Option<Line<64>>,
    /// Only those that this application, person or workload asked for.
    pub principal: Option<Line<128>>,
    /// Only those asked for at this time or later.
    pub since: Option<Timestamp>,
    /// Only those asked for at this time or earlier.
    pub until: Option<Timestamp>,
}

/// How many approvals stand how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalCounts {
    /// Nobody has decided.
    pub pending: u64,
    /// Someone said yes, and it was not used.
    pub approved: u64,
    /// Someone said no.
    pub rejected: u64,
    /// Its end came first.
    pub expired: u64,
    /// It was used.
    pub consumed: u64,
}

/// Body that decides. Unknown members are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecideApproval {
    /// Told in evidence; at most 500 characters, of which an empty text says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

/// What a decision changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalDecision {
    /// Which one.
    pub id: ApprovalId,
    /// Where it stands now: `pending` while others have to say yes as well.
    pub state: ApprovalState,
    /// When it was approved.
    pub satisfied_at: Option<Timestamp>,
    /// When it was rejected.
    pub rejected_at: Option<Timestamp>,
    /// Who decided last.
    pub approver_subject_id: Option<String>,
}

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalItem {
    /// Id.
    pub id: ApprovalId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Authority record that the request named; empty when none.
    pub session_id: String,
    /// Who asked.
    pub principal_id: String,
    /// Whether that is a federated person.
    pub principal_federated: bool,
    /// The application that asked; null of a workload.
    pub application_id: Option<ApplicationId>,
    /// `human_approval`.
    pub approval_type: String,
    /// The tiers of policy that it falls under.
    pub tier: Option<String>,
    /// Who may decide.
    pub approver_class: ApproverClass,
    /// What is kept of the approver, and told of the person.
    pub privacy_mode: PrivacyMode,
    /// The person that the request is made for, as far as the privacy mode tells.
    pub subject_anchor: Option<String>,
    /// What it releases, and nothing else: lower-case hexadecimal.
    pub binding: String,
    /// What was asked: scopes, resources, session and labels, and the policy it was asked under.
    #[schema(value_type = Object)]
    pub metadata_json: JsonObject,
    /// The one call that it releases, as far as the privacy mode tells; null where it releases a mandate or a credential.
    pub call: Option<HeldCall>,
    /// Why it was decided so.
    pub decision_reason: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ends, decided or not.
    pub expires_at: Timestamp,
    /// When it was approved.
    pub satisfied_at: Option<Timestamp>,
    /// When it was rejected.
    pub rejected_at: Option<Timestamp>,
    /// When it was used.
    pub consumed_at: Option<Timestamp>,
    /// When whoever asked gave it up, or a yes was taken back that nobody had used; it is `rejected` from then on.
    pub withdrawn_at: Option<Timestamp>,
    /// Who decided last; `asker` where whoever asked gave it up.
    pub approver_subject_id: Option<String>,
    /// Authority record that the approval was used for.
    pub consumed_authority_record_id: Option<AuthorityRecordId>,
    /// How many must say yes.
    pub approvals_required: u32,
    /// How many have.
    pub approvals_given: u32,
    /// How often the very same was approved before, as far as it is kept.
    pub prior_approved: u64,
    /// How often the very same was rejected before, as far as it is kept.
    pub prior_rejected: u64,
    /// Where it stands.
    pub state: ApprovalState,
}

impl ApprovalItem {
    /// An approval at `now`, with how often the same was approved and rejected, itself included.
    pub fn new(approval: Approval, now: Timestamp, (approved, rejected): (u64, u64)) -> Self {
        let own = |decided: Option<Timestamp>| u64::from(decided.is_some());
        let binding = approval.binding_hex();
        let identified = approval.privacy_mode == PrivacyMode::Identified;
        Self {
            state: approval.state(now),
            prior_approved: approved.saturating_sub(own(approval.satisfied_at)),
            prior_rejected: rejected.saturating_sub(own(approval.rejected_at)),
            id: approval.id,
            zone_id: approval.zone_id,
            session_id: approval
                .authority_record_id
                .map(|id| id.to_string())
                .unwrap_or_default(),
            principal_id: approval.principal_id,
            principal_federated: false,
            application_id: approval.application_id,
            approval_type: HUMAN_APPROVAL.to_owned(),
            tier: Some(approval.tier).filter(|tier| !tier.is_empty()),
            approver_class: approval.approver_class,
            privacy_mode: approval.privacy_mode,
            subject_anchor: approval.subject_anchor.filter(|_| identified),
            binding,
            metadata_json: approval.metadata,
            call: approval.call,
            decision_reason: approval.decision_reason,
            created_at: approval.created_at,
            expires_at: approval.expires_at,
            satisfied_at: approval.satisfied_at,
            rejected_at: approval.rejected_at,
            consumed_at: approval.consumed_at,
            withdrawn_at: approval.withdrawn_at,
            approver_subject_id: approval.approver_subject_id,
            consumed_authority_record_id: approval.consumed_record_id,
            approvals_required: approval.approvals_required,
            approvals_given: approval.approvals_given,
        }
    }
}
