//! `GET /api/audit/logs/{zone}/checkpoint`: the newest checkpoint (C2SP tlog-checkpoint).

use caracal_service::front::{Path, Text};

use super::{OfZone, ProofError, checkpoints, newest};
use crate::routes::Call;

pub(in crate::routes) async fn get(call: Call, Path(of): Path<OfZone>) -> Result<Text, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    Ok(Text(newest(checkpoints, &of.zone_id).await?.encode()))
}
