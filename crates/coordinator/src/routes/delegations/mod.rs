//! `/zones/{zone}/delegations`: authority handed from session to session.

pub(crate) mod active;
pub(crate) mod create;
pub(crate) mod impact;
pub(crate) mod inbound;
pub(crate) mod inbound_one;
pub(crate) mod outbound;
mod request;
pub(crate) mod revoke;
pub(crate) mod traverse;

use caracal_core::{SessionId, entity::Delegation};
use caracal_lifecycle::Principal;
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use serde::Deserialize;

/// `/zones/{zone}/delegations/inbound/{session}` and `…/outbound/{session}`
#[derive(Debug, Deserialize)]
pub(crate) struct EndPath {
    session: SessionId,
}

/// Most nodes of the graph below a delegation in one answer, nearest first.
const MAX_NODES: u32 = 5_000;

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::DelegationNotFound)
}

/// Whether the caller may see the delegation: either end of it, or the operator.
fn sees(principal: &Principal, delegation: &Delegation) -> bool {
    principal.is_admin()
        || principal.may_delegate_from(&delegation.issuer_application_id)
        || principal.is(&delegation.receiver_application_id)
}

fn require_admin(principal: &Principal) -> Result<(), Refusal> {
    if principal.is_admin() {
        Ok(())
    } else {
        Err(Refusal::of(ErrorCode::CoordinatorAdminRequired))
    }
}
