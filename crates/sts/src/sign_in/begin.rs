//! A client has its person sent here (RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1).

use std::{net::IpAddr, time::Duration};

use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{LIFECYCLE_SCOPE, ScopeSet, TextRule, World};
use caracal_crypto::{dpop::is_thumbprint, pkce};
use caracal_service::{Refusal, form::FormFields};
use caracal_wire::sign_in::AuthorizationError;
use http::StatusCode;
use url::Url;

use super::{
    BEGINNINGS,
    client::{self, MAX_ID_BYTES},
    page,
    place::{Provider, SignInResource},
    redirect::{failed, keep, see_other},
    sealed::seal,
    steps::{AuthenticationRequest, AuthorizationRequest, KeyBinding},
};
use crate::{StsDeps, authenticate::unavailable, metrics};

/// What the address has.
const TAKES: &str = "response_type, client_id, redirect_uri, resource, scope, state, code_challenge, code_challenge_method, dpop_jkt";
/// How long somebody may be at the identity provider.
const AWAY: Duration = Duration::from_mins(10);
/// Longest `state` of a client, in characters.
const MAX_STATE: usize = 512;
/// Longest list of scopes, in bytes.
const MAX_SCOPE_BYTES: usize = 1024;
/// Most scopes that a person is asked about: each is a field of the form that answers.
const MAX_SCOPES: usize = 100;

/// Sends a person on to the identity provider. What is wrong with whom they are sent back to is told to them; everything else
/// to the client.
///
/// # Errors
/// 429 and 503.
pub(crate) async fn begin(deps: &StsDeps, query: &str, peer: Option<IpAddr>) -> Result<Response, Refusal> {
    deps.limits.count_address(&BEGINNINGS, "sign_ins", peer).await?;
    let told = |why: &str| {
        metrics::signed_in("refused");
        Ok(page::refuse(deps, StatusCode::BAD_REQUEST, why, TAKES, None))
    };
    let Ok(fields) = FormFields::parse(query.as_bytes(), &[]) else {
        return told("The address that brought you here is malformed.");
    };
    let (place, asked) = match who_asks(deps, &fields, peer).await? {
        Ok(who) => who,
        Err(why) => return told(why),
    };
    // From here on the client is who it is, and hears what is wrong.
    let refused = |error, why: &str| {
        metrics::signed_in("refused");
        failed(deps, &asked, error, why)
    };
    if let Err((error, why)) = check_protocol(&fields) {
        return refused(error, why);
    }
    if place.zone.zone.frozen_at.is_some() {
        return refused(
            AuthorizationError::AccessDenied,
            "nothing is allowed in this zone now",
        );
    }
    if asked.scopes.is_empty() {
        let why = "the resource declares none of the scopes";
        return refused(AuthorizationError::InvalidScope, why);
    }
    if asked.scopes.len() > MAX_SCOPES {
        let why = "ask for fewer scopes: nobody reads that many";
        return refused(AuthorizationError::InvalidScope, why);
    }
    let Some(provider) = place.provider(&deps.config.issuer) else {
        let why = "the identity provider of the resource is not set up for this";
        return refused(AuthorizationError::ServerError, why);
    };
    let away = AuthenticationRequest {
        provider: provider.state.id.clone(),
        state: random(&deps.world),
        nonce: random(&deps.world),
        verifier: random(&deps.world),
        expires_at: deps.world.now().plus(AWAY),
        asked: asked.clone(),
    };
    let location = address(&provider, &away).ok_or_else(unavailable)?;
    let Some(cookie) = keep(deps, &seal(deps, &away)?, AWAY.as_secs()) else {
        let why = "client_id, redirect_uri, scope and state are too long together";
        return refused(AuthorizationError::InvalidRequest, why);
    };
    metrics::signed_in("begun");
    Ok(see_other(location.as_str(), &cookie))
}

/// The place, the client and where people are sent back to: until these are sound, nobody is sent anywhere.
async fn who_asks(
    deps: &StsDeps,
    fields: &FormFields<'_>,
    peer: Option<IpAddr>,
) -> Result<Result<(SignInResource, AuthorizationRequest), &'static str>, Refusal> {
    let given = |name: &str| fields.get(name).unwrap_or_default();
    let client_id = given("client_id");
    if client_id.is_empty() || client_id.len() > MAX_ID_BYTES {
        return Ok(Err("The program that sent you here does not say who it is."));
    }
    let resource = given("resource");
    let Some(place) = SignInResource::of(deps, resource, peer).await? else {
        return Ok(Err("Nobody signs in for what the program asks for."));
    };
    let Some(client) = client::find(deps, client_id, peer).await? else {
        return Ok(Err("The program that sent you here is not known."));
    };
    let redirect_uri = given("redirect_uri");
    if !client.may_have_sent_back(redirect_uri, &place.rules) {
        return Ok(Err(
            "The program asks for you to be sent back where that is not allowed.",
        ));
    }
    let state = fields.get("state");
    if state.is_some_and(|state| TextRule::line(MAX_STATE).check(state).is_err()) {
        return Ok(Err("The address that brought you here is malformed."));
    }
    let declared = &place.resource.resource.scopes;
    let scopes = match fields.trimmed("scope") {
        Some(scope) if scope.len() > MAX_SCOPE_BYTES => ScopeSet::default(),
        // What clients ask for besides, such as `offline_access`, is not the resource's.
        Some(scope) => ScopeSet::parse(scope).intersection(declared),
        None => declared.clone(),
    };
    let asked = AuthorizationRequest {
        zone: place.zone.zone.id.clone(),
        application: place.application.id.clone(),
        resource: resource.to_owned(),
        scopes: scopes.difference(&ScopeSet::parse(LIFECYCLE_SCOPE)),
        client: client::digest(client_id),
        client_name: client.name,
        client_document: client.host.as_ref().map(|_| client_id.to_owned()),
        client_host: client.host,
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
        challenge: given("code_challenge").to_owned(),
        key: match fields.get("dpop_jkt") {
            Some(key) => KeyBinding::This(key.to_owned()),
            None if client.proves_key || place.rules.dpop_required => KeyBinding::Any,
            None => KeyBinding::Unsaid,
        },
    };
    Ok(Ok((place, asked)))
}

fn check_protocol(fields: &FormFields<'_>) -> Result<(), (AuthorizationError, &'static str)> {
    use AuthorizationError::{InvalidRequest, RequestNotSupported, UnsupportedResponseType};
    if fields.get("request").is_some() || fields.get("request_uri").is_some() {
        return Err((RequestNotSupported, "send the parameters in the query"));
    }
    if fields.get("response_type") != Some("code") {
        return Err((UnsupportedResponseType, "response_type must be code"));
    }
    if fields.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err((InvalidRequest, "response_mode must be query"));
    }
    if fields.get("code_challenge_method") != Some("S256") {
        return Err((InvalidRequest, "code_challenge_method must be S256"));
    }
    if !fields.get("code_challenge").is_some_and(pkce::is_challenge) {
        return Err((
            InvalidRequest,
            "code_challenge must be 43 characters of base64url",
        ));
    }
    if !fields.get("dpop_jkt").is_none_or(is_thumbprint) {
        return Err((InvalidRequest, "dpop_jkt must be a thumbprint of a key"));
    }
    Ok(())
}

/// 256 bits in 43 characters.
fn random(world: &World) -> String {
    URL_SAFE_NO_PAD.encode(world.random_bytes::<32>())
}

/// Where the person goes.
fn address(provider: &Provider<'_>, away: &AuthenticationRequest) -> Option<Url> {
    let config = provider.config;
    let mut url = Url::parse(&config.authorization_endpoint).ok()?;
    let mut query = url.query_pairs_mut();
    for (name, value) in config.authorization_params.iter().flatten() {
        query.append_pair(name, value);
    }
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &config.client.client_id)
        .append_pair("redirect_uri", &config.redirect_uri)
        .append_pair("scope", "openid")
        .append_pair("state", &away.state)
        .append_pair("nonce", &away.nonce)
        .append_pair("code_challenge", &pkce::challenge(&away.verifier))
        .append_pair("code_challenge_method", "S256");
    drop(query);
    Some(url)
}
