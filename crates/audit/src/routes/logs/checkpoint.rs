//! `GET /api/audit/logs/{zone}/checkpoint` and `/api/audit/records/{zone}/checkpoint`,
//! `/api/audit/deployment/checkpoint`: the newest checkpoint (C2SP tlog-checkpoint).

use caracal_service::front::{Path, PlainText};

use super::{OfLog, ProofError, checkpoints, newest};
use crate::routes::Call;

pub(in crate::routes) async fn get<P: OfLog>(call: Call, Path(of): Path<P>) -> Result<PlainText, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    let log = of.log();
    Ok(PlainText(newest(checkpoints, &log).await?.encode()))
}
