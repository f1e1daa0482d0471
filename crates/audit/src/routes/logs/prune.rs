//! `GET /api/audit/logs/{zone}/prune`: the newest prune checkpoint.

use caracal_service::front::{Path, PlainText};
use caracal_storage::Access;

use super::{OfZone, ProofError};
use crate::routes::Call;

pub(in crate::routes) async fn get(call: Call, Path(of): Path<OfZone>) -> Result<PlainText, ProofError> {
    let mut work = call.role.store.zone(&of.zone_id, Access::Read).await?;
    let newest = work.retention().newest_prune().await?;
    newest
        .map(|newest| PlainText(newest.note))
        .ok_or(ProofError::Whole)
}
