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
    possession::{Holder, Presentation},
    scheme::{Scheme, challenged_under, presented},
    signed_in::{SESSION_TOKEN_PREFIX, session_digest},
};
use caracal_wire::ErrorCode;
use http::{HeaderMap, request::Parts};

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
    /// Whether it proved a key, and which.
    holder: Holder,
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
    head: &Parts,
    capability: &Capability,
    zone_in_path: &str,
) -> Result<Caller, Refusal> {
    let Some((scheme, token)) = credential(&head.headers) else {
        return Err(unauthorized(ErrorCode::MissingToken).describe("send Authorization: Bearer <mandate>"));
    };
    let operator = |principal| Caller {
        principal,
        claims: None,
        holder: Holder::Bearer,
    };
    // What is no mandate is bound to no key.
    if scheme == Scheme::Bearer {
        if let Some(principal) = operator::recognise(app, token, capability, zone_in_path)? {
            return Ok(operator(principal));
        }
        if token.starts_with(SESSION_TOKEN_PREFIX) {
            let account = account::authenticate(app, token, capability, zone_in_path).await?;
            return Ok(operator(account));
        }
    }
    let presented = Presentation {
        scheme,
        token,
        headers: &head.headers,
        method: head.method.as_str(),
        base: app.config.public_url.as_deref(),
        path: head.uri.path(),
        now: app.world.now(),
        window: app.config.dpop_window,
    };
    let proved = mandate::authenticate(app, presented).await;
    proved.map_err(|refusal| challenged_under(scheme, refusal))
}

/// What a request presents, and how.
fn credential(headers: &HeaderMap) -> Option<(Scheme, &str)> {
    presented(headers).filter(|(_, token)| token.len() <= MAX_TOKEN_BYTES)
}

/// Whether telling who calls needs no more than what is in memory, or is worth a query: whoever is signed in at the console
/// goes on while somebody guesses from the same address, since all browsers come from that of the web role.
pub(crate) async fn may_be_good(app: &App, headers: &HeaderMap) -> bool {
    let Some((_, token)) = credential(headers) else {
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
