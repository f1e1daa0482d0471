//! `POST /v1/run/manifest` and `POST /v1/run/credential`: what `caracal run` starts a program with.

use std::sync::Arc;

use axum::{extract::Request, response::Response};
use caracal_core::ApprovalId;
use caracal_service::Refusal;

use super::posted::{Posted, proved, uncached};
use crate::{
    StsDeps,
    fields::Fields,
    malformed::malformed,
    run::{Launch, Login, Wanted, credential},
};

/// Names a launch over its requests, so that evidence shows what belongs together.
const LAUNCH_HEADER: &str = "X-Caracal-Launch-Id";

fn login<'p>(posted: &'p Posted, fields: &Fields<'_>) -> Result<Login<'p>, Refusal> {
    let launch = posted.headers.get(LAUNCH_HEADER);
    Login::of(fields, launch.and_then(|value| value.to_str().ok()), posted.peer)
}

pub(super) async fn manifest(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let posted = Posted::read(&deps, request).await?;
    let fields = Fields::parse(&posted.body, &[])?;
    let login = login(&posted, &fields)?;
    let launch = Launch::proven(&deps, login, &posted.context.request_id, "run-manifest").await?;
    proved(posted.standing.as_ref());
    uncached(&launch.manifest().await?)
}

pub(super) async fn credentials(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let posted = Posted::read(&deps, request).await?;
    let fields = Fields::parse(&posted.body, &[])?;
    let login = login(&posted, &fields)?;
    let approval_id = fields.id("approval_id", ApprovalId::parse)?;
    let wanted = Wanted {
        env: fields
            .trimmed("env")
            .ok_or_else(|| malformed("env", "is required"))?,
        approval_id: approval_id.as_ref(),
    };
    let launch = Launch::proven(&deps, login, &posted.context.request_id, "run-credential").await?;
    proved(posted.standing.as_ref());
    uncached(&credential(&launch, &wanted).await?)
}
