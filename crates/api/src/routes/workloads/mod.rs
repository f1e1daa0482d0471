//! `/v1/zones/{zoneId}/workloads`: programs that the launcher starts with credentials.

pub(super) mod bindings;
pub(super) mod create;
pub(super) mod delete;
pub(super) mod get;
pub(super) mod list;
pub(super) mod reveal;
pub(super) mod rotate;
pub(super) mod update;

use caracal_core::{Secret, entity::Workload};
use caracal_crypto::Location;
use caracal_service::Refusal;
use caracal_storage::Error;
use caracal_wire::{ErrorCode, control::workloads::WorkloadWithSecret};

use crate::{change::ZoneChange, custody, fields::on_conflict};

const CODE: ErrorCode = ErrorCode::InvalidWorkload;
/// How secrets of workloads begin.
const SECRET_PREFIX: &str = "ws_";

/// Keeps a copy of the workload's secret that can be revealed.
async fn keep_secret(
    change: &mut ZoneChange<'_>,
    workload: &Workload,
    secret: &Secret,
) -> Result<(), Refusal> {
    let location = Location::workload_secret(&workload.zone_id, &workload.id);
    custody::keep(change, &location, secret).await
}

fn with_secret(workload: Workload, secret: &Secret) -> WorkloadWithSecret {
    WorkloadWithSecret {
        workload: workload.into(),
        secret: secret.expose().to_owned(),
    }
}

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::WorkloadNotFound).describe("no such workload")
}

fn name_taken(error: Error) -> Refusal {
    on_conflict(
        error,
        ErrorCode::WorkloadNameTaken,
        "another workload of the zone has this name",
    )
}
