//! `PATCH /v1/zones/{zoneId}/providers/{id}`

use caracal_core::{ProviderId, entity::ProviderKind};
use caracal_service::Refusal;
use caracal_wire::events::DirectoryKind;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    CODE, check_identifier, check_reserved, config, identifier_conflict, keep_secrets, not_found, row,
};
use crate::{
    answer::Answer,
    call::ZoneCall,
    change::Done,
    fields::{bounded, no_fields, present},
};

#[derive(Deserialize)]
struct Body {
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    identifier: Option<String>,
    #[serde(default, deserialize_with = "present")]
    kind: Option<ProviderKind>,
    #[serde(default, deserialize_with = "present")]
    config_json: Option<Map<String, Value>>,
}

/// `config_json` replaces the whole public configuration. With `kind` the secret must be given anew; without it,
/// a secret that is left out stays.
pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: ProviderId = call.id("id")?;
    let body: Body = call.body(CODE)?;
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
            "provider_config_required",
            "config_json",
            "a new kind needs its configuration",
        ));
    }
    if name.is_none() && identifier.is_none() && body.config_json.is_none() {
        return Err(no_fields());
    }

    let mut change = call.change().await?;
    let mut provider = change
        .providers()
        .get(&id)
        .await?
        .filter(|provider| provider.archived_at.is_none())
        .ok_or_else(not_found)?;
    let mut sealed = None;
    if let Some(given) = &body.config_json {
        let stored = body.kind.is_none() && !provider.secret_config_keys.is_empty();
        provider.kind = body.kind.unwrap_or(provider.kind);
        let config = config::check(provider.kind, given, stored)?;
        provider.config_json = config.public;
        provider.connectivity_failed_at = None;
        if !config.secrets.is_empty() || body.kind.is_some() {
            provider.secret_config_keys = config.secrets.keys().cloned().collect();
            sealed = Some(config.secrets);
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
    if let Some(secrets) = sealed {
        keep_secrets(&mut change, &call.zone, &provider.id, &secrets).await?;
    }
    change.directory_changed(DirectoryKind::Provider, provider.id.as_str());
    change.commit(Done::ok()).await?;
    Answer::ok(&row(&provider))
}
