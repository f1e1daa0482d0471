//! `GET /oauth/2/authorize`: nobody signs in here. Common clients read no metadata in which there is no such endpoint,
//! whatever they want, and whoever is sent here is told in words.

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;

use crate::StsDeps;

pub(super) async fn get(_: Arc<StsDeps>, _: Request) -> Result<Response, Refusal> {
    Err(Refusal::of(ErrorCode::InvalidRequest)
        .describe("no response type is supported: tokens are exchanged at the token endpoint"))
}
