//! Approvals as the STS speaks of them: how one stands, and what a person decides.

use caracal_core::{ApprovalId, Timestamp, entity::ApprovalState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ErrorCode;

/// Longest wait for a decision, in seconds; longer ones are cut to it.
pub const MAX_WAIT_SECONDS: u64 = 25;

/// What a decision of a person is refused with, by status.
pub const DECISION_REFUSALS: &[(u16, &[ErrorCode])] = &[
    (400, &[ErrorCode::InvalidToken]),
    (401, &[ErrorCode::InvalidToken, ErrorCode::InvalidDpopProof]),
    (403, &[ErrorCode::AccessDenied]),
    (404, &[ErrorCode::ResourceNotFound]),
    (409, &[ErrorCode::AccessDenied]),
    (503, &[ErrorCode::StsUnavailable]),
];

/// How long to wait for a decision.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WaitFor {
    /// Whole seconds, at most 25; 0 or absent answers at once.
    #[schema(value_type = Option<u64>)]
    pub wait: Option<String>,
}

/// How an approval stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApprovalStatus {
    /// Which one.
    pub id: ApprovalId,
    /// Where it stands.
    pub state: ApprovalState,
    /// When it ends, decided or not.
    pub expires_at: Timestamp,
}

caracal_core::words!(
    /// What a person says.
    Decision {
        /// Yes.
        Approved = "approved",
        /// No.
        Rejected = "rejected",
    }
);

/// Body that decides as the person a request is made for. Unknown members are ignored.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Decide {
    /// Yes or no.
    pub decision: Decision,
    /// The binding that the person was shown.
    #[schema(max_length = 64)]
    pub binding: String,
    /// Why; at most 500 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
}

/// Further members of the refusal of a request that waits for a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Held {
    /// Names it: to wait for, and to ask again with.
    pub approval_id: ApprovalId,
    /// `human_approval`.
    pub approval_type: String,
    /// Where it stands.
    pub state: ApprovalState,
    /// The tiers of policy that it falls under.
    pub tier: String,
    /// What it releases, and nothing else.
    pub binding: String,
    /// When it ends, decided or not.
    pub approval_expires_at: Timestamp,
    /// Where to wait for the decision, without a credential: the answer comes with it, or after 25 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_wait_url: Option<String>,
}

/// The one type of approval there is.
pub const HUMAN_APPROVAL: &str = "human_approval";
