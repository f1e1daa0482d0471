//! What the launcher asks for: the variables of a workload, and the credential of each.

use caracal_core::{ApprovalId, WorkloadId, ZoneId, entity::WorkloadBinding};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ErrorCode,
    form::{trimmed, trimmed_if_any},
};

/// What both refuse with, by status.
pub const RUN_REFUSALS: &[(u16, &[ErrorCode])] = &[
    (400, &[ErrorCode::InvalidToken]),
    (401, &[ErrorCode::AccessDenied]),
    (403, &[ErrorCode::AccessDenied]),
    (404, &[ErrorCode::ResourceNotFound]),
    (413, &[ErrorCode::PayloadTooLarge]),
    (415, &[ErrorCode::InvalidToken]),
    (429, &[ErrorCode::ProviderRateLimited]),
    (503, &[ErrorCode::StsUnavailable]),
];

/// What the credential is refused with besides.
pub const CREDENTIAL_REFUSALS: &[(u16, &[ErrorCode])] = &[
    (401, &[ErrorCode::InteractionRequired]),
    (409, &[ErrorCode::ApprovalConsumed]),
    (502, &[ErrorCode::HttpRequestFailed]),
];

/// Asks for the variables of a workload.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ManifestForm {
    /// Who asks.
    #[serde(deserialize_with = "trimmed")]
    pub workload_id: WorkloadId,
    /// The proof.
    pub secret: String,
}

/// The variables of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Manifest {
    /// Zone.
    pub zone_id: ZoneId,
    /// Who asked.
    pub workload_id: WorkloadId,
    /// What it is started with.
    pub bindings: Vec<WorkloadBinding>,
}

/// Asks for the credential of one variable.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CredentialForm {
    /// Who asks.
    #[serde(deserialize_with = "trimmed")]
    pub workload_id: WorkloadId,
    /// The proof.
    pub secret: String,
    /// Which variable.
    #[serde(deserialize_with = "trimmed")]
    pub env: String,
    /// An approval to redeem.
    #[serde(default, deserialize_with = "trimmed_if_any")]
    pub approval_id: Option<ApprovalId>,
}

/// The credential of one variable. Not printable.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Credential {
    /// Which variable.
    pub env: String,
    /// Its value.
    pub credential: String,
    /// When it ends, seconds since the epoch, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}
