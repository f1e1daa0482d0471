//! `/v1/zones/{zoneId}/provider-connections`: accounts at upstreams' OAuth servers.
//!
//! `authorize` sends a person away, `callback` takes what they come back with, from whoever sent them alone; `create`
//! keeps tokens that somebody got elsewhere; `revoke` ends a connection at once and then tells the server.

pub(super) mod authorize;
pub(super) mod callback;
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
mod proof;
pub(super) mod revoke;

use caracal_core::{
    ProviderId,
    entity::{
        Provider, ProviderConfig, ProviderKind, SHARED_SUBJECT, provider_config::AuthorizationCodeConfig,
    },
};
use caracal_crypto::Location;
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::{ErrorCode, control::Line};
use serde_json::{Map, Value};

use crate::call::ZoneCall;

/// What is wrong with the provider that is named.
pub(super) const PROVIDER: [ErrorCode; 2] = [
    ErrorCode::ProviderNotFound,
    ErrorCode::ProviderConnectionUnsupported,
];

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::ProviderConnectionNotFound).describe("no such connection, or it was revoked")
}

/// For whom a connection is.
fn subject(given: Option<Line<512>>) -> String {
    given.map_or_else(|| String::from(SHARED_SUBJECT), |subject| subject.0)
}

/// The provider, if accounts are connected there.
async fn provider(work: &mut dyn ZoneWork, id: &ProviderId) -> Result<Provider, Refusal> {
    let provider = work.providers().get(id).await?;
    let provider = provider
        .filter(|provider| provider.archived_at.is_none())
        .ok_or_else(|| Refusal::of(ErrorCode::ProviderNotFound).describe("no such provider"))?;
    if provider.kind == ProviderKind::Oauth2AuthorizationCode {
        return Ok(provider);
    }
    Err(Refusal::of(ErrorCode::ProviderConnectionUnsupported)
        .describe("accounts are connected at providers of kind oauth2_authorization_code alone"))
}

/// Its settings, with what is among `secrets`.
fn settings(
    provider: &Provider,
    secrets: Map<String, Value>,
) -> Result<Box<AuthorizationCodeConfig>, Refusal> {
    let mut settings = provider.config_json.clone();
    settings.extend(secrets);
    match ProviderConfig::read(provider.kind, &settings) {
        Ok(ProviderConfig::AuthorizationCode(config)) => Ok(config),
        Ok(_) | Err(_) => Err(unusable()),
    }
}

fn unusable() -> Refusal {
    Refusal::of(ErrorCode::InvalidProviderConfig).describe("the provider's settings cannot be used")
}

/// Its settings with the client's secret.
async fn opened(
    call: &ZoneCall,
    work: &mut dyn ZoneWork,
    provider: &Provider,
) -> Result<Box<AuthorizationCodeConfig>, Refusal> {
    let location = Location::provider_secret_config(&call.zone, &provider.id);
    let unavailable = || {
        Refusal::of(ErrorCode::SecretBackendUnavailable)
            .describe("the secret store could not open the provider's credential")
    };
    let secrets = match work.secrets().get(location.as_str()).await? {
        Some(envelope) => {
            let opened = call.role.keyring.open(&location, &envelope).map_err(|error| {
                tracing::error!(zone.id = %call.zone, provider.id = %provider.id, %error, "a provider's credential cannot be opened");
                unavailable()
            })?;
            serde_json::from_slice(&opened).map_err(|_| unavailable())?
        }
        None if provider.secret_config_keys.is_empty() => Map::new(),
        None => return Err(unavailable()),
    };
    settings(provider, secrets)
}
