//! From a delivered entry to a ledger entry.

use caracal_core::audit::AuditEvent;
use caracal_crypto::{HmacKey, audit_frame};
use caracal_events::Delivery;
use caracal_storage::LedgerEntry;
use caracal_wire::events::{AuditFrame, Payload as _};

/// Why an entry can never join the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadFrame {
    #[error("missing_data_field")]
    NoData,
    #[error("hmac_verify_failed")]
    Signature,
    #[error("json_parse_error:{0}")]
    Json(String),
}

/// The ledger entry of a delivery.
pub(crate) fn open(delivery: &Delivery, key: Option<&HmacKey>) -> Result<LedgerEntry, BadFrame> {
    let frame = AuditFrame::from_fields(&delivery.fields).map_err(|_| BadFrame::NoData)?;
    verify(frame, key)
}

/// Verifies the frame's signature over the exact bytes, then parses.
pub(crate) fn verify(frame: AuditFrame, key: Option<&HmacKey>) -> Result<LedgerEntry, BadFrame> {
    let data = frame.data.as_bytes();
    let signature = frame.sig.as_deref();
    if let Some(key) = key
        && !signature.is_some_and(|signature| audit_frame::verify(key, data, signature))
    {
        return Err(BadFrame::Signature);
    }
    let event: AuditEvent =
        serde_json::from_slice(data).map_err(|error| BadFrame::Json(error.to_string()))?;
    if event.id.is_empty() || event.id.len() > caracal_core::id::MAX_ID_BYTES {
        return Err(BadFrame::Json(String::from("`id` must be 1 to 128 characters")));
    }
    Ok(LedgerEntry {
        event,
        received: frame.data,
        signature: frame.sig,
    })
}
