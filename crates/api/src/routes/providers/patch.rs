//! `PATCH /v1/zones/{zoneId}/providers/{id}`

use caracal_core::{ProviderId, entity::ProviderConfig};
use caracal_service::{
    Refusal,
    front::{Body, ById, IfMatch, Path, Versioned},
};
use caracal_wire::events::DirectoryKind;
use caracal_wire::{
    ErrorCode,
    control::providers::{ProviderItem, UpdateProvider},
};

use super::{
    CODE, check_identifier, check_keys, check_reserved, identifier_conflict, invalid_config, keep_secrets,
    not_found, secret_keys,
};
use crate::{
    call::ZoneCall,
    change::Done,
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

    let mut change = call.change().await?;
    // Changes of providers take turns, so that none undoes another unseen.
    change.lock("provider_change").await?;
    let mut provider = change
        .providers()
        .get(&id)
        .await?
        .filter(|provider| provider.archived_at.is_none())
        .ok_or_else(not_found)?;
    wanted.allows(provider.attribution.version)?;
    let mut sealed = None;
    if let Some(given) = &body.config_json {
        let stored: &[String] = match body.kind {
            Some(_) => &[],
            None => &provider.secret_config_keys,
        };
        let kind = body.kind.unwrap_or(provider.kind);
        let config = ProviderConfig::check(kind, given, stored).map_err(invalid_config)?;
        check_keys(&config)?;
        provider.kind = kind;
        provider.config_json = config.public();
        provider.connectivity_failed_at = None;
        // What works without a secret keeps none.
        if !config.secrets().is_empty() || body.kind.is_some() || !config.needs_secrets() {
            provider.secret_config_keys = secret_keys(&config);
            sealed = Some(config);
        }
    }
    provider.name = name.unwrap_or(provider.name);
    provider.identifier = identifier.unwrap_or(provider.identifier);
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
        keep_secrets(&mut change, &call.zone, &provider.id, &config).await?;
    }
    change.directory_changed(DirectoryKind::Provider, provider.id.as_str());
    change.commit(Done::ok()).await?;
    let version = provider.attribution.next();
    Ok(Versioned(provider.into(), version))
}
