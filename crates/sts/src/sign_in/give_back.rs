//! A client gives back what a person signed in with it for (RFC 7009): it has no secret, and its refresh token is what it proves
//! that with.

use std::net::IpAddr;

use caracal_service::Refusal;
use caracal_wire::{ErrorCode, introspection::RevocationForm};
use http::{HeaderMap, header};

use super::{
    GIVEN_BACK,
    evidence::{self, Refused},
    redeem::client_is,
    sealed::open,
    steps::Renewal,
};
use crate::{
    StsDeps,
    given_back::{self, GivenBack},
};

/// Recorded on rows, and sent to those who ask why.
const REASON: &str = "sign_in_given_back";

/// Whether a form is one of a client that has no secret. Whoever proves something is no such client.
pub(crate) fn is_given_back(form: &RevocationForm, headers: &HeaderMap) -> bool {
    form.client_id.is_some()
        && form.zone_id.is_none()
        && form.application_id.is_none()
        && form.client_secret.is_none()
        && !headers.contains_key(header::AUTHORIZATION)
}

/// Ends the sign-in of a refresh token, used or not. What is none, or has ended, is as good as given back (RFC 7009 §2.2); access
/// tokens name no client, and end within a quarter of an hour.
///
/// # Errors
/// 400 for a field; 403 for a token of another client; 429; 503.
pub(crate) async fn give_back(
    deps: &StsDeps,
    form: &RevocationForm,
    request_id: &str,
    peer: Option<IpAddr>,
) -> Result<(), Refusal> {
    if let Some(wait) = deps.limits.stranger_waits(peer) {
        return Err(wait);
    }
    let client_id = form.client_id.as_deref().unwrap_or_default();
    let Some(renewal) = open::<Renewal>(deps, &form.token) else {
        // Whoever tries what may be a token is counted like others who prove nothing.
        return deps.limits.count_stranger(peer).await;
    };
    let agreed = &renewal.agreed;
    if !client_is(agreed, client_id) {
        evidence::refused(deps, agreed, Refused::OtherClient, None, request_id).await?;
        return Err(Refusal::of(ErrorCode::AccessDenied).describe("the token was issued to another client"));
    }
    if agreed.ends_at <= deps.world.now() {
        return Ok(());
    }
    deps.limits
        .count_towards(&GIVEN_BACK, "sign_ins_given_back", agreed.record.as_str())
        .await?;
    let given = GivenBack {
        zone: &agreed.zone,
        application: &agreed.application,
        record: &agreed.record,
        subject: &agreed.subject,
        reason: REASON,
        request_id: Some(request_id),
    };
    given_back::end(deps, given).await
}
