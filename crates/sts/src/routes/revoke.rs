//! `POST /oauth/2/revoke` (RFC 7009): an application gives a mandate back, or a client that a person signed in with its refresh
//! token.

use std::sync::Arc;

use caracal_core::claims::MandateUse;
use caracal_service::{
    Refusal,
    front::{Done, Form, Inbound, RouteError},
};
use caracal_wire::{ErrorCode, introspection::RevocationForm};

use super::presented::Presented;
use crate::{
    StsDeps,
    given_back::{self, GivenBack},
    sign_in,
};

/// Recorded on rows, and sent to those who ask why.
const REASON: &str = "mandate_revoked";

/// Why nothing was given back.
pub(super) enum RevocationError {
    /// The application proves nothing, or that cannot be told.
    Refused(Refusal),
    /// The token is not its own.
    OfAnother,
    /// Nothing is kept of such a token that could end.
    NotKept,
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
    if sign_in::is_given_back(&form, &call.headers) {
        sign_in::give_back(deps, &form, &call.request_id, call.peer).await?;
        return Ok(Done);
    }
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
    let given = GivenBack {
        zone: &presented.zone_id,
        application: &claims.client_id,
        record: &claims.sid,
        subject: &claims.sub,
        reason: REASON,
        request_id: Some(&call.request_id),
    };
    given_back::end(deps, given).await?;
    Ok(Done)
}
