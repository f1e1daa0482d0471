//! `POST /oauth/2/revoke` (RFC 7009): an application gives a mandate back.

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use caracal_core::{
    ApplicationId, AuthorityRecordId, SessionId, ZoneId,
    audit::{Draft, EventType},
    claims::{MandateClaims, MandateUse},
};
use caracal_lifecycle::{EndReason, Ended, audit_frame, end_record};
use caracal_service::{Refusal, contention::Attempts};
use caracal_storage::Access;
use caracal_wire::ErrorCode;
use http::{StatusCode, header};
use serde::Serialize;

use super::presented::Presented;
use crate::{StsDeps, authenticate::unavailable};

/// Recorded on rows, and sent to those who ask why.
const REASON: &str = "mandate_revoked";

/// What the event says.
#[derive(Serialize)]
struct Metadata<'m> {
    application_id: &'m ApplicationId,
    session_id: &'m AuthorityRecordId,
    subject_id: &'m str,
    revoked_authority_records: usize,
    terminated_sessions: Vec<&'m SessionId>,
    revoked_delegations: usize,
}

/// Ends the record of a session mandate of the application that asks, with every session that hangs on it. What is no mandate
/// of the zone, or has ended, is as good as given back (RFC 7009 §2.2); one of another application is not its to give.
pub(super) async fn post(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let presented = Presented::read(&deps, request).await?;
    let Some(claims) = presented.claims(&deps).await? else {
        return Ok(given_back());
    };
    if claims.client_id != presented.application {
        return Err(
            Refusal::of(ErrorCode::AccessDenied).describe("the token was issued to another application")
        );
    }
    if claims.mandate_use != MandateUse::Session {
        return Err(Refusal::of(ErrorCode::UnsupportedTokenType)
            .describe("nothing is kept of such a mandate; revoke its session or its delegation"));
    }
    let mut attempts = Attempts::default();
    loop {
        let ended = end(&deps, &presented.zone_id, &claims, &presented.context.request_id).await;
        if !attempts.again(&deps.world, ended.as_ref().err()).await {
            return ended.map(|()| given_back()).map_err(|_| unavailable());
        }
    }
}

/// Ends what hangs on the mandate, in force here once it is committed; the event is part of the same change.
async fn end(deps: &StsDeps, zone: &ZoneId, claims: &MandateClaims, request_id: &str) -> Result<(), Refusal> {
    let mut work = deps.store.zone(zone, Access::Write).await?;
    let ended: Ended = end_record(work.as_mut(), &deps.world, &claims.sid, EndReason::word(REASON)).await?;
    if ended.is_empty() {
        return Ok(());
    }
    let metadata = Metadata {
        application_id: &claims.client_id,
        session_id: &claims.sid,
        subject_id: &claims.sub,
        revoked_authority_records: ended.records.len(),
        terminated_sessions: ended.sessions.iter().map(|session| &session.id).collect(),
        revoked_delegations: ended.delegations.len(),
    };
    let event = Draft::new(
        &deps.world,
        zone,
        EventType::MandateRevoked,
        request_id,
        "allow",
        metadata,
    );
    let frame = audit_frame(&deps.world, deps.audit_keys.as_ref(), &event.undecided())?;
    work.outbox().append(&[frame]).await?;
    work.commit().await?;
    deps.outbox.announce().await;
    Ok(())
}

fn given_back() -> Response {
    (StatusCode::OK, [(header::CACHE_CONTROL, "no-store")]).into_response()
}
