//! Events that changes here publish, as outbox messages.

use std::collections::BTreeMap;

use caracal_core::{World, ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, audit_frame};
use caracal_events::Topic;
use caracal_storage::OutboxMessage;
use serde_json::value::to_raw_value;

/// A message of flat fields; absent values leave their field out.
pub(crate) fn message<'f>(
    world: &World,
    topic: Topic,
    fields: impl IntoIterator<Item = (&'f str, Option<&'f str>)>,
) -> OutboxMessage {
    let fields: BTreeMap<String, String> = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    OutboxMessage {
        id: world.uuid_v7().to_string(),
        topic: topic.as_str().to_owned(),
        dedupe_key: None,
        fields,
        created_at: world.now(),
    }
}

/// Something registered in the zone changed; `kind` is `zone`, `application`, `provider` or `resource`.
pub(crate) fn directory_invalidate(world: &World, zone: &ZoneId, kind: &str, id: &str) -> OutboxMessage {
    message(
        world,
        Topic::DirectoryInvalidate,
        [
            ("zone_id", Some(zone.as_str())),
            ("kind", Some(kind)),
            ("id", Some(id)),
        ],
    )
}

/// An audit event on its way to the ledger. No policy decided it, which its empty lists say. The signature covers
/// the exact bytes of `data`.
pub(crate) fn audit_frame(
    world: &World,
    key: Option<&HmacKey>,
    mut event: AuditEvent,
) -> Result<OutboxMessage, serde_json::Error> {
    let none: [(); 0] = [];
    event.determining_policies_json = Some(to_raw_value(&none)?);
    event.diagnostics_json = Some(to_raw_value(&none)?);
    let event = &event;
    let data = serde_json::to_string(event)?;
    let signature = key.map(|key| audit_frame::sign(key, data.as_bytes()));
    Ok(message(
        world,
        Topic::AuditEvents,
        [
            ("id", Some(event.id.as_str())),
            ("data", Some(data.as_str())),
            ("sig", signature.as_deref()),
        ],
    ))
}
