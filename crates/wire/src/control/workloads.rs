//! Workloads: programs that the launcher starts with credentials.

use caracal_core::{
    WorkloadId, ZoneId,
    entity::{Attribution, OnFailure, Workload, WorkloadBinding},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Line, Name};

/// Body that makes a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorkload {
    /// Unique in the zone, whatever its case.
    pub name: Name<200>,
}

/// A variable that a workload is started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingBody {
    /// `[A-Za-z_][A-Za-z0-9_]*`, and no variable that makes a program load code.
    pub env: Name<200>,
    /// Identifier of the resource; it need not exist yet.
    pub resource: Name<500>,
    /// At most 32; none means the resource's.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub scopes: Vec<Line<200>>,
    /// Whether the program may start without it.
    #[serde(default)]
    pub optional: bool,
    /// What happens without it, of an optional one; `error` when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub on_failure: Option<OnFailure>,
}

changes! {
    /// Body that changes a workload.
    #[serde(deny_unknown_fields)]
    UpdateWorkload {
        /// Unique in the zone, whatever its case.
        name: Name<200>,
        /// Replaces the whole list; at most 64.
        #[schema(max_items = 64)]
        bindings: Vec<BindingBody>,
    }
}

/// A workload; never its secret's digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkloadItem {
    /// Id.
    pub id: WorkloadId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name.
    pub name: String,
    /// What it is started with.
    pub bindings: Vec<WorkloadBinding>,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
}

impl From<Workload> for WorkloadItem {
    fn from(workload: Workload) -> Self {
        Self {
            id: workload.id,
            zone_id: workload.zone_id,
            name: workload.name,
            bindings: workload.bindings,
            attribution: workload.attribution,
        }
    }
}

/// A workload together with its secret, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkloadWithSecret {
    /// The workload.
    #[serde(flatten)]
    pub workload: WorkloadItem,
    /// Its secret.
    pub secret: String,
}

/// A secret that was asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkloadSecret {
    /// The secret.
    pub secret: String,
}
