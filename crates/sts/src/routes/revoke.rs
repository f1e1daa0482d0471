//! `POST /oauth/2/revoke` (RFC 7009): an application gives a mandate back.

use std::sync::Arc;

use caracal_core::{
    ApplicationId, AuthorityRecordId, SessionId, ZoneId,
    audit::{Draft, EventType},
    claims::{MandateClaims, MandateUse},
};
use caracal_lifecycle::{EndReason, Ended, audit_frame, end_record};
use caracal_service::{
    Refusal,
    contention::Attempts,
    front::{Done, Form, Inbound, RouteError},
};
use caracal_storage::Access;
use caracal_wire::{ErrorCode, introspection::RevocationForm};
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

/// Why nothing was given back.
pub(super) enum RevocationError {
    /// The application proves nothing, or that cannot be told.
    Refused(Refusal),
    /// The token is not its own.
    OfAnother,
    /// Nothing is kept of such a token that could end.
    NotKept,
    /// What hangs on it could not be ended now.
    NotEnded,
}

impl From<Refusal> for RevocationError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl RouteError for RevocationError {
    const REFUSES: &'static [ErrorCode] = &[
        ErrorCode::AccessDenied,
        ErrorCode::UnsupportedTokenType,
        ErrorCode::StsUnavailable,
    ];

    fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::OfAnother => {
                Refusal::of(ErrorCode::AccessDenied).describe("the token was issued to another application")
            }
            Self::NotKept => Refusal::of(ErrorCode::UnsupportedTokenType)
                .describe("nothing is kept of such a mandate; revoke its session or its delegation"),
            Self::NotEnded => unavailable(),
        }
    }
}

/// Ends the record of a session mandate of the application that asks, with every session that hangs on it. What is no mandate
/// of the zone, or has ended, is as good as given back (RFC 7009 §2.2); one of another application is not its to give.
pub(super) async fn post(
    call: Arc<Inbound<StsDeps>>,
    Form(form): Form<RevocationForm>,
) -> Result<Done, RevocationError> {
    let deps = &call.role;
    let presented = Presented::by(&call, form.into()).await?;
    let Some(claims) = presented.claims(deps).await? else {
        return Ok(Done);
    };
    if claims.client_id != presented.application {
        return Err(RevocationError::OfAnother);
    }
    if claims.mandate_use != MandateUse::Session {
        return Err(RevocationError::NotKept);
    }
    let mut attempts = Attempts::default();
    loop {
        let ended = end(deps, &presented.zone_id, &claims, &call.request_id).await;
        if !attempts.again(&deps.world, ended.as_ref().err()).await {
            return ended.map(|()| Done).map_err(|_| RevocationError::NotEnded);
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
