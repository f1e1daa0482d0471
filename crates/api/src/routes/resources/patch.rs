//! `PATCH /v1/zones/{zoneId}/resources/{id}`

use caracal_core::{
    ResourceId,
    entity::{DeclaredOperation, Resource},
};
use caracal_service::{
    Refusal,
    front::{Body, ById, IfMatch, Path, Versioned},
};
use caracal_storage::Lock;
use caracal_wire::control::resources::{ResourceItem, UpdateResource};
use caracal_wire::events::DirectoryKind;

use super::{CODE, identifier_conflict, not_found, operations, rules};
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
    fields::{no_fields, scopes},
};

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ResourceId>>,
    wanted: IfMatch,
    Body(mut body): Body<UpdateResource>,
) -> Result<Versioned<ResourceItem>, Refusal> {
    check_fields(&body)?;
    if body.is_empty() {
        return Err(no_fields());
    }
    let declared = body.operations.take();
    let declared = declared.map(operations::normalise).transpose()?;
    let audience = &call.role.config.control_audience;

    let mut change = call.change().await?;
    // Changes of resources take turns, so that none undoes another unseen.
    change.lock(Lock::ResourceChange).await?;
    let resource = change
        .resources()
        .get(&id)
        .await?
        .filter(|resource| resource.archived_at.is_none())
        .filter(|resource| rules::is_visible(&call.caller, resource, audience))
        .ok_or_else(not_found)?;
    wanted.allows(resource.attribution.version)?;
    let resource = alter(&mut change, resource, body, declared).await?;
    change.commit(Done::ok()).await?;
    let version = resource.attribution.next();
    Ok(Versioned(resource.into(), version))
}

/// Changes a resource, read under the lock of changes, in a change that the caller commits; the fields were checked.
pub(in crate::routes) async fn alter(
    change: &mut ZoneChange<'_>,
    mut resource: Resource,
    body: UpdateResource,
    declared: Option<Vec<DeclaredOperation>>,
) -> Result<Resource, Refusal> {
    let call = change.call();
    let audience = &call.role.config.control_audience;
    if let Some(identifier) = body.identifier {
        rules::check_identifier(&identifier, audience)?;
        resource.identifier = identifier.0;
    }
    rules::check_ownership(&call.caller, &resource.identifier, audience)?;
    match body.credential_provider_id {
        None => {}
        Some(Some(provider)) => {
            rules::check_provider(&mut **change, &provider).await?;
            resource.credential_provider_id = provider;
        }
        // Every resource has a provider; the one that stands for "no credential" has kind `none`.
        Some(None) => rules::check_routing(false, true)?,
    }
    resource.upstream_url = body.upstream_url.unwrap_or(resource.upstream_url);
    resource.upstream_timeout_seconds = body
        .upstream_timeout_seconds
        .unwrap_or(resource.upstream_timeout_seconds);
    resource.cookies = body.cookies.unwrap_or(resource.cookies);
    if !rules::is_control(&resource.identifier, audience) {
        rules::check_routing(true, resource.upstream_url.is_some())?;
    }
    resource.name = body.name.map_or(resource.name, |name| name.0);
    if let Some(scopes) = body.scopes {
        resource.scopes = scopes.into_iter().collect();
    }
    resource.operations = declared.unwrap_or(resource.operations);
    resource.operation_enforcement = body
        .operation_enforcement
        .unwrap_or(resource.operation_enforcement);
    // Stored operations must agree with new scopes too.
    rules::check_operations(&resource)?;
    call.stamp(&mut resource.attribution);
    if !change
        .resources()
        .update(&resource)
        .await
        .map_err(identifier_conflict)?
    {
        return Err(not_found());
    }
    change.directory_changed(DirectoryKind::Resource, resource.id.as_str());
    Ok(resource)
}

fn check_fields(body: &UpdateResource) -> Result<(), Refusal> {
    if let Some(Some(upstream)) = &body.upstream_url {
        rules::check_upstream(upstream)?;
    }
    if let Some(Some(seconds)) = body.upstream_timeout_seconds {
        rules::check_timeout(seconds)?;
    }
    body.scopes
        .as_ref()
        .map_or(Ok(()), |list| scopes(CODE, "scopes", list))
}
