//! `/v1/zones/{zoneId}/providers`: where upstream credentials come from.

pub(super) mod archive;
mod config;
pub(super) mod create;
pub(super) mod get;
mod kind;
pub(super) mod list;
pub(super) mod patch;

use std::collections::BTreeMap;

use caracal_core::{
    ProviderId, Secret, Timestamp, ZoneId,
    entity::{Attribution, Provider, ProviderKind},
};
use caracal_crypto::Location;
use caracal_service::Refusal;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    change::ZoneChange,
    fields::{is_reserved, on_conflict, reserved_namespace},
};

const CODE: &str = "invalid_provider";
/// Prefix of the platform's own providers.
const RESERVED_IDENTIFIER: &str = "provider://caracal-sys-";

/// A provider as clients see it: the names of its sealed keys, never their values.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    zone_id: &'a str,
    name: &'a str,
    identifier: &'a str,
    kind: ProviderKind,
    config_json: &'a Map<String, Value>,
    secret_config_keys: &'a [String],
    connectivity_failed_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
    #[serde(flatten)]
    attribution: &'a Attribution,
}

fn row(provider: &Provider) -> Row<'_> {
    Row {
        id: provider.id.as_str(),
        zone_id: provider.zone_id.as_str(),
        name: &provider.name,
        identifier: &provider.identifier,
        kind: provider.kind,
        config_json: &provider.config_json,
        secret_config_keys: &provider.secret_config_keys,
        connectivity_failed_at: provider.connectivity_failed_at,
        archived_at: provider.archived_at,
        attribution: &provider.attribution,
    }
}

fn not_found() -> Refusal {
    Refusal::not_found("provider_not_found").describe("no such provider")
}

fn identifier_conflict(error: caracal_storage::Error) -> Refusal {
    on_conflict(
        error,
        "provider_identifier_conflict",
        "another provider of the zone has this identifier",
    )
}

/// `provider://` and words of `a-z 0-9` joined by single hyphens.
fn check_identifier(identifier: &str) -> Result<(), Refusal> {
    let valid = identifier.len() <= 512
        && identifier.strip_prefix("provider://").is_some_and(|slug| {
            slug.split('-').all(|word| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            })
        });
    if valid {
        return Ok(());
    }
    Err(Refusal::invalid_field(
        "invalid_provider_identifier",
        "identifier",
        "must be provider:// and words of a-z 0-9 joined by single hyphens",
    ))
}

fn check_reserved(identifier: &str, bootstrap: bool) -> Result<(), Refusal> {
    if !bootstrap && is_reserved(RESERVED_IDENTIFIER, identifier) {
        return Err(reserved_namespace(RESERVED_IDENTIFIER));
    }
    Ok(())
}

/// Seals the secret document in the same transaction as the row, or removes it when there is none.
async fn keep_secrets(
    change: &mut ZoneChange<'_>,
    zone: &ZoneId,
    id: &ProviderId,
    secrets: &BTreeMap<String, Secret>,
) -> Result<(), Refusal> {
    let location = Location::provider_secret_config(zone, id);
    if secrets.is_empty() {
        change.secrets().delete(location.as_str()).await?;
        return Ok(());
    }
    let document: BTreeMap<&str, &str> = secrets
        .iter()
        .map(|(key, value)| (key.as_str(), value.expose()))
        .collect();
    let unavailable = || {
        Refusal::new(StatusCode::BAD_GATEWAY, "secret_backend_unavailable")
            .describe("the secret store could not seal the provider's credential")
    };
    let document = serde_json::to_vec(&document).map_err(|_| unavailable())?;
    let api = &change.call().role;
    let envelope = api
        .keyring
        .seal(&api.world, &location, &document)
        .map_err(|_| unavailable())?;
    let now = change.call().now();
    change.secrets().put(location.as_str(), &envelope, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_identifier;

    #[test]
    fn identifiers_are_slugs_under_the_scheme() {
        assert!(check_identifier("provider://acme-2").is_ok());
        for bad in [
            "acme",
            "provider://",
            "provider://-a",
            "provider://a--b",
            "provider://A",
            "provider://a/b",
        ] {
            assert!(check_identifier(bad).is_err(), "{bad}");
        }
    }
}
