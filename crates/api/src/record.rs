//! What an administrative audit row says about any request, changed or refused.

use caracal_core::ZoneId;
use caracal_service::front::Inbound;
use caracal_storage::AdminAuditRecord;
use http::StatusCode;
use serde_json::{Map, Value};

use crate::{access::Reach, auth::Scope, deps::ApiDeps, payload::entity};

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
