//! `GET /v1/zones/{zoneId}/provider-connections/oauth/callback`

use caracal_core::{
    Secret,
    entity::{ConnectionAttempt, Provider, provider_config::AuthorizationCodeConfig},
};
use caracal_lifecycle::connections::{ConnectedAccount, Sealing, Tokens, connect};
use caracal_service::{
    Refusal,
    contention::retried,
    front::{Created, QueryOnce},
    oauth::TokenError,
};
use caracal_storage::Access;
use caracal_wire::{
    ErrorCode,
    control::connections::{
        AuthorizationAnswer, AuthorizationDenied, ConnectionItem, ExchangeFailed, ProviderAuthorizationError,
    },
};

use super::{
    opened,
    proof::{state_digest, verifier_of},
    provider,
};
use crate::{call::ZoneCall, change::Done, routes::providers::stored::unusable};

/// What an answer is refused with, besides the gates.
pub(in crate::routes) const REFUSES: [ErrorCode; 11] = [
    ErrorCode::OauthStateExpired,
    ErrorCode::OauthStateMismatch,
    ErrorCode::OauthIssuerMismatch,
    ErrorCode::OauthInitiatorMismatch,
    ErrorCode::ProviderOauthDenied,
    ErrorCode::AuthorizationCodeRequired,
    ErrorCode::InvalidProviderConfig,
    ErrorCode::ProviderTokenEndpointNotAllowed,
    ErrorCode::SecretBackendUnavailable,
    ErrorCode::ProviderTokenExchangeFailed,
    ErrorCode::ProviderTokenResponseInvalid,
];

/// Takes what a person came back with, from whoever sent them: a browser that somebody else sent away carries an account
/// that is not the initiator's to connect. Another's attempt is left alone; the initiator's is taken before anything else
/// happens, so that it serves once whatever comes of it.
pub(crate) async fn handle(
    call: ZoneCall,
    QueryOnce(answer): QueryOnce<AuthorizationAnswer>,
) -> Result<Created<ConnectionItem>, Refusal> {
    let attempt = take(&call, &answer.state).await?;
    let mut work = call.read().await?;
    let provider = provider(work.as_mut(), &attempt.provider_id).await?;
    same_provider(&attempt, &provider)?;
    let config = opened(&call, work.as_mut(), &provider).await?;
    drop(work);
    // Before anything of the answer is believed.
    if !config.is_issued_by(answer.iss.as_deref()) {
        return Err(Refusal::of(ErrorCode::OauthIssuerMismatch)
            .describe("the answer does not name the server that the person was sent to")
            .at("iss"));
    }
    if let Some(word) = &answer.error {
        let denied = AuthorizationDenied {
            error: ProviderAuthorizationError::parse(word),
        };
        return Err(Refusal::of(ErrorCode::ProviderOauthDenied)
            .describe("the server did not authorize")
            .with_details(&denied)
            .at("error"));
    }
    let code = answer.code.ok_or_else(|| {
        Refusal::of(ErrorCode::AuthorizationCodeRequired)
            .describe("the answer has neither a code nor an error")
            .at("code")
    })?;
    let verifier = verifier_of(&call.role.keyring, &answer.state, &attempt.challenge)?;
    let verifier = verifier.ok_or_else(expired)?;
    let reply = call
        .role
        .oauth
        .redeem(&config, &Secret::new(code.0), &verifier)
        .await;
    let reply = reply.map_err(|error| {
        tracing::warn!(zone.id = %call.zone, provider.id = %provider.id, %error, "a code was not redeemed");
        failed(&error)
    })?;
    let tokens = reply.into_tokens(call.now());
    // The code is spent: what gave way to others is done again here.
    retried(&call.role.world, || keep(&call, &attempt, &config, &tokens)).await
}

/// The attempt that the state is of, which nobody gets again.
async fn take(call: &ZoneCall, state: &str) -> Result<ConnectionAttempt, Refusal> {
    let digest = state_digest(state);
    let mut work = call.role.store.zone(&call.zone, Access::Write).await?;
    let attempt = work.connections().attempt(&digest, call.now()).await?;
    let attempt = attempt.ok_or_else(expired)?;
    if attempt.initiator != call.caller.attributed_to() {
        return Err(Refusal::of(ErrorCode::OauthInitiatorMismatch)
            .describe("somebody else began to connect this account, and alone may finish it"));
    }
    if !work.connections().take_attempt(&digest).await? {
        return Err(expired());
    }
    work.commit().await?;
    Ok(attempt)
}

/// Connects, unless the provider became another while the server was asked.
async fn keep(
    call: &ZoneCall,
    attempt: &ConnectionAttempt,
    config: &AuthorizationCodeConfig,
    tokens: &Tokens,
) -> Result<Created<ConnectionItem>, Refusal> {
    let mut change = call.change().await?;
    let provider = provider(&mut *change, &attempt.provider_id).await?;
    same_provider(attempt, &provider)?;
    let account = ConnectedAccount {
        provider: &provider.id,
        subject: &attempt.subject_id,
        token_endpoint: &config.client.token_endpoint,
        client_id: &config.client.client_id,
        by: &attempt.initiator,
    };
    let sealing = Sealing {
        world: &call.role.world,
        keys: &call.role.keyring,
    };
    let connection = connect(&mut *change, sealing, account, tokens).await?;
    let id = connection.id.clone();
    let done = Done::created(id.as_str())
        .note("provider_id", provider.id.as_str())
        .note("subject_id", attempt.subject_id.as_str());
    change.commit(done).await?;
    Ok(Created(connection.into()))
}

fn expired() -> Refusal {
    Refusal::of(ErrorCode::OauthStateExpired)
        .describe("this state was used, has run out, or is not of this zone")
        .at("state")
}

/// A code is carried to the endpoint it was asked for, not to one that was put in its place meanwhile.
fn same_provider(attempt: &ConnectionAttempt, provider: &Provider) -> Result<(), Refusal> {
    if attempt.provider_version == provider.attribution.version {
        return Ok(());
    }
    Err(Refusal::of(ErrorCode::OauthStateMismatch)
        .describe("the provider was changed since the person was sent away; begin again")
        .at("state"))
}

/// What is told of a code that gave no token. Of the server's answer at most its word.
fn failed(error: &TokenError) -> Refusal {
    match error {
        TokenError::HostNotAllowed | TokenError::Refused(_) => {
            Refusal::of(ErrorCode::ProviderTokenEndpointNotAllowed)
                .describe("the provider's token endpoint is not where tokens may be asked for")
                .at("config_json.token_endpoint")
        }
        TokenError::Unusable(_) => unusable(),
        TokenError::Malformed(_) => Refusal::of(ErrorCode::ProviderTokenResponseInvalid)
            .describe("the answer of the provider's token endpoint cannot be used"),
        TokenError::Denied { error, .. } => exchange_failed(error.clone()),
        TokenError::Unreachable | TokenError::TimedOut | TokenError::Failed(_) => exchange_failed(None),
    }
}

fn exchange_failed(error: Option<String>) -> Refusal {
    Refusal::of(ErrorCode::ProviderTokenExchangeFailed)
        .describe("the provider's token endpoint gave no token for the code")
        .with_details(&ExchangeFailed { error })
}
