//! `/oauth/2/authorize`, `/oauth/2/callback`, `/oauth/2/consent` and `/oauth/2/register`: for clients that people sign in with.

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use caracal_service::{
    Refusal,
    front::{Body, Created, Inbound},
    server::PeerAddr,
};
use caracal_wire::sign_in::{ClientRegistration, RegisteredClient};

use super::posted::Posted;
use crate::{StsDeps, sign_in};

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
    sign_in::consent(&deps, &posted.body, &posted.headers, posted.peer).await
}

/// `POST /oauth/2/register` (RFC 7591)
pub(super) async fn register(
    call: Arc<Inbound<StsDeps>>,
    Body(asked): Body<ClientRegistration>,
) -> Result<Created<RegisteredClient>, Refusal> {
    sign_in::register(&call.role, asked, call.peer).await.map(Created)
}
