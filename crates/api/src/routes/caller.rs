//! `GET /v1/caller`

use caracal_service::{Refusal, front::Answer};
use caracal_wire::control::admin_tokens::{Caller, TokenCapability, TokenScope};

use crate::{
    auth::{Power, Scope},
    call::Call,
};

/// Reads nothing: it tells what authentication found.
pub(crate) async fn handle(call: Call) -> Result<Answer<Caller>, Refusal> {
    let caller = &call.caller;
    let (scope, zone_id) = match &caller.scope {
        Scope::Global => (TokenScope::Global, None),
        Scope::Zone(zone) => (TokenScope::Zone, Some(zone.clone())),
    };
    let capability = match caller.power {
        Power::Read => TokenCapability::Read,
        Power::Write => TokenCapability::Write,
        Power::Approve => TokenCapability::Approve,
    };
    Ok(Answer(Caller {
        token_id: caller.id.clone(),
        name: caller.name.clone(),
        scope,
        zone_id,
        capability,
        reveals: caller.reveals,
        expires_at: caller.expires_at,
        account: caller.account.clone(),
    }))
}
