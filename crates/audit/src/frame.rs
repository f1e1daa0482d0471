//! From a delivered entry to a ledger entry.

use caracal_core::audit::AuditEvent;
use caracal_crypto::{HmacKey, audit_frame};
use caracal_events::Delivery;
use caracal_storage::LedgerEntry;

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

/// Verifies the frame's signature over the exact bytes, then parses.
pub(crate) fn open(delivery: &Delivery, key: Option<&HmacKey>) -> Result<LedgerEntry, BadFrame> {
    let data = delivery.fields.get("data").ok_or(BadFrame::NoData)?;
    let signature = delivery.fields.get("sig");
    if let Some(key) = key
        && !signature.is_some_and(|signature| audit_frame::verify(key, data.as_bytes(), signature))
    {
        return Err(BadFrame::Signature);
    }
    let event: AuditEvent = serde_json::from_str(data).map_err(|error| BadFrame::Json(error.to_string()))?;
    if event.id.is_empty() || event.id.len() > caracal_core::id::MAX_ID_BYTES {
        return Err(BadFrame::Json(String::from("`id` must be 1 to 128 characters")));
    }
    Ok(LedgerEntry {
        event,
        received: data.to_owned(),
        signature: signature.map(str::to_owned),
    })
}
