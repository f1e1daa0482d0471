//! `POST /oauth/2/token` (RFC 8693).

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use axum::{extract::Request, response::Response};
use caracal_core::{Secret, ZoneId, claims::MandateClaims};
use caracal_crypto::request_signature::{
    NONCE_HEADER, NONCE_LIFETIME, SIGNATURE_HEADER, SignedHeaders, TIMESTAMP_HEADER,
    verify as verify_signature,
};
use caracal_events::shortlived::{Claim, generation_of};
use caracal_service::{Refusal, form::FormFields, request::RequestContext};
use caracal_wire::{
    ErrorCode,
    introspection::token_type,
    sts::{DeniedTarget, TokenResponse},
};
use http::{HeaderMap, StatusCode};

use super::posted::{Posted, proved, uncached};
use crate::{
    StsDeps,
    authenticate::{authenticate, invalid_client, unavailable, zone_of_control_key},
    basic::{Login, challenged},
    case::{Case, GovernedCall},
    exchange::{Exchange, Presented, decide_call, refuse_session},
    form::{ACCESS_TOKEN, TokenRequest},
    possession::{self, Possession},
    sign_in, subject,
};

pub(super) async fn post(deps: Arc<StsDeps>, request: Request) -> Result<Response, Refusal> {
    let Posted {
        context,
        headers,
        path,
        peer,
        body,
        standing,
    } = Posted::read(&deps, request).await?;
    let login = Login::of(&headers)?;
    let possession = Possession::of(&headers)?;
    let fields = FormFields::parse(&body, &["resource"])?;
    if sign_in::is_of_client(&fields) {
        let tokens = sign_in::redeem(&deps, &fields, possession, &context.request_id, peer).await?;
        proved(standing.as_ref());
        let mut response = uncached(&tokens)?;
        possession.tell_nonce(&deps, response.headers_mut()).await;
        return Ok(response);
    }
    let form = TokenRequest::read(&fields, login.as_ref())?;
    let from_gateway = from_gateway(&deps, &context, &headers, &path, &form, &body).await?;
    let exchange = Exchange::of(&form, from_gateway, &deps.config.control_audience)?;
    let asking = TokenCall {
        deps: &deps,
        context: &context,
        form: &form,
        possession,
        peer,
    };
    let answered = asking.answer(exchange).await;
    if from_gateway || answered.is_ok() {
        proved(standing.as_ref());
    }
    let answered = answered.map_err(|refusal| challenged(login.as_ref(), refusal))?;
    let mut response = uncached(&answered)?;
    possession.tell_nonce(&deps, response.headers_mut()).await;
    Ok(response)
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
    let keys = deps.gateway_keys.as_ref().ok_or_else(refused)?;
    if !context.id_from_caller || form.gateway_request_id != *context.request_id {
        return Err(refused());
    }
    let signed = SignedHeaders {
        timestamp: text(TIMESTAMP_HEADER),
        nonce: text(NONCE_HEADER),
        signature: text(SIGNATURE_HEADER),
    };
    let now = deps.world.now();
    verify_signature(keys, signed, "POST", path, body, now).map_err(|error| {
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

/// A request, and who sent it from where.
struct TokenCall<'a> {
    deps: &'a StsDeps,
    context: &'a RequestContext,
    form: &'a TokenRequest,
    possession: Possession<'a>,
    peer: Option<IpAddr>,
}

impl<'a> TokenCall<'a> {
    /// A handler for each kind. All but a Gateway's are an application's, which proves itself first.
    async fn answer(&self, exchange: Exchange<'_>) -> Result<TokenResponse, Refusal> {
        match exchange {
            Exchange::Governed(presented) => {
                // Its caller proved a key to the Gateway, which presents what is issued itself.
                if self.possession.is_claimed() {
                    return Err(possession::invalid("what a Gateway asks for is bound to nothing"));
                }
                governed(self.deps, self.context, self.form, &presented).await
            }
            Exchange::Mint(mint) => {
                let (minted, denied) = mint.run(&self.bound(self.proven().await?).await?).await?;
                Ok(response(minted.token, &minted.claims, denied))
            }
            Exchange::Control(control) => {
                let issued = control
                    .run(&self.bound(self.of_control_key().await?).await?)
                    .await?;
                Ok(response(issued.token, &issued.claims, Vec::new()))
            }
            Exchange::Session(token) => {
                Err(refuse_session(&self.bound(self.proven().await?).await?, token).await)
            }
            Exchange::Federation(federation) => {
                let issued = federation.run(&self.bound(self.proven().await?).await?).await?;
                Ok(response(issued.token, &issued.claims, Vec::new()))
            }
        }
    }

    /// `case` of an application that is proved, bound to the key that it proves to hold, where it does. The proof is spent
    /// once the request is counted.
    async fn bound(&self, case: Case<'a>) -> Result<Case<'a>, Refusal> {
        let proof = self.possession.verify(self.deps).await?;
        Ok(Case {
            bound_to: proof.as_ref().map(|proof| proof.thumbprint.clone()),
            proof,
            ..case
        })
    }

    async fn proven(&self) -> Result<Case<'a>, Refusal> {
        let zone_id = self.form.zone_id.as_ref().ok_or_else(invalid_client)?;
        self.in_zone(zone_id).await
    }

    /// As [`Self::proven`]; a control key need not say which zone is its own.
    async fn of_control_key(&self) -> Result<Case<'a>, Refusal> {
        let zone_id = match &self.form.zone_id {
            Some(zone_id) => zone_id.clone(),
            None => zone_of_control_key(self.deps, &self.form.application_id, self.peer).await?,
        };
        self.in_zone(&zone_id).await
    }

    async fn in_zone(&self, zone_id: &ZoneId) -> Result<Case<'a>, Refusal> {
        let form = self.form;
        let (zone, application) = authenticate(
            self.deps,
            zone_id,
            &form.application_id,
            &form.client_secret,
            self.peer,
        )
        .await?;
        Ok(Case {
            deps: self.deps,
            zone,
            application,
            request_id: &self.context.request_id,
            now: self.deps.world.now(),
            bound_to: None,
            proof: None,
        })
    }
}

async fn governed(
    deps: &StsDeps,
    context: &RequestContext,
    form: &TokenRequest,
    presented: &Presented<'_>,
) -> Result<TokenResponse, Refusal> {
    let proved_key = form.key.as_deref();
    let called = (presented.resource, proved_key);
    let claims = subject::verify_for_call(deps, presented.zone_id, presented.token, called).await?;
    let call = GovernedCall {
        zone_id: presented.zone_id,
        application_id: &form.application_id,
        claims: &claims,
        proved_key,
        resource: presented.resource,
        operation: &form.operation,
        arguments: form.arguments.as_ref().map(Secret::expose),
        approval: form.approval_id.as_ref(),
        content: form.content.by_ref(),
        request_id: &context.request_id,
    };
    let answer = decide_call(deps, call, true).await?;
    let (token, minted) = answer.mandate.ok_or_else(unavailable)?;
    let named = minted.target.first().map(ToString::to_string);
    Ok(TokenResponse {
        upstreams: named.map(|name| (name, answer.directive)).into_iter().collect(),
        ..response(token, &minted, Vec::new())
    })
}

fn response(access_token: String, claims: &MandateClaims, denied: Vec<DeniedTarget>) -> TokenResponse {
    TokenResponse {
        access_token,
        token_type: token_type(claims).into(),
        expires_in: (claims.exp - claims.iat).max(1),
        scope: claims.scope.clone(),
        issued_token_type: ACCESS_TOKEN.into(),
        target_resources: claims.target.clone(),
        upstreams: BTreeMap::new(),
        denied,
        refresh_token: None,
    }
}
