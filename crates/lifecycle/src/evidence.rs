//! Evidence that changes leave, as outbox messages of the same transaction.

use caracal_core::{World, audit::SpoolEvent};
use caracal_crypto::{HmacRing, audit_frame};
use caracal_storage::{Error, OutboxMessage};
use caracal_wire::events::AuditFrame;

/// An audit event on its way to the ledger. The signature covers the exact bytes of `data`; without keys it travels
/// unsigned.
///
/// # Errors
/// [`Error::Corrupt`] when it cannot be written; then the change must not be committed.
pub fn audit_frame(
    world: &World,
    keys: Option<&HmacRing>,
    event: &impl SpoolEvent,
) -> Result<OutboxMessage, Error> {
    let data = serde_json::to_string(event).map_err(|error| Error::Corrupt(error.to_string()))?;
    let signature = keys.map(|keys| audit_frame::sign(keys.current(), data.as_bytes()));
    let frame = AuditFrame {
        id: Some(event.id().to_owned()),
        data,
        sig: signature,
        kid: keys.map(|keys| keys.current_id().to_string()),
    };
    OutboxMessage::of(world, &frame)
}
