//! On whose behalf a session runs.
//!
//! A session hangs on an authority record: when the record ends, so does the session, and the record's subject is
//! who the session acts for. So a caller may only name a record of its own application, or a person's record for
//! which it presents the mandate that person's login gave to this very application.

use std::sync::Arc;

use caracal_core::{
    ApplicationId, AuthorityRecordId,
    claims::{MandateClaims, SubjectType},
};
use caracal_crypto::mandate::Unverified;
use caracal_lifecycle::records::Anchor;
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use http::StatusCode;

use super::{Caller, mandate, unauthorized};
use crate::deps::App;

/// Reads the anchor of a start request: `named` is `subject_session_id`, `proof` is `subject_token`.
pub(crate) async fn resolve(
    app: &App,
    caller: &Caller,
    application: &ApplicationId,
    named: Option<&AuthorityRecordId>,
    proof: Option<&str>,
) -> Result<Anchor, Refusal> {
    let own = caller.principal.record.as_ref().ok_or_else(|| {
        Refusal::of(ErrorCode::SubjectSessionIdRequired).describe("the caller has no authority record")
    })?;
    let anchor = |record: AuthorityRecordId, person| Anchor {
        revoked: app.revocations.is_revoked(record.as_str()),
        record,
        person,
    };
    let Some(proof) = proof else {
        return Ok(anchor(named.unwrap_or(own).clone(), None));
    };
    let claims = prove(app, caller, application, proof).await?;
    if named.is_some_and(|named| *named != claims.sid) {
        return Err(refused("the proof is for another authority record"));
    }
    Ok(anchor(claims.sid.clone(), Some(claims.sub.to_string())))
}

/// A login of a person at this application and nothing more: no scopes, no resources, no session, no delegation.
async fn prove(
    app: &App,
    caller: &Caller,
    application: &ApplicationId,
    proof: &str,
) -> Result<Arc<MandateClaims>, Refusal> {
    Unverified::parse(proof).map_err(|_| refused("not a mandate"))?;
    let claims = mandate::verify_login(app, proof, &caller.principal.zone, caller)
        .await
        .map_err(|refusal| match refusal.status {
            StatusCode::SERVICE_UNAVAILABLE => refusal,
            _ => refused("not a valid mandate of this zone"),
        })?;
    if claims.client_id != *application {
        return Err(Refusal::of(ErrorCode::SubjectProofApplicationMismatch)
            .describe("the subject proof was issued to another application"));
    }
    let bare = claims.scopes().is_empty()
        && claims.target.is_empty()
        && claims.delegation_path.is_empty()
        && claims.delegation_chain.is_empty()
        && claims.agent_session_id.is_none()
        && claims.delegation_edge_id.is_none()
        && claims.source_session_id.is_none()
        && claims.target_session_id.is_none();
    if !bare {
        return Err(refused("the proof carries authority of its own"));
    }
    if claims.sub_type != SubjectType::User || claims.root_sid != claims.sid {
        return Err(refused("the proof is not a person's login"));
    }
    if app.revocations.covers(&claims) {
        return Err(refused("the authority record of the proof has ended"));
    }
    Ok(claims)
}

fn refused(why: &'static str) -> Refusal {
    unauthorized(ErrorCode::InvalidSubjectProof).describe(why)
}
