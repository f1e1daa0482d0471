//! A provider as it is kept, with what is sealed.

use caracal_core::entity::{Provider, ProviderConfig};
use caracal_crypto::Location;
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::ErrorCode;
use serde_json::{Map, Value};

use crate::call::ZoneCall;

/// Its settings, with what is among `secrets`.
pub(in crate::routes) fn settings(
    provider: &Provider,
    secrets: Map<String, Value>,
) -> Result<ProviderConfig, Refusal> {
    let mut settings = provider.config_json.clone();
    settings.extend(secrets);
    ProviderConfig::read(provider.kind, &settings).map_err(|_| unusable())
}

/// 400 for settings that no longer keep their rules.
pub(in crate::routes) fn unusable() -> Refusal {
    Refusal::of(ErrorCode::InvalidProviderConfig)
        .describe("the provider's settings cannot be used")
        .at("config_json")
}

/// Its settings with its secrets.
pub(in crate::routes) async fn opened(
    call: &ZoneCall,
    work: &mut dyn ZoneWork,
    provider: &Provider,
) -> Result<ProviderConfig, Refusal> {
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
