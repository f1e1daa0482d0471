//! `POST /v1/zones/{zoneId}/resources/{id}/test`

use caracal_core::{
    ResourceId,
    entity::{ProviderKind, Resource},
};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_storage::ZoneWork;
use caracal_wire::{ErrorCode, control::checks::ResourceCheck};

use super::{not_found, rules};
use crate::{
    call::ZoneCall,
    change::Done,
    checks::{CheckTarget, check_upstream},
};

/// Asks the upstream outside every transaction, then leaves the record of it.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ResourceId>>,
) -> Result<Answer<ResourceCheck>, Refusal> {
    let mut work = call.read().await?;
    let audience = &call.role.config.control_audience;
    let resource = work.resources().get(&id).await?;
    let resource = resource
        .filter(|resource| resource.archived_at.is_none())
        .filter(|resource| rules::is_visible(&call.caller, resource, audience))
        .ok_or_else(not_found)?;
    let upstream = verifiable(work.as_mut(), &resource).await?;
    drop(work);
    CheckTarget::Upstream.count(&call).await?;
    let check = check_upstream(&call, &resource, &upstream).await?;
    let change = call.change().await?;
    change
        .commit(Done::ok().note("check_status", check.status.as_str()))
        .await?;
    Ok(Answer(check))
}

/// Where the upstream is, of a resource that is called with mandates.
pub(super) async fn verifiable(work: &mut dyn ZoneWork, resource: &Resource) -> Result<String, Refusal> {
    let provider = work.providers().get(&resource.credential_provider_id).await?;
    let mandates = provider.is_some_and(|provider| provider.kind == ProviderKind::CaracalMandate);
    match &resource.upstream_url {
        Some(upstream) if mandates => Ok(upstream.clone()),
        Some(_) | None => Err(Refusal::of(ErrorCode::ResourceVerificationUnsupported)
            .describe("only a resource that is called with mandates and has an upstream can be verified")
            .at("credential_provider_id")),
    }
}
