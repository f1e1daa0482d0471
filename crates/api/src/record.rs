//! What an administrative audit row says about any request, changed or refused.

use std::borrow::Cow;

use caracal_core::{ZoneId, id};
use caracal_service::front::Inbound;
use caracal_storage::AdminAuditRecord;
use http::StatusCode;
use serde_json::{Map, Value};

use crate::{access::Reach, auth::Scope, deps::ApiDeps, payload::entity};

/// Digits of the longest number that a path may have.
const NUMBER: usize = 10;

pub(crate) fn record(
    inbound: &Inbound<ApiDeps>,
    status: StatusCode,
    zone: Option<&ZoneId>,
    created: Option<&str>,
    mut payload: Map<String, Value>,
) -> AdminAuditRecord {
    let (route, caller, world) = (&inbound.route, &inbound.caller, &inbound.role.world);
    let entity = entity(route.path);
    let named = entity.and_then(|(_, parameter)| inbound.params.get(parameter?));
    let mode = if route.needs.reach == Reach::Zone {
        "zone_scoped"
    } else {
        "control_plane_wildcard"
    };
    payload.insert(String::from("rls_mode"), Value::from(mode));
    if let Some(account) = &caller.account {
        payload.insert(String::from("operator"), Value::from(account.as_str()));
    }
    if let Some(signed_in) = &caller.signed_in {
        payload.insert(String::from("operator"), Value::from(signed_in.attributed_to()));
    }
    if let Some(invocation) = &caller.control {
        payload.insert(String::from("control_jti"), Value::from(&*invocation.jti));
    }
    AdminAuditRecord {
        request_id: inbound.request_id.to_string(),
        actor_id: Some(caller.id.clone()),
        actor_name: Some(caller.name.clone()),
        actor_scope: Some(
            match caller.scope {
                Scope::Global => "global",
                Scope::Zone(_) => "zone",
            }
            .to_owned(),
        ),
        zone_id: zone.cloned(),
        entity_type: entity.map(|(collection, _)| collection.to_owned()),
        entity_id: created.or(named).map(str::to_owned),
        payload_json: Some(Value::Object(payload)),
        ..AdminAuditRecord::of_request(world, route.method.as_str(), &inbound.path, status.as_u16())
    }
}

/// The record of a refusal: of ids in the path that could be none of ours, the shape alone.
pub(crate) fn claimed(template: &str, record: AdminAuditRecord) -> AdminAuditRecord {
    let steps = record
        .path
        .split('/')
        .zip(template.split('/').map(Some).chain(std::iter::repeat(None)));
    let steps = steps.map(|(step, template)| match template {
        Some(own) if own == step => Cow::Borrowed(step),
        // A number names a version or a position.
        _ if step.len() < NUMBER && step.bytes().all(|byte| byte.is_ascii_digit()) => Cow::Borrowed(step),
        _ => id::claimed(step),
    });
    let path = steps.collect::<Vec<_>>().join("/");
    let entity_id = record.entity_id.as_deref().map(|id| id::claimed(id).into_owned());
    AdminAuditRecord {
        action: format!("{} {path}", record.method),
        path,
        entity_id,
        ..record
    }
}
