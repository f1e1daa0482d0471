//! `/oauth/2/authorize`, `/oauth/2/callback`, `/oauth/2/consent` and `/oauth/2/register`: for clients that people sign in with.

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use caracal_service::{
    Refusal,
    body::{is_of_type, parse_json, read_bounded},
    server::PeerAddr,
};
use caracal_wire::{ErrorCode, sign_in::ClientRegistration};
use http::StatusCode;

use super::posted::{Posted, uncached};
use crate::{StsDeps, sign_in};

/// Largest registration, in bytes.
const MAX_REGISTRATION: usize = 16 * 1024;

/// `GET /oauth/2/authorize` (RFC 6749 §3.1).
pub(super) async fn authorize(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let peer = PeerAddr::of(request.extensions());
    sign_in::begin(&deps, request.uri().query().unwrap_or_default(), peer).await
}

/// `GET /oauth/2/callback`: where the identity provider sends people back to.
pub(super) async fn callback(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let peer = PeerAddr::of(request.extensions());
    let query = request.uri().query().unwrap_or_default();
    sign_in::back(&deps, query, request.headers(), peer).await
}

/// `POST /oauth/2/consent`
pub(super) async fn consent(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let posted = Posted::read(&deps, request).await?;
    sign_in::consent(&deps, &posted.body, &posted.headers).await
}

/// `POST /oauth/2/register` (RFC 7591)
pub(super) async fn register(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    if !is_of_type(&parts.headers, "application/json") {
        return Err(
            Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::InvalidToken)
                .describe("send Content-Type: application/json"),
        );
    }
    let body = read_bounded(body, MAX_REGISTRATION).await?;
    let asked: ClientRegistration = parse_json(&body, ErrorCode::InvalidClientMetadata)?;
    let registered = sign_in::register(&deps, asked, PeerAddr::of(&parts.extensions)).await?;
    let mut response = uncached(&registered)?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}
