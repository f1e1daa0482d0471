//! `GET /zones/{zone}/delegations/outbound/{session}`: what a session handed on, newest first, in every state.

use caracal_service::{
    Refusal,
    front::{Answer, Paging, Path},
};
use caracal_storage::DelegationDirection;
use caracal_wire::{Listing, coordinator::delegations::DelegationItem};

use super::{EndPath, inbound};
use crate::call::Call;

pub(crate) async fn handle(
    call: Call,
    Path(path): Path<EndPath>,
    Paging(page): Paging<100, 500>,
) -> Result<Answer<Listing<DelegationItem>>, Refusal> {
    inbound::list(&call, &path.session, &page, DelegationDirection::Outbound).await
}
