//! `POST /v1/zones/{zoneId}/provider-connections/oauth/authorize`

use std::time::Duration;

use caracal_core::entity::{ConnectionAttempt, provider_config::AuthorizationCodeConfig};
use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_wire::control::connections::{BegunAuthorization, ConnectionOf};
use url::Url;

use super::{
    proof::{challenge, new_state, state_digest},
    provider, settings, subject,
};
use crate::{
    call::{ZoneCall, require_zone},
    change::Done,
    routes::providers::stored::unusable,
};

/// How long a person may take.
const LIFETIME: Duration = Duration::from_mins(10);

/// Begins to connect an account: whoever begins alone may finish.
pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<ConnectionOf>,
) -> Result<Answer<BegunAuthorization>, Refusal> {
    let state = new_state(&call.role.world);
    let challenge = challenge(&call.role.keyring, &state)?;
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let provider = provider(&mut *change, &body.provider_id).await?;
    let config = settings(&provider, serde_json::Map::new())?;
    let authorization_url = address(&config, &state, &challenge)?;
    let now = call.now();
    let attempt = ConnectionAttempt {
        state_digest: state_digest(&state),
        zone_id: call.zone.clone(),
        provider_id: provider.id.clone(),
        provider_version: provider.attribution.version,
        subject_id: subject(body.subject_id),
        initiator: call.caller.attributed_to(),
        challenge,
        created_at: now,
        expires_at: now.plus(LIFETIME),
    };
    change.connections().begin_attempt(&attempt).await?;
    let done = Done::ok()
        .note("provider_id", provider.id.as_str())
        .note("subject_id", attempt.subject_id.as_str());
    let begun = BegunAuthorization {
        authorization_url,
        state,
        expires_at: attempt.expires_at,
    };
    Ok(Answer(change.answer(done, begun).await?))
}

/// Where the person says yes. What the protocol says comes last and is named nowhere else.
fn address(config: &AuthorizationCodeConfig, state: &str, challenge: &str) -> Result<String, Refusal> {
    let mut url = Url::parse(&config.authorization_endpoint).map_err(|_| unusable())?;
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(config.authorization_params.iter().flatten());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &config.client.client_id)
            .append_pair("redirect_uri", &config.redirect_uri)
            .append_pair("state", state);
        let scopes = config.client.scopes.as_deref().unwrap_or_default();
        if !scopes.is_empty() {
            query.append_pair("scope", &scopes.join(" "));
        }
        query
            .append_pair("code_challenge", challenge)
            .append_pair("code_challenge_method", "S256");
    }
    Ok(url.into())
}
