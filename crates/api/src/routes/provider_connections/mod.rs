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
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::{ErrorCode, control::Line};
use serde_json::{Map, Value};

use crate::{call::ZoneCall, routes::providers::stored};

/// What is wrong with the provider that is named.
pub(super) const PROVIDER: [ErrorCode; 2] = [
    ErrorCode::ProviderNotFound,
    ErrorCode::ProviderConnectionUnsupported,
];

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::ProviderConnectionNotFound).describe("no such connection")
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
        .describe("accounts are connected at providers of kind oauth2_authorization_code alone")
        .at("provider_id"))
}

/// Its settings, with what is among `secrets`.
fn settings(
    provider: &Provider,
    secrets: Map<String, Value>,
) -> Result<Box<AuthorizationCodeConfig>, Refusal> {
    of_people(stored::settings(provider, secrets)?)
}

/// Its settings with the client's secret.
async fn opened(
    call: &ZoneCall,
    work: &mut dyn ZoneWork,
    provider: &Provider,
) -> Result<Box<AuthorizationCodeConfig>, Refusal> {
    of_people(stored::opened(call, work, provider).await?)
}

/// Of the kind at which people connect accounts.
fn of_people(config: ProviderConfig) -> Result<Box<AuthorizationCodeConfig>, Refusal> {
    match config {
        ProviderConfig::AuthorizationCode(config) => Ok(config),
        ProviderConfig::None(_)
        | ProviderConfig::CaracalMandate(_)
        | ProviderConfig::ClientCredentials(_)
        | ProviderConfig::ApiKey(_)
        | ProviderConfig::BearerToken(_)
        | ProviderConfig::HttpBasic(_) => Err(stored::unusable()),
    }
}
