//! Programs that the launcher starts, and the credentials it gives them.

use serde::{Deserialize, Serialize};

use super::Attribution;
use crate::{WorkloadId, ZoneId, words};

words!(
    /// What the launcher does when it gets no credential for a variable that is optional.
    OnFailure {
        /// Says so and starts the program without it.
        Warn = "warn",
        /// Does not start the program.
        Error = "error",
    }
);

/// A variable in the environment of a workload and the resource whose credential it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WorkloadBinding {
    /// Name of the variable.
    pub env: String,
    /// Identifier of the resource, which need not exist yet.
    pub resource: String,
    /// Scopes to ask for; absent means the resource's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Whether the program may start without it; absent means no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// What happens without it, of an optional one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub on_failure: Option<OnFailure>,
}

/// A program that the launcher starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Id, unique over the deployment.
    pub id: WorkloadId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name, unique in the zone whatever its case.
    pub name: String,
    /// Stored digest of its secret (`crypto::secret_hash`).
    pub secret_hash: String,
    /// What it is started with, each variable once.
    pub bindings: Vec<WorkloadBinding>,
    /// Who and when.
    pub attribution: Attribution,
}
