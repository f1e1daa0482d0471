//! `POST /v1/zones/{zoneId}/resources`

use caracal_core::{
    ProviderId, ResourceId,
    entity::{OperationEnforcement, Provider, ProviderKind, Resource},
};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_storage::Lock;
use caracal_wire::events::DirectoryKind;
use caracal_wire::{
    ErrorCode,
    control::{
        checks::{FailedCheck, ResourceCheckStatus},
        resources::{CreateResource, ResourceItem},
    },
};

use super::{CODE, identifier_conflict, operations, rules, test::verifiable};
use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
    checks::{CheckTarget, check_upstream},
    fields::scopes,
    identifiers::{candidates, slug},
};

pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreateResource>,
) -> Result<Created<ResourceItem>, Refusal> {
    check_fields(&body)?;
    let declared = operations::normalise(body.operations)?;
    let body = CreateResource {
        operations: declared,
        ..body
    };
    if body.check == Some(true) {
        try_out(&call, &body).await?;
    }
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let id = ResourceId::generate(&call.role.world);
    let resource = make(&mut change, id, body).await?;
    let id = resource.id.clone();
    let made = change.answer(Done::created(id.as_str()), resource.into()).await?;
    Ok(Created(made))
}

/// Makes it in a change that is given up, so that all its rules are kept, and asks the upstream of what was made; nothing is
/// locked meanwhile.
async fn try_out(call: &ZoneCall, body: &CreateResource) -> Result<(), Refusal> {
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let id = ResourceId::generate(&call.role.world);
    let resource = make(&mut change, id, body.clone()).await?;
    let upstream = verifiable(&mut *change, &resource).await?;
    drop(change);
    CheckTarget::Upstream.count(call).await?;
    let check = check_upstream(call, &resource, &upstream).await?;
    if check.status == ResourceCheckStatus::Guarded {
        return Ok(());
    }
    let failed = Refusal::of(ErrorCode::ResourceCheckFailed).describe(check.detail.clone());
    Err(failed.with_details(&FailedCheck { check }))
}

/// Makes it in a change that the caller commits; its fields were checked, its operations normalised.
pub(in crate::routes) async fn make(
    change: &mut ZoneChange<'_>,
    id: ResourceId,
    body: CreateResource,
) -> Result<Resource, Refusal> {
    let call = change.call();
    let audience = &call.role.config.control_audience;
    let identifier = match (body.identifier, &body.name) {
        (Some(identifier), _) => identifier.0,
        (None, Some(name)) => generated(change, name).await?,
        (None, None) => {
            return Err(Refusal::invalid_field(
                CODE,
                "identifier",
                "give a name or an identifier",
            ));
        }
    };
    rules::check_identifier(&identifier, audience)?;
    rules::check_ownership(&call.caller, &identifier, audience)?;
    if let Some(provider) = &body.credential_provider_id {
        rules::check_provider(&mut **change, provider).await?;
    }
    let control = rules::is_control(&identifier, audience);
    if !control {
        rules::check_routing(body.credential_provider_id.is_some(), body.upstream_url.is_some())?;
    }
    let credential_provider_id = match body.credential_provider_id {
        Some(provider) => provider,
        None => no_credential_provider(change).await?,
    };
    let resource = Resource {
        id,
        zone_id: call.zone.clone(),
        name: body.name.map_or_else(|| identifier.clone(), |name| name.0),
        identifier,
        upstream_url: body.upstream_url,
        scopes: body.scopes.into_iter().collect(),
        credential_provider_id,
        operations: body.operations,
        operation_enforcement: body
            .operation_enforcement
            .unwrap_or(OperationEnforcement::Enforced),
        upstream_timeout_seconds: body.upstream_timeout_seconds,
        cookies: body.cookies.unwrap_or_default(),
        archived_at: None,
        attribution: call.made(),
    };
    rules::check_operations(&resource)?;
    let most = call.role.config.max_resources_per_zone;
    if most > 0 {
        change.lock(Lock::ResourceQuota).await?;
        if change.resources().count_live().await? >= most {
            return Err(Refusal::of(ErrorCode::ResourceQuotaExceeded)
                .describe("the zone has as many resources as it may have"));
        }
    }
    change
        .resources()
        .create(&resource)
        .await
        .map_err(identifier_conflict)?;
    change.directory_changed(DirectoryKind::Resource, resource.id.as_str());
    Ok(resource)
}

fn check_fields(body: &CreateResource) -> Result<(), Refusal> {
    if let Some(upstream) = &body.upstream_url {
        rules::check_upstream(upstream)?;
    }
    if let Some(seconds) = body.upstream_timeout_seconds {
        rules::check_timeout(seconds)?;
    }
    scopes(CODE, "scopes", &body.scopes)
}

/// A name that is an identifier already, or one made from it that no resource has or had.
async fn generated(change: &mut ZoneChange<'_>, name: &str) -> Result<String, Refusal> {
    if name.starts_with("resource://") {
        return Ok(name.to_owned());
    }
    let base = format!("resource://{}", slug(name, "resource"));
    let mut chosen = base.clone();
    for candidate in candidates(&change.call().role.world, base) {
        chosen = candidate;
        if !change.resources().identifier_taken(&chosen, None, true).await? {
            break;
        }
    }
    Ok(chosen)
}

/// The control resource needs no credential; every resource has a provider, so it gets the one that says so.
async fn no_credential_provider(change: &mut ZoneChange<'_>) -> Result<ProviderId, Refusal> {
    let existing = change.providers().all_live().await?;
    if let Some(provider) = existing
        .into_iter()
        .find(|provider| provider.kind == ProviderKind::None && provider.config_json.is_empty())
    {
        return Ok(provider.id);
    }
    let call = change.call();
    let provider = Provider {
        id: ProviderId::generate(&call.role.world),
        zone_id: call.zone.clone(),
        name: String::from("No credential"),
        identifier: String::from("provider://none"),
        kind: ProviderKind::None,
        config_json: serde_json::Map::new(),
        secret_config_keys: Vec::new(),
        connectivity_failed_at: None,
        archived_at: None,
        attribution: call.made(),
    };
    change.providers().create(&provider).await.map_err(|error| {
        crate::fields::on_conflict(
            error,
            ErrorCode::ProviderIdentifierConflict,
            "provider://none is taken; name a provider",
        )
    })?;
    change.directory_changed(DirectoryKind::Provider, provider.id.as_str());
    Ok(provider.id)
}
