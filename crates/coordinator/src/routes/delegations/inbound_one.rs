//! `GET /zones/{zone}/delegations/inbound/{session}/{id}`: whether a session holds a delegation now.

use caracal_core::{DelegationId, SessionId};
use caracal_service::{
    Refusal,
    front::{Answer, Path},
};
use caracal_storage::Access;
use caracal_wire::coordinator::delegations::DelegationItem;
use serde::Deserialize;

use super::{not_found, sees};
use crate::call::Call;

/// `/zones/{zone}/delegations/inbound/{session}/{id}`
#[derive(Debug, Deserialize)]
pub(crate) struct InboundPath {
    session: SessionId,
    id: DelegationId,
}

pub(crate) async fn handle(
    call: Call,
    Path(InboundPath { session, id }): Path<InboundPath>,
) -> Result<Answer<DelegationItem>, Refusal> {
    let mut work = call.work(Access::Read).await?;
    let delegation = work.delegations().get(&id).await?.filter(|delegation| {
        delegation.target_session_id == session
            && delegation.is_live(call.now())
            && sees(&call.caller, delegation)
    });
    let delegation = delegation.ok_or_else(not_found)?;
    Ok(Answer(DelegationItem::from(&delegation)))
}
