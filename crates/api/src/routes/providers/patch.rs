//! `PATCH /v1/zones/{zoneId}/providers/{id}`

use caracal_core::{
    ProviderId, Timestamp,
    entity::{Provider, ProviderConfig, ProviderKind},
};
use caracal_service::{
    Refusal,
    front::{Body, ById, IfMatch, Path, Versioned},
};
use caracal_storage::Lock;
use caracal_wire::events::DirectoryKind;
use caracal_wire::{
    ErrorCode,
    control::providers::{ProviderItem, UpdateProvider},
};

use serde_json::{Map, Value};

use super::{
    CODE, check_certificate, check_identifier, check_keys, check_reserved, identifier_conflict,
    invalid_config, keep_secrets, not_found, secret_keys,
};
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
    fields::{bounded, no_fields},
};

/// `config_json` replaces the whole public configuration. With `kind` the secret must be given anew; without it,
/// a secret that is left out stays.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ProviderId>>,
    wanted: IfMatch,
    Body(body): Body<UpdateProvider>,
) -> Result<Versioned<ProviderItem>, Refusal> {
    let name = body
        .name
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    if let Some(name) = &name {
        bounded(CODE, "name", name, 200)?;
    }
    let identifier = body.identifier.map(|identifier| identifier.trim().to_owned());
    if let Some(identifier) = &identifier {
        check_identifier(identifier)?;
        check_reserved(identifier, call.caller.is_bootstrap())?;
    }
    if body.kind.is_some() && body.config_json.is_none() {
        return Err(Refusal::invalid_field(
            ErrorCode::ProviderConfigRequired,
            "config_json",
            "a new kind needs its configuration",
        ));
    }
    if name.is_none() && identifier.is_none() && body.config_json.is_none() {
        return Err(no_fields());
    }

    let now = call.now();
    let mut change = call.change().await?;
    // Changes of providers take turns, so that none undoes another unseen.
    change.lock(Lock::ProviderChange).await?;
    let provider = change
        .providers()
        .get(&id)
        .await?
        .filter(|provider| provider.archived_at.is_none())
        .ok_or_else(not_found)?;
    wanted.allows(provider.attribution.version)?;
    let config = body
        .config_json
        .as_ref()
        .map(|given| checked_config(&provider, body.kind, given, now))
        .transpose()?;
    let provider = alter(&mut change, provider, (name, identifier, body.kind), config).await?;
    change.commit(Done::ok()).await?;
    let version = provider.attribution.next();
    Ok(Versioned(provider.into(), version))
}

/// The settings that a provider would have; another kind needs its secret anew.
pub(in crate::routes) fn checked_config(
    provider: &Provider,
    kind: Option<ProviderKind>,
    given: &Map<String, Value>,
    now: Timestamp,
) -> Result<ProviderConfig, Refusal> {
    let stored: &[String] = match kind {
        Some(_) => &[],
        None => &provider.secret_config_keys,
    };
    let kind = kind.unwrap_or(provider.kind);
    let config = ProviderConfig::check(kind, given, stored).map_err(invalid_config)?;
    check_keys(&config)?;
    check_certificate(&config, Some(provider), now)?;
    Ok(config)
}

/// Changes a provider, read under the lock of changes, in a change that the caller commits: its name, identifier and
/// kind, and its settings, all of them checked.
pub(in crate::routes) async fn alter(
    change: &mut ZoneChange<'_>,
    mut provider: Provider,
    (name, identifier, kind): (Option<String>, Option<String>, Option<ProviderKind>),
    config: Option<ProviderConfig>,
) -> Result<Provider, Refusal> {
    let mut sealed = None;
    if let Some(config) = config {
        provider.kind = kind.unwrap_or(provider.kind);
        provider.config_json = config.public();
        provider.connectivity_failed_at = None;
        // What works without a secret keeps none.
        if !config.secrets().is_empty() || kind.is_some() || !config.needs_secrets() {
            provider.secret_config_keys = secret_keys(&config);
            sealed = Some(config);
        }
    }
    provider.name = name.unwrap_or(provider.name);
    provider.identifier = identifier.unwrap_or(provider.identifier);
    let call = change.call();
    call.stamp(&mut provider.attribution);
    if !change
        .providers()
        .update(&provider)
        .await
        .map_err(identifier_conflict)?
    {
        return Err(not_found());
    }
    if let Some(config) = sealed {
        keep_secrets(change, &call.zone, &provider.id, &config).await?;
    }
    change.directory_changed(DirectoryKind::Provider, provider.id.as_str());
    Ok(provider)
}
