//! What a client is given: an access token for one resource, and what gets it the next one.

use std::sync::Arc;

use caracal_core::claims::{MandateClaims, MandateUse, SubjectType};
use caracal_events::shortlived::mark;
use caracal_service::Refusal;
use caracal_wire::{ErrorCode, introspection::token_type, sts::TokenResponse};

use super::{
    sealed::seal,
    session::{ClientSession, invalid_grant},
    steps::{Consent, Renewal},
};
use crate::{
    authenticate::unavailable,
    case::Case,
    decide::{ActorError, resolve},
    form::ACCESS_TOKEN,
    issue::{self, sign},
    keys,
};

/// Seconds that an access token lives.
const ACCESS_TTL: u32 = 900;
/// What has fewer seconds left is of no use: the Gateway takes no call in the last of them.
const LEAST: i64 = 60;

/// Tokens for a sign-in that lives.
///
/// # Errors
/// 400 `invalid_grant` where what it stands on has ended; 503.
pub(super) async fn issue(
    case: &Case<'_>,
    agreed: &Consent,
    redirect_uri: Option<&str>,
    begun: &ClientSession,
) -> Result<TokenResponse, Refusal> {
    let claims = claims(case, agreed, begun).await?;
    let key = keys::signer(case).await.map_err(|stopped| stopped.refusal)?;
    let generation = case.deps.replay.generation().await.map_err(|_| unavailable())?;
    let renewal = Renewal {
        agreed: agreed.clone(),
        session: begun.session.clone(),
        delegation: begun.delegation.clone(),
        bound_to: case.bound_to.clone(),
        access: Some(claims.jti.clone()),
        redirect_uri: redirect_uri.map(str::to_owned),
        jti: mark(case.deps.world.uuid_v7().to_string(), &generation),
    };
    Ok(TokenResponse {
        access_token: sign(&claims, &key).await.map_err(|stopped| stopped.refusal)?,
        token_type: token_type(&claims).into(),
        // The Gateway takes no call in the last seconds of a token: whoever counts renews it before.
        expires_in: (claims.exp - claims.iat - LEAST).max(1),
        scope: claims.scope.clone(),
        issued_token_type: ACCESS_TOKEN.into(),
        target_resources: claims.target.clone(),
        upstreams: std::collections::BTreeMap::new(),
        denied: Vec::new(),
        refresh_token: Some(seal(case.deps, &renewal)?),
    })
}

/// Whether tokens would be given for the sign-in now.
///
/// # Errors
/// 503.
pub(super) async fn would_be_issued(
    case: &Case<'_>,
    agreed: &Consent,
    begun: &ClientSession,
) -> Result<bool, Refusal> {
    match claims(case, agreed, begun).await {
        Ok(_) => Ok(true),
        Err(refusal) if refusal.code == ErrorCode::InvalidGrant => Ok(false),
        Err(refusal) => Err(refusal),
    }
}

/// The claims of an access token: the person's, for the one resource, until the least of what it hangs on ends.
async fn claims(case: &Case<'_>, agreed: &Consent, begun: &ClientSession) -> Result<MandateClaims, Refusal> {
    let actor = match resolve(case, Some(&begun.session), Some(&begun.delegation)).await {
        Ok(actor) => actor,
        Err(ActorError::Unavailable) => return Err(unavailable()),
        Err(_) => return Err(invalid_grant("the sign-in has ended")),
    };
    // A session that somebody else made cannot stand for this person.
    if actor.person.as_deref() != Some(&agreed.subject) {
        return Err(invalid_grant("the sign-in has ended"));
    }
    let ends_at = issue::lifetime(&actor, Some(ACCESS_TTL), case.now)
        .map_err(|_| invalid_grant("the sign-in has ended"))?;
    if ends_at.unix_seconds() - case.now.unix_seconds() <= LEAST {
        return Err(invalid_grant("the sign-in is about to end"));
    }
    let jti = issue::jti(case.deps, MandateUse::Access).await?;
    let resource: Arc<str> = agreed.resource.as_str().into();
    let class = (MandateUse::Access, &agreed.scopes);
    Ok(MandateClaims {
        sub: agreed.subject.as_str().into(),
        sub_type: SubjectType::User,
        aud: vec![resource.clone()],
        target: vec![resource],
        sid: agreed.record.clone(),
        root_sid: agreed.record.clone(),
        ..issue::claims(case, &actor, class, &[], jti, ends_at)
    })
}
