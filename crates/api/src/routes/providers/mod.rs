//! `/v1/zones/{zoneId}/providers`: where upstream credentials come from.

pub(super) mod archive;
pub(super) mod create;
pub(super) mod discover;
pub(super) mod get;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod stored;
pub(super) mod test;

use std::collections::BTreeMap;

use caracal_core::{
    ProviderId, Timestamp, ZoneId,
    entity::{Provider, ProviderConfig, ProviderKind, provider_config::InvalidConfig},
    sign_in::is_slug,
};
use caracal_crypto::{AssertionKey, Location};
use caracal_service::{
    Refusal,
    egress::{ClientIdentity, InvalidIdentity, validity},
};
use caracal_wire::ErrorCode;
use serde_json::Value;

use crate::{
    change::ZoneChange,
    fields::{is_reserved, on_conflict, reserved_namespace},
};

const CODE: ErrorCode = ErrorCode::InvalidProvider;
/// Prefix of the platform's own providers.
pub(in crate::routes) const RESERVED_IDENTIFIER: &str = "provider://caracal-sys-";

/// What is wrong with a provider as it would be.
pub(super) const RULES: [ErrorCode; 5] = [
    ErrorCode::InvalidProviderConfig,
    ErrorCode::InvalidProviderIdentifier,
    ErrorCode::ProviderIdentifierConflict,
    ErrorCode::ReservedNamespace,
    ErrorCode::SecretBackendUnavailable,
];

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::ProviderNotFound).describe("no such provider")
}

fn identifier_conflict(error: caracal_storage::Error) -> Refusal {
    on_conflict(
        error,
        ErrorCode::ProviderIdentifierConflict,
        "another provider of the zone has this identifier",
    )
}

/// `provider://` and words of `a-z 0-9` joined by single hyphens.
pub(in crate::routes) fn check_identifier(identifier: &str) -> Result<(), Refusal> {
    let valid = identifier.len() <= 512 && identifier.strip_prefix("provider://").is_some_and(is_slug);
    if valid {
        return Ok(());
    }
    Err(Refusal::invalid_field(
        ErrorCode::InvalidProviderIdentifier,
        "identifier",
        "must be provider:// and words of a-z 0-9 joined by single hyphens",
    ))
}

pub(in crate::routes) fn check_reserved(identifier: &str, bootstrap: bool) -> Result<(), Refusal> {
    if !bootstrap && is_reserved(RESERVED_IDENTIFIER, identifier) {
        return Err(reserved_namespace(RESERVED_IDENTIFIER));
    }
    Ok(())
}

/// Reads a kind; an error offers those alone that are not refused afterwards.
fn parse_kind(word: &str) -> Result<ProviderKind, Refusal> {
    ProviderKind::parse(word).ok_or_else(|| {
        let message = format!("must be one of {}", ProviderConfig::offered());
        Refusal::invalid_field(CODE, "kind", message)
    })
}

fn invalid_config(problem: InvalidConfig) -> Refusal {
    Refusal::invalid_field(ErrorCode::InvalidProviderConfig, &problem.field, problem.message)
}

/// A certificate that is not the one kept comes with its key, and holds at `now`.
pub(in crate::routes) fn check_certificate(
    config: &ProviderConfig,
    kept: Option<&Provider>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let wrong = |field: &str, message: String| {
        Refusal::invalid_field(
            ErrorCode::InvalidProviderConfig,
            &format!("config_json.{field}"),
            message,
        )
    };
    let Some(certificate) = config.certificate() else {
        return Ok(());
    };
    let given = certificate.client_certificate.as_str();
    let kept = kept.and_then(|kept| kept.config_json.get("client_certificate"));
    let is_kept = kept.and_then(Value::as_str) == Some(given);
    if !is_kept {
        let held = validity(given).map_err(|error| wrong("client_certificate", error.to_string()))?;
        let (from, until) = held;
        if now < from || until <= now {
            return Err(wrong(
                "client_certificate",
                format!("holds from {from} to {until} alone"),
            ));
        }
    }
    match &certificate.client_key {
        Some(key) => ClientIdentity::from_pem(given, key.expose())
            .map(drop)
            .map_err(|error| match error {
                InvalidIdentity::Certificates => wrong("client_certificate", error.to_string()),
                InvalidIdentity::Key | InvalidIdentity::Mismatch => wrong("client_key", error.to_string()),
            }),
        None if is_kept => Ok(()),
        None => Err(wrong(
            "client_key",
            String::from("is required with another certificate"),
        )),
    }
}

/// A private key that nothing can be signed with is refused where it is given, not at the first call.
pub(in crate::routes) fn check_keys(config: &ProviderConfig) -> Result<(), Refusal> {
    let key = match config {
        ProviderConfig::ClientCredentials(config) => config.client.private_key.as_ref(),
        ProviderConfig::None(_)
        | ProviderConfig::CaracalMandate(_)
        | ProviderConfig::ApiKey(_)
        | ProviderConfig::BearerToken(_)
        | ProviderConfig::HttpBasic(_)
        | ProviderConfig::AuthorizationCode(_) => None,
    };
    match key.map(|key| AssertionKey::from_pem(key.expose().as_bytes())) {
        Some(Err(_)) => Err(Refusal::invalid_field(
            ErrorCode::InvalidProviderConfig,
            "config_json.private_key",
            "must be an RSA key of 2048 bits or more, or a P-256, P-384 or P-521 key",
        )),
        Some(Ok(_)) | None => Ok(()),
    }
}

/// The names of the secrets that are sealed for `config`.
fn secret_keys(config: &ProviderConfig) -> Vec<String> {
    let secrets = config.secrets().into_iter();
    secrets.map(|(key, _)| key.to_owned()).collect()
}

/// Seals the secret document in the same transaction as the row, or removes it when there is none.
async fn keep_secrets(
    change: &mut ZoneChange<'_>,
    zone: &ZoneId,
    id: &ProviderId,
    config: &ProviderConfig,
) -> Result<(), Refusal> {
    let location = Location::provider_secret_config(zone, id);
    let secrets = config.secrets();
    if secrets.is_empty() {
        change.secrets().delete(location.as_str()).await?;
        return Ok(());
    }
    let unavailable = || {
        Refusal::of(ErrorCode::SecretBackendUnavailable)
            .describe("the secret store could not seal the provider's credential")
    };
    let document: BTreeMap<_, _> = secrets
        .into_iter()
        .map(|(key, secret)| (key, secret.expose()))
        .collect();
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
