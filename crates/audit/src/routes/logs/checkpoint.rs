//! `GET /api/audit/logs/{zone}/checkpoint`: the newest checkpoint (C2SP tlog-checkpoint).

use caracal_service::front::{Path, PlainText};

use super::{OfZone, ProofError, checkpoints, newest};
use crate::routes::Call;

pub(in crate::routes) async fn get(call: Call, Path(of): Path<OfZone>) -> Result<PlainText, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    Ok(PlainText(newest(checkpoints, &of.zone_id).await?.encode()))
}
