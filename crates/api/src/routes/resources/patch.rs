//! `PATCH /v1/zones/{zoneId}/resources/{id}`

use caracal_core::{
    ProviderId, ResourceId,
    entity::{Operation, OperationEnforcement},
};
use caracal_service::Refusal;
use caracal_wire::events::DirectoryKind;
use serde::Deserialize;

use super::{CODE, identifier_conflict, not_found, operations, row, rules};
use crate::{
    answer::Answer,
    call::ZoneCall,
    change::Done,
    fields::{Member, bounded, no_fields, present, scopes},
};

#[derive(Debug, Deserialize)]
struct Body {
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    identifier: Option<String>,
    #[serde(default)]
    upstream_url: Member<String>,
    #[serde(default, deserialize_with = "present")]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    credential_provider_id: Member<ProviderId>,
    #[serde(default, deserialize_with = "present")]
    operations: Option<Vec<Operation>>,
    #[serde(default, deserialize_with = "present")]
    operation_enforcement: Option<OperationEnforcement>,
    #[serde(default)]
    upstream_timeout_seconds: Member<u32>,
    #[serde(default, deserialize_with = "present")]
    cookies: Option<bool>,
}

impl Body {
    fn check(&self) -> Result<(), Refusal> {
        if let Some(name) = &self.name {
            bounded(CODE, "name", name, 200)?;
        }
        if let Some(identifier) = &self.identifier {
            bounded(CODE, "identifier", identifier, 512)?;
        }
        if let Member::Value(upstream) = &self.upstream_url {
            rules::check_upstream(upstream)?;
        }
        if let Member::Value(seconds) = self.upstream_timeout_seconds {
            rules::check_timeout(seconds)?;
        }
        self.scopes
            .as_ref()
            .map_or(Ok(()), |list| scopes(CODE, "scopes", list))
    }

    fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.identifier.is_none()
            && self.upstream_url.is_absent()
            && self.scopes.is_none()
            && self.credential_provider_id.is_absent()
            && self.operations.is_none()
            && self.operation_enforcement.is_none()
            && self.upstream_timeout_seconds.is_absent()
            && self.cookies.is_none()
    }
}

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: ResourceId = call.id("id")?;
    let body: Body = call.body(CODE)?;
    body.check()?;
    if body.is_empty() {
        return Err(no_fields());
    }
    let declared = body.operations.map(operations::normalise).transpose()?;
    let audience = &call.role.config.control_audience;

    let mut change = call.change().await?;
    let mut resource = change
        .resources()
        .get(&id)
        .await?
        .filter(|resource| resource.archived_at.is_none())
        .filter(|resource| rules::is_visible(&call.caller, resource, audience))
        .ok_or_else(not_found)?;
    if let Some(identifier) = body.identifier {
        rules::check_identifier(&identifier, audience)?;
        resource.identifier = identifier;
    }
    rules::check_ownership(&call.caller, &resource.identifier, audience)?;
    match body.credential_provider_id {
        Member::Absent => {}
        Member::Value(provider) => {
            rules::check_provider(&mut *change, &provider).await?;
            resource.credential_provider_id = provider;
        }
        // Every resource has a provider; the one that stands for "no credential" has kind `none`.
        Member::Null => rules::check_routing(false, true)?,
    }
    match body.upstream_url {
        Member::Absent => {}
        Member::Null => resource.upstream_url = None,
        Member::Value(upstream) => resource.upstream_url = Some(upstream),
    }
    match body.upstream_timeout_seconds {
        Member::Absent => {}
        Member::Null => resource.upstream_timeout_seconds = None,
        Member::Value(seconds) => resource.upstream_timeout_seconds = Some(seconds),
    }
    resource.cookies = body.cookies.unwrap_or(resource.cookies);
    if !rules::is_control(&resource.identifier, audience) {
        rules::check_routing(true, resource.upstream_url.is_some())?;
    }
    resource.name = body.name.unwrap_or(resource.name);
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
    change.commit(Done::ok()).await?;
    Answer::ok(&row(&resource))
}
