//! Who calls, proved on the request head.

mod account;
mod capability;
mod mandate;
mod operator;
pub(crate) mod subject;

use std::{ops::Deref, sync::Arc};

use caracal_core::claims::MandateClaims;
use caracal_crypto::mandate::MAX_TOKEN_BYTES;
use caracal_lifecycle::Principal;
use caracal_service::{
    Refusal,
    bearers::bearer_of,
    signed_in::{SESSION_TOKEN_PREFIX, session_digest},
};
use caracal_wire::ErrorCode;
use http::HeaderMap;

pub(crate) use self::{capability::Capability, mandate::admit};
use crate::deps::App;

/// What a caller is refused with who is not proved, not admitted or asks too often.
pub(crate) const REFUSES: [ErrorCode; 10] = [
    ErrorCode::ZoneNotFound,
    ErrorCode::MissingToken,
    ErrorCode::InvalidToken,
    ErrorCode::IdentityRevoked,
    ErrorCode::MissingScope,
    ErrorCode::ZoneMismatch,
    ErrorCode::ZoneForbidden,
    ErrorCode::AccountRoleForbidden,
    ErrorCode::RevocationStateUnavailable,
    ErrorCode::RateLimited,
];

/// A proved caller and the claims that still have to admit it.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// Absent for operators.
    claims: Option<Arc<MandateClaims>>,
}

impl Deref for Caller {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        &self.principal
    }
}

/// Proves the caller of a route with `capability` in the zone named by the path.
pub(crate) async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    capability: &Capability,
    zone_in_path: &str,
) -> Result<Caller, Refusal> {
    let Some(token) = bearer_of(headers).filter(|token| token.len() <= MAX_TOKEN_BYTES) else {
        return Err(unauthorized(ErrorCode::MissingToken).describe("send Authorization: Bearer <mandate>"));
    };
    if let Some(principal) = operator::recognise(app, token, capability, zone_in_path)? {
        return Ok(Caller {
            principal,
            claims: None,
        });
    }
    if token.starts_with(SESSION_TOKEN_PREFIX) {
        return Ok(Caller {
            principal: account::authenticate(app, token, capability, zone_in_path).await?,
            claims: None,
        });
    }
    mandate::authenticate(app, token).await
}

/// Whether telling who calls needs no more than what is in memory, or is worth a query: whoever is signed in at the console
/// goes on while somebody guesses from the same address, since all browsers come from that of the web role.
pub(crate) async fn may_be_good(app: &App, headers: &HeaderMap) -> bool {
    let Some(token) = bearer_of(headers).filter(|token| token.len() <= MAX_TOKEN_BYTES) else {
        return false;
    };
    if !token.starts_with(SESSION_TOKEN_PREFIX) {
        return operator::is(app, token) || mandate::of_zone_in_memory(app, token);
    }
    let (store, now) = (app.store.as_ref(), app.world.now());
    app.known_tokens.have(store, &[session_digest(token)], now).await
}

/// 401 with `code` and the challenge of RFC 6750 §3.
fn unauthorized(code: ErrorCode) -> Refusal {
    let challenge = match code {
        ErrorCode::MissingToken => "Bearer",
        _ => "Bearer error=\"invalid_token\"",
    };
    Refusal::of(code).authenticate(challenge)
}
