//! Somebody who is signed in at the console: an operator as far as their role and zones go.

use caracal_core::{ScopeSet, ZoneId};
use caracal_lifecycle::{ADMIN, Principal};
use caracal_service::{
    Refusal,
    signed_in::{Power, SignedIn},
};
use caracal_wire::ErrorCode;

use super::{Capability, unauthorized};
use crate::deps::App;

/// The principal of a session at the console, on a route that is open to operators.
pub(super) async fn authenticate(
    app: &App,
    token: &str,
    capability: &Capability,
    zone_in_path: &str,
) -> Result<Principal, Refusal> {
    let found = SignedIn::find(app.store.as_ref(), token, app.world.now()).await?;
    let signed_in = found.ok_or_else(|| {
        unauthorized(ErrorCode::InvalidToken).describe("this session has ended; sign in again")
    })?;
    let zone = ZoneId::parse(zone_in_path)
        .map_err(|error| Refusal::invalid_field(ErrorCode::InvalidParams, "zone", error.to_string()))?;
    // Whatever leaves evidence ends or pauses something.
    let power = match capability.evidence {
        Some(_) => Power::Stop,
        None => Power::Look,
    };
    if !(capability.operator && signed_in.may(power)) {
        let sentence = format!("the role {} does not let you do this", signed_in.account.role);
        return Err(Refusal::of(ErrorCode::AccountRoleForbidden).describe(sentence));
    }
    if !signed_in.reaches(&zone) {
        return Err(Refusal::of(ErrorCode::ZoneForbidden).describe("this account does not reach the zone"));
    }
    let scopes: ScopeSet = [app.config.lifecycle_scope.as_str(), ADMIN].into_iter().collect();
    Ok(Principal {
        subject: signed_in.attributed_to().into(),
        ..Principal::operator(zone, scopes)
    })
}
