//! `POST /oauth/2/token` (RFC 8693).

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use caracal_core::{
    Secret,
    claims::{MandateClaims, MandateUse},
};
use caracal_crypto::{
    mandate::{ClaimRules, LEEWAY, Unverified},
    request_signature::{
        NONCE_HEADER, NONCE_LIFETIME, SIGNATURE_HEADER, SignedHeaders, TIMESTAMP_HEADER,
        verify as verify_signature,
    },
};
use caracal_events::shortlived::{Claim, generation_of};
use caracal_service::{
    Refusal, body::read_bounded, issued, request::RequestContext, server::PeerAddr, zones::DirectoryError,
};
use caracal_wire::ErrorCode;
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde_json::Value;

use crate::{
    StsDeps,
    authenticate::{authenticate, invalid_client, unavailable},
    basic::{CHALLENGE, Login},
    exchange::{Call, exchange},
    form::{ACCESS_TOKEN, SubjectTokenType, TokenRequest, malformed},
    mint::mint,
};

/// Largest form, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// A successful answer (RFC 8693 §2.2.1) with the members clients of this endpoint read.
#[derive(Serialize)]
struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    issued_token_type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    target_resources: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    upstreams: BTreeMap<String, caracal_service::exchange::UpstreamDirective>,
    /// Refused targets of a partial grant, with reasons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    denied: Vec<Value>,
}

pub(crate) async fn post(
    State(deps): State<StsDeps>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<Response, Refusal> {
    if request.uri().query().is_some() {
        return Err(malformed("", "parameters belong in the body, not in the query"));
    }
    let (parts, body) = request.into_parts();
    require_form(&parts.headers)?;
    let body = read_bounded(body, MAX_BODY).await?;
    let login = Login::of(&parts.headers)?;
    let form = TokenRequest::parse(&body, login.as_ref())?;
    let from_gateway = from_gateway(&deps, &context, &parts.headers, parts.uri.path(), &form, &body).await?;
    let response = if from_gateway {
        gateway_exchange(&deps, &context, &form).await?
    } else {
        let peer = parts.extensions.get::<PeerAddr>().map(|peer| peer.0.ip());
        let exchanged = client_exchange(&deps, &context, &form, peer).await;
        exchanged.map_err(|refusal| match login {
            Some(_) if refusal.status == StatusCode::UNAUTHORIZED => refusal.authenticate(CHALLENGE),
            _ => refusal,
        })?
    };
    Ok((
        // RFC 6749 §5.1: a token must not be cached.
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
            (header::PRAGMA, "no-cache"),
        ],
        serde_json::to_vec(&response).map_err(|_| unavailable())?,
    )
        .into_response())
}

fn require_form(headers: &HeaderMap) -> Result<(), Refusal> {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    if essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
        Ok(())
    } else {
        Err(
            Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::InvalidToken)
                .describe("send Content-Type: application/x-www-form-urlencoded"),
        )
    }
}

/// Whether the request is a signed Gateway exchange. Any part of a signature that does not hold is refused: a
/// request that claims to come from the Gateway is never treated as an ordinary one.
async fn from_gateway(
    deps: &StsDeps,
    context: &RequestContext,
    headers: &HeaderMap,
    path: &str,
    form: &TokenRequest,
    body: &[u8],
) -> Result<bool, Refusal> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    };
    let present = [TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER]
        .iter()
        .any(|name| headers.contains_key(*name));
    if !present {
        return Ok(false);
    }
    let refused = || {
        Refusal::new(StatusCode::UNAUTHORIZED, ErrorCode::AccessDenied)
            .describe("invalid gateway exchange signature")
    };
    let key = deps.gateway_key.as_ref().ok_or_else(refused)?;
    if !context.id_from_caller || form.gateway_request_id != *context.request_id {
        return Err(refused());
    }
    let signed = SignedHeaders {
        timestamp: text(TIMESTAMP_HEADER),
        nonce: text(NONCE_HEADER),
        signature: text(SIGNATURE_HEADER),
    };
    let now = deps.world.now();
    verify_signature(key, signed, "POST", path, body, now).map_err(|error| {
        tracing::warn!(%error, request.id = %context.request_id, "refused a signed exchange");
        refused()
    })?;
    let nonce = format!("caracal:sts:gw-nonce:{}", text(NONCE_HEADER));
    let generation = generation_of(&nonce);
    match deps
        .replay
        .claim_of("exchange", generation, &nonce, now.plus(NONCE_LIFETIME))
        .await
    {
        Ok(Claim::First) => Ok(true),
        Ok(Claim::Repeated) => Err(refused()),
        // A Gateway that has not heard yet hears it at its next claim; its caller mints another mandate.
        Ok(Claim::Forgotten) => Err(unavailable()),
        Err(error) => {
            tracing::error!(%error, "could not tell whether a nonce is fresh");
            Err(unavailable())
        }
    }
}

async fn gateway_exchange(
    deps: &StsDeps,
    context: &RequestContext,
    form: &TokenRequest,
) -> Result<TokenResponse, Refusal> {
    let zone_id = form
        .zone_id
        .as_ref()
        .ok_or_else(|| malformed("zone_id", "is required"))?;
    let [resource] = form.resources.as_slice() else {
        return Err(malformed("resource", "exactly one resource is required"));
    };
    let Some((token, SubjectTokenType::AccessToken)) = &form.subject_token else {
        return Err(malformed("subject_token", "is required"));
    };
    let claims = verify_subject(deps, zone_id, token, MandateUse::Gateway).await?;
    let answer = exchange(
        deps,
        &Call {
            zone_id,
            application_id: &form.application_id,
            claims: &claims,
            resource,
            method: &form.request_method,
            path: &form.request_path,
            request_id: &context.request_id,
            always_mandate: true,
        },
    )
    .await?;
    let (access_token, minted) = answer.mandate.ok_or_else(unavailable)?;
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: (minted.exp - minted.iat).max(1),
        scope: minted.scope,
        issued_token_type: ACCESS_TOKEN,
        target_resources: vec![answer.identifier.clone()],
        upstreams: [(answer.identifier, answer.directive)].into(),
        denied: Vec::new(),
    })
}

async fn client_exchange(
    deps: &StsDeps,
    context: &RequestContext,
    form: &TokenRequest,
    peer: Option<std::net::IpAddr>,
) -> Result<TokenResponse, Refusal> {
    // Without a zone only control keys could be meant, and those this build does not serve.
    let zone_id = form.zone_id.as_ref().ok_or_else(invalid_client)?;
    let (zone, application) =
        authenticate(deps, zone_id, &form.application_id, &form.client_secret, peer).await?;
    match &form.subject_token {
        None => {}
        Some((_, SubjectTokenType::IdToken)) => {
            return Err(Refusal::of(ErrorCode::InvalidToken)
                .describe("invalid subject_token: the issuer is not trusted in this zone"));
        }
        Some((token, SubjectTokenType::AccessToken)) => {
            let claims = verify_subject(deps, zone_id, token, MandateUse::Session).await?;
            if claims.client_id != application.id || deps.revocations.covers(&claims) {
                return Err(Refusal::of(ErrorCode::AccessDenied).describe("authority record is not active"));
            }
            return Err(Refusal::of(ErrorCode::AccessDenied)
                .describe("resource exchanges must use the Gateway")
                .reason("gateway_required"));
        }
    }
    if form.has_approval {
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, ErrorCode::AccessDenied)
            .describe("approval not found or bindings do not match")
            .reason("approval_invalid"));
    }
    let minted = mint(deps, zone, &application, form, &context.request_id).await?;
    let claims = &minted.claims;
    Ok(TokenResponse {
        access_token: minted.token,
        token_type: "Bearer",
        expires_in: (claims.exp - claims.iat).max(1),
        scope: claims.scope.clone(),
        issued_token_type: ACCESS_TOKEN,
        target_resources: claims.target.iter().map(ToString::to_string).collect(),
        upstreams: BTreeMap::new(),
        denied: minted.denied,
    })
}

/// Verifies one of our own mandates presented as a subject token.
async fn verify_subject(
    deps: &StsDeps,
    zone_id: &caracal_core::ZoneId,
    token: &Secret,
    class: MandateUse,
) -> Result<Arc<MandateClaims>, Refusal> {
    let invalid = || Refusal::of(ErrorCode::InvalidToken).describe("invalid subject_token");
    let unverified = Unverified::parse(token.expose()).map_err(|_| invalid())?;
    let kid = &unverified.header().map_err(|_| invalid())?.kid;
    // A key made at another replica a moment ago is asked for, not refused.
    let key = match deps.zones.verifying_key(zone_id, kid.as_str()).await {
        Ok(Some(key)) => key,
        Ok(None) | Err(DirectoryError::Unknown) => return Err(invalid()),
        Err(DirectoryError::Unavailable) => return Err(unavailable()),
    };
    let claims =
        issued::prove(deps.issued.as_deref(), token.expose(), &unverified, &key).map_err(|_| invalid())?;
    let rules = ClaimRules {
        issuer: &deps.config.issuer,
        audience: Some(&deps.config.issuer),
        zone: zone_id,
        uses: &[class],
        now: deps.world.now(),
        leeway: LEEWAY,
    };
    rules.check(&claims).map_err(|_| invalid())?;
    Ok(claims)
}
