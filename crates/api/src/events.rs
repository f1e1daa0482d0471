//! Evidence that changes here leave, as outbox messages.

use caracal_core::{World, audit::AuditEvent};
use caracal_crypto::{HmacRing, audit_frame};
use caracal_storage::{Error, OutboxMessage};
use caracal_wire::events::AuditFrame;
use serde_json::value::to_raw_value;

/// An audit event on its way to the ledger. No policy decided it, which its empty lists say. The signature covers
/// the exact bytes of `data`.
pub(crate) fn audit_frame(
    world: &World,
    keys: Option<&HmacRing>,
    mut event: AuditEvent,
) -> Result<OutboxMessage, Error> {
    let none: [(); 0] = [];
    let unwritable = |error: serde_json::Error| Error::Corrupt(error.to_string());
    event.determining_policies_json = Some(to_raw_value(&none).map_err(unwritable)?);
    event.diagnostics_json = Some(to_raw_value(&none).map_err(unwritable)?);
    let data = serde_json::to_string(&event).map_err(unwritable)?;
    let signature = keys.map(|keys| audit_frame::sign(keys.current(), data.as_bytes()));
    let frame = AuditFrame {
        id: Some(event.id),
        data,
        sig: signature,
        kid: keys.map(|keys| keys.current_id().to_string()),
    };
    OutboxMessage::of(world, &frame)
}
