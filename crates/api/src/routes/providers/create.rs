//! `POST /v1/zones/{zoneId}/providers`

use caracal_core::{
    ProviderId,
    entity::{Provider, ProviderConfig, ProviderKind},
};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_wire::{
    ErrorCode,
    control::{
        checks::{FailedCheck, ProviderCheckStatus},
        providers::{CreateProvider, ProviderItem},
    },
    events::DirectoryKind,
};

use super::{
    CODE, check_certificate, check_identifier, check_keys, check_reserved, identifier_conflict,
    invalid_config, keep_secrets, parse_kind, secret_keys,
};
use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
    checks::{CheckTarget, check_provider},
    fields::bounded,
    identifiers::{candidates, slug},
};

pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreateProvider>,
) -> Result<Created<ProviderItem>, Refusal> {
    let kind = parse_kind(&body.kind)?;
    // Blank counts as left out.
    let name = body
        .name
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    let given = body
        .identifier
        .map(|identifier| identifier.trim().to_owned())
        .filter(|text| !text.is_empty());
    if let Some(name) = &name {
        bounded(CODE, "name", name, 200)?;
    }
    let config = ProviderConfig::check(kind, &body.config_json, &[]).map_err(invalid_config)?;
    check_keys(&config)?;
    check_certificate(&config, None, call.now())?;
    if body.check == Some(true) {
        try_out(&call, &config).await?;
    }
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let identifier = match (given, &name) {
        (Some(identifier), _) => identifier,
        (None, Some(name)) => generated(&mut change, name).await?,
        (None, None) => {
            return Err(Refusal::invalid_field(
                CODE,
                "identifier",
                "give a name or an identifier",
            ));
        }
    };
    check_identifier(&identifier)?;
    check_reserved(&identifier, call.caller.is_bootstrap())?;

    let id = ProviderId::generate(&call.role.world);
    let name = name.unwrap_or_else(|| identifier.clone());
    let provider = make(&mut change, id, (name, identifier, kind), &config).await?;
    let id = provider.id.clone();
    let made = change.answer(Done::created(id.as_str()), provider.into()).await?;
    Ok(Created(made))
}

/// Asks the token endpoint before anything is locked or kept.
async fn try_out(call: &ZoneCall, config: &ProviderConfig) -> Result<(), Refusal> {
    require_zone(call.read().await?.as_mut()).await?;
    CheckTarget::Provider.count(call).await?;
    let check = check_provider(&call.role.oauth, &call.role.world, config).await?;
    if check.status == ProviderCheckStatus::Ok {
        return Ok(());
    }
    let failed = Refusal::of(ErrorCode::ProviderCheckFailed).describe(check.detail.clone());
    Err(failed.with_details(&FailedCheck { check }))
}

/// Makes it in a change that the caller commits: its name, identifier and kind, which were checked.
pub(in crate::routes) async fn make(
    change: &mut ZoneChange<'_>,
    id: ProviderId,
    (name, identifier, kind): (String, String, ProviderKind),
    config: &ProviderConfig,
) -> Result<Provider, Refusal> {
    let call = change.call();
    let provider = Provider {
        id,
        zone_id: call.zone.clone(),
        name,
        identifier,
        kind,
        config_json: config.public(),
        secret_config_keys: secret_keys(config),
        connectivity_failed_at: None,
        archived_at: None,
        attribution: call.made(),
    };
    change
        .providers()
        .create(&provider)
        .await
        .map_err(identifier_conflict)?;
    keep_secrets(change, &call.zone, &provider.id, config).await?;
    change.directory_changed(DirectoryKind::Provider, provider.id.as_str());
    Ok(provider)
}

async fn generated(change: &mut ZoneChange<'_>, name: &str) -> Result<String, Refusal> {
    let name = name.strip_prefix("provider://").unwrap_or(name);
    let base = format!("provider://{}", slug(name, "provider"));
    let mut chosen = base.clone();
    for candidate in candidates(&change.call().role.world, base) {
        chosen = candidate;
        if !change.providers().identifier_taken(&chosen, None).await? {
            break;
        }
    }
    Ok(chosen)
}
