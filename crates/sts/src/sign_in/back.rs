//! A person comes back from the identity provider, who says who they are, and is asked what the client may do.

use std::net::IpAddr;

use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::Secret;
use caracal_crypto::{
    constant_time_eq,
    identity_token::{NotOfRequest, check_of_request},
    sha256_hex,
};
use caracal_events::ShortLivedError;
use caracal_service::{Refusal, error_chain, form::FormFields, limits::network, oauth::TokenError, sampled};
use caracal_storage::{Access, Error as StorageError};
use caracal_wire::sign_in::AuthorizationError;
use http::{HeaderMap, StatusCode};

use super::{
    PRESENT, RETURNS,
    page::{self, Shown},
    place::{Provider, SignInResource},
    redirect::{failed, forget, keep, kept},
    sealed::{open, seal},
    steps::{AuthenticationRequest, ConsentRequest},
};
use crate::{
    StsDeps,
    federation::{self, NotProven},
    metrics,
};

/// What the address has.
const TAKES: &str = "state, code, iss, error";

/// Why nobody is there. The text is for the log.
#[derive(Debug, thiserror::Error)]
enum NotThere {
    #[error("the provider does not name itself, or another does")]
    Issuer,
    #[error("the provider sent no code")]
    NoCode,
    #[error("another code was sent on for this question")]
    Again,
    #[error("what was sent on cannot be told: {0}")]
    Memory(#[from] ShortLivedError),
    #[error("too many codes are being redeemed")]
    Busy,
    #[error("the code was not redeemed: {0}")]
    Code(#[from] TokenError),
    #[error("the answer has no identity token")]
    NoToken,
    #[error("the identity token is refused: {0}")]
    Token(#[from] NotProven),
    #[error("the identity token {0}")]
    OfAnother(#[from] NotOfRequest),
    #[error("the issuers of the zone cannot be read: {}", error_chain(.0))]
    Storage(#[from] StorageError),
}

impl NotThere {
    /// Whether the same person may be there in a moment, without anybody changing anything.
    fn is_outage(&self) -> bool {
        match self {
            Self::Busy | Self::Memory(_) | Self::Storage(_) | Self::Token(NotProven::Keys(_)) => true,
            Self::Code(error) => error.is_outage(),
            Self::Issuer
            | Self::NoCode
            | Self::Again
            | Self::NoToken
            | Self::Token(_)
            | Self::OfAnother(_) => false,
        }
    }
}

/// Proves who came back and shows them what they are asked for. Opening the address does nothing else.
///
/// # Errors
/// 503.
pub(crate) async fn back(
    deps: &StsDeps,
    query: &str,
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> Result<Response, Refusal> {
    let too_late = || {
        metrics::signed_in("refused");
        let why = "This was not begun in this browser, was finished, or took too long.";
        page::refuse(deps, StatusCode::BAD_REQUEST, why, TAKES, None)
    };
    let Ok(fields) = FormFields::parse(query.as_bytes(), &[]) else {
        return Ok(too_late());
    };
    let Some(away) = kept(deps, headers).and_then(|sealed| open::<AuthenticationRequest>(deps, sealed))
    else {
        return Ok(too_late());
    };
    // Of the answer nothing is believed before it is known to be one to this browser's question.
    let state = fields.get("state").unwrap_or_default();
    let now = deps.world.now();
    if !constant_time_eq(state.as_bytes(), away.state.as_bytes()) || away.expires_at <= now {
        return Ok(too_late());
    }
    deps.limits
        .count_address(&RETURNS, "sign_in_returns", peer)
        .await?;
    let asked = &away.asked;
    let place = SignInResource::again(deps, &asked.zone, &asked.resource).await?;
    let place = place.filter(|place| place.application.id == asked.application);
    let provider = place
        .as_ref()
        .and_then(|place| place.provider(&deps.config.issuer));
    let (Some(place), Some(provider)) = (&place, provider.filter(|it| it.state.id == away.provider)) else {
        metrics::signed_in("refused");
        let why = "nobody signs in for the resource any more";
        return failed(deps, asked, AuthorizationError::AccessDenied, why);
    };
    let subject = match who(deps, place, &provider, &away, &fields, peer).await {
        Ok(subject) => subject,
        Err(why) => {
            if let Some(left_out) = sampled::of_refusal(("sts", "sign_in"), &deps.world) {
                tracing::warn!(zone.id = %asked.zone, error = %why, left_out, "somebody who came back from the identity provider was not signed in");
            }
            metrics::signed_in(if why.is_outage() { "unavailable" } else { "refused" });
            let (error, text) = if why.is_outage() {
                (
                    AuthorizationError::TemporarilyUnavailable,
                    "the identity provider does not answer",
                )
            } else {
                (
                    AuthorizationError::AccessDenied,
                    "the identity provider does not say who signs in",
                )
            };
            return failed(deps, asked, error, text);
        }
    };
    let present = ConsentRequest {
        asked: away.asked.clone(),
        subject,
        issuer: provider.issuer.to_owned(),
        token: URL_SAFE_NO_PAD.encode(deps.world.random_bytes::<32>()),
        expires_at: now.plus(PRESENT),
    };
    let Some(cookie) = keep(deps, &seal(deps, &present)?, PRESENT.as_secs()) else {
        let why = "The program asks for more than a browser can keep.";
        return Ok(page::refuse(
            deps,
            StatusCode::BAD_REQUEST,
            why,
            TAKES,
            Some(&forget(deps)),
        ));
    };
    let shown = Shown {
        resource: &place.resource.resource.name,
        application: &place.application.name,
    };
    metrics::signed_in("asked");
    Ok(page::ask(deps, &present, &shown, &cookie))
}

/// The subject of the person who came back.
async fn who(
    deps: &StsDeps,
    place: &SignInResource,
    provider: &Provider<'_>,
    away: &AuthenticationRequest,
    fields: &FormFields<'_>,
    peer: Option<IpAddr>,
) -> Result<String, NotThere> {
    // The answer of another server is carried nowhere (RFC 9207).
    let iss = fields.get("iss");
    if iss.is_some_and(|iss| iss != provider.issuer) {
        return Err(NotThere::Issuer);
    }
    let code = fields.trimmed("code").ok_or(NotThere::NoCode)?;
    // Once: the provider is asked in the zone's name, and counts who asks it nonsense.
    let once = ["sign-in:back:", &sha256_hex(away.state.as_bytes())].concat();
    if !deps.replay.claim(&once, away.expires_at).await? {
        return Err(NotThere::Again);
    }
    let reply = {
        let config = provider.config;
        let turns = &deps.sign_ins.turns;
        let turn = turns.take(&config.client.token_endpoint, &network(peer)).await;
        let _turn = turn.ok_or(NotThere::Busy)?;
        let (code, verifier) = (Secret::new(code), Secret::new(away.verifier.as_str()));
        deps.sign_ins.tokens.redeem(config, &code, &verifier).await?
    };
    let token = reply.id_token.ok_or(NotThere::NoToken)?;
    let token = federation::read(&token)?;
    let trusted = async {
        let mut work = deps.store.zone(&place.zone.zone.id, Access::Read).await?;
        work.subject_issuers().find(provider.issuer).await
    };
    let trusted = trusted.await?.ok_or(NotProven::Issuer)?;
    let (proven, claims) = deps.subject_keys.prove_with_claims(&token, &trusted).await?;
    check_of_request(&claims, &away.nonce, &provider.config.client.client_id)?;
    Ok(proven.subject)
}
