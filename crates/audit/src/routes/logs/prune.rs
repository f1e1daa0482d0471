//! `GET /api/audit/logs/{zone}/prune` and `/api/audit/records/{zone}/prune`,
//! `/api/audit/deployment/prune`: the newest prune checkpoint.

use caracal_service::front::{Path, PlainText};
use caracal_storage::Access;

use super::{OfLog, ProofError};
use crate::routes::Call;

pub(in crate::routes) async fn get<P: OfLog>(call: Call, Path(of): Path<P>) -> Result<PlainText, ProofError> {
    let mut work = call.role.store.log(&of.log(), Access::Read).await?;
    let newest = work.retention().newest_prune().await?;
    newest
        .map(|newest| PlainText(newest.note))
        .ok_or(ProofError::Whole)
}
