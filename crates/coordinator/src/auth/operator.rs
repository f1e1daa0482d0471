//! The operator token: one shared secret with a short list of routes.

use caracal_core::{ScopeSet, ZoneId};
use caracal_lifecycle::{ADMIN, Principal};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;

use super::Capability;
use crate::deps::App;

/// Whether `token` is the operator's.
pub(super) fn is(app: &App, token: &str) -> bool {
    app.operator_tokens.has(token)
}

/// The operator, if `token` is theirs and the route is open to them. On any other route the token is nothing but
/// a malformed mandate.
pub(super) fn recognise(
    app: &App,
    token: &str,
    capability: &Capability,
    zone_in_path: &str,
) -> Result<Option<Principal>, Refusal> {
    if !(is(app, token) && capability.operator) {
        return Ok(None);
    }
    let zone = ZoneId::parse(zone_in_path)
        .map_err(|error| Refusal::invalid_field(ErrorCode::InvalidParams, "zone", error.to_string()))?;
    let scopes: ScopeSet = [app.config.lifecycle_scope.as_str(), ADMIN].into_iter().collect();
    Ok(Some(Principal::operator(zone, scopes)))
}
