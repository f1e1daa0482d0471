//! Sending a browser on: to the client with an answer, never to where nobody checked.

use axum::response::{IntoResponse as _, Response};
use caracal_service::{Refusal, request};
use caracal_wire::sign_in::AuthorizationError;
use http::{HeaderMap, StatusCode, header};
use url::Url;

use super::steps::AuthorizationRequest;
use crate::{StsDeps, authenticate::unavailable};

/// The browser's cookie while somebody signs in. One for a browser: of several sign-ins the last one is finished. Under the
/// first name no other host of the same site can put one of its own in its place.
const COOKIE: [&str; 2] = ["__Host-caracal_sign_in", "caracal_sign_in"];
/// Longest cookie that every browser keeps.
const MAX_COOKIE: usize = 4000;

/// The answer of a sign-in, as the client takes it (RFC 6749 §4.1.2, RFC 9207).
///
/// # Errors
/// 503, which no input causes: the address was checked.
pub(super) fn to_client(
    deps: &StsDeps,
    asked: &AuthorizationRequest,
    members: &[(&str, &str)],
) -> Result<Response, Refusal> {
    let mut url = Url::parse(&asked.redirect_uri).map_err(|_| unavailable())?;
    {
        let mut query = url.query_pairs_mut();
        for (name, value) in members {
            query.append_pair(name, value);
        }
        if let Some(state) = &asked.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &deps.config.issuer);
    }
    Ok(see_other(url.as_str(), &forget(deps)))
}

/// A failed sign-in, for the client.
///
/// # Errors
/// As [`to_client`].
pub(super) fn failed(
    deps: &StsDeps,
    asked: &AuthorizationRequest,
    error: AuthorizationError,
    why: &str,
) -> Result<Response, Refusal> {
    to_client(
        deps,
        asked,
        &[("error", error.as_str()), ("error_description", why)],
    )
}

/// Sends the browser on with another cookie. A form that was posted is not posted again there.
pub(super) fn see_other(location: &str, cookie: &str) -> Response {
    let headers = [
        (header::LOCATION, location),
        (header::SET_COOKIE, cookie),
        (header::CACHE_CONTROL, "no-store"),
        // What stands in an address of ours is nobody else's to learn.
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// The cookie that keeps `sealed` for `seconds`; nothing where it is too long for some browser.
pub(super) fn keep(deps: &StsDeps, sealed: &str, seconds: u64) -> Option<String> {
    let (name, flags) = cookie(deps);
    let cookie = format!("{name}={sealed}; Path=/; Max-Age={seconds}; {flags}");
    (cookie.len() <= MAX_COOKIE).then_some(cookie)
}

/// The cookie that keeps nothing.
pub(super) fn forget(deps: &StsDeps) -> String {
    let (name, flags) = cookie(deps);
    format!("{name}=; Path=/; Max-Age=0; {flags}")
}

/// Its name and its flags. `Lax`: the identity provider sends the browser back, and it has to bring the cookie. No page of
/// ours changes anything when it is only opened, and a form of another site brings no cookie.
fn cookie(deps: &StsDeps) -> (&'static str, &'static str) {
    let [on_https, otherwise] = COOKIE;
    if deps.config.issuer.starts_with("https:") {
        (on_https, "HttpOnly; SameSite=Lax; Secure")
    } else {
        (otherwise, "HttpOnly; SameSite=Lax")
    }
}

/// What the browser keeps.
pub(super) fn kept<'h>(deps: &StsDeps, headers: &'h HeaderMap) -> Option<&'h str> {
    request::cookie(headers, cookie(deps).0)
}
