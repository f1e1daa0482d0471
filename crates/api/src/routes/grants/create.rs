//! `POST /v1/zones/{zoneId}/grants`

use caracal_core::{
    GrantId, ScopeSet,
    entity::{Application, Grant, GrantStatus, Resource},
};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_storage::StandingGrant;
use caracal_wire::{
    ErrorCode,
    control::grants::{CreateGrant, GrantItem},
};

use http::StatusCode;

use super::item;
use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
    fields::scopes,
    routes::{applications, resources::rules},
};

pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreateGrant>,
) -> Result<Created<GrantItem>, Refusal> {
    scopes(ErrorCode::InvalidBody, "scopes", &body.scopes)?;
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let application = application(&mut change, &body).await?;
    let resource = resource(&mut change, &body).await?;
    let scopes: ScopeSet = body.scopes.iter().map(String::as_str).collect();
    let beyond = scopes.difference(&resource.scopes);
    if !beyond.is_empty() {
        let issue = format!(
            "holds scopes that the resource does not declare: {}",
            beyond.to_claim()
        );
        // Published clients know it as 403.
        return Err(Refusal {
            status: StatusCode::FORBIDDEN,
            ..Refusal::invalid_field(ErrorCode::GrantScopesExceedResource, "scopes", issue)
        });
    }
    let provider = change.providers().get(&resource.credential_provider_id).await?;
    let provider =
        provider.ok_or_else(|| Refusal::of(ErrorCode::ResourceNotFound).describe("no such resource"))?;
    let grant = Grant {
        id: GrantId::generate(&call.role.world),
        zone_id: call.zone.clone(),
        application_id: application.id,
        user_id: body.user_id.0,
        resource_id: resource.id,
        scopes,
        revoked_at: None,
        attribution: call.made(),
    };
    change.grants().create(&grant).await?;
    let id = grant.id.clone();
    let made = item(StandingGrant {
        grant,
        status: GrantStatus::Active,
        application_name: application.name,
        resource_name: resource.name,
        resource_identifier: resource.identifier,
        provider_id: provider.id,
        provider_name: provider.name,
        provider_kind: provider.kind,
    });
    let item = change.answer(Done::created(id.as_str()), made).await?;
    Ok(Created(item))
}

/// Somebody who can act now.
async fn application(change: &mut ZoneChange<'_>, body: &CreateGrant) -> Result<Application, Refusal> {
    let call = change.call();
    let found = change.applications().get(&body.application_id).await?;
    let application = applications::live(call, found)?;
    if application.expires_at.is_some_and(|end| end <= call.now()) {
        return Err(applications::not_found());
    }
    Ok(application)
}

/// A resource that stands for something else than this API: what may be asked of that is said by control keys alone.
async fn resource(change: &mut ZoneChange<'_>, body: &CreateGrant) -> Result<Resource, Refusal> {
    let call = change.call();
    let audience = &call.role.config.control_audience;
    let resource = change.resources().get(&body.resource_id).await?;
    let resource = resource
        .filter(|resource| resource.archived_at.is_none())
        .filter(|resource| rules::is_visible(&call.caller, resource, audience))
        .ok_or_else(|| Refusal::of(ErrorCode::ResourceNotFound).describe("no such resource"))?;
    if rules::is_control(&resource.identifier, audience) {
        return Err(Refusal::of(ErrorCode::ControlResourceNotGrantable)
            .describe("what may be asked of this API is said by the traits of control keys"));
    }
    Ok(resource)
}
