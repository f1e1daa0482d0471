//! From a delivered entry to a ledger entry.

use std::borrow::Cow;

use caracal_crypto::{HmacKeyId, HmacRing, KeyAge, NotVerified, VerifiedBy, audit_frame};
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
    /// It names a key that is not configured; with the key it can join after all.
    #[error("unknown_key:{0}")]
    UnknownKey(HmacKeyId),
    #[error("json_parse_error:{0}")]
    Json(String),
}

/// The ledger entry of a delivery, and how old the key is that signed it.
pub(crate) fn open(delivery: &Delivery, keys: Option<&HmacRing>) -> Result<(LedgerEntry, KeyAge), BadFrame> {
    let frame = AuditFrame::from_fields(&delivery.fields).map_err(|_| BadFrame::NoData)?;
    match (delivery.vouched, keys) {
        (Some(id), Some(keys)) => {
            let age = keys.age_of(id).ok_or(BadFrame::UnknownKey(id))?;
            read(&frame, Some(VerifiedBy { id, age }))
        }
        _ => verify(&frame, keys),
    }
}

/// What is put aside of a delivery. It leaves the process, so one that a key of the ring vouches for is signed: it can join after
/// all.
pub(crate) fn leaving<'d>(delivery: &'d Delivery, keys: Option<&HmacRing>) -> Cow<'d, Delivery> {
    let keys = keys.filter(|keys| delivery.vouched.is_some_and(|id| keys.age_of(id).is_some()));
    let (Some(keys), Some(data)) = (keys, delivery.fields.get("data")) else {
        return Cow::Borrowed(delivery);
    };
    let mut signed = delivery.clone();
    signed
        .fields
        .insert("sig", audit_frame::sign(keys.current(), data.as_bytes()));
    signed.fields.insert("kid", keys.current_id().to_string());
    signed.vouched = None;
    Cow::Owned(signed)
}

/// Verifies the frame's signature over the exact bytes, then parses. A frame may name its key; a wrong name hides nothing
/// that a key of the ring signed.
pub(crate) fn verify(frame: &AuditFrame, keys: Option<&HmacRing>) -> Result<(LedgerEntry, KeyAge), BadFrame> {
    read(frame, keys.map(|keys| signed_by(frame, keys)).transpose()?)
}

fn read(frame: &AuditFrame, by: Option<VerifiedBy>) -> Result<(LedgerEntry, KeyAge), BadFrame> {
    let producer_key = by.map(|by| by.id.to_string()).unwrap_or_default();
    let entry =
        LedgerEntry::read(&frame.data, producer_key).map_err(|error| BadFrame::Json(error.to_string()))?;
    if entry.event.id.is_empty() || entry.event.id.len() > caracal_core::id::MAX_ID_BYTES {
        return Err(BadFrame::Json(String::from("`id` must be 1 to 128 characters")));
    }
    Ok((entry, by.map_or(KeyAge::Current, |by| by.age)))
}

fn signed_by(frame: &AuditFrame, keys: &HmacRing) -> Result<VerifiedBy, BadFrame> {
    let signature = frame.sig.as_deref().ok_or(BadFrame::Signature)?;
    let named = frame.kid.as_deref().and_then(HmacKeyId::parse);
    let signed = keys.verify_by(named, |key| {
        audit_frame::verify(key, frame.data.as_bytes(), signature)
    });
    match (signed, named) {
        (Ok(by), _) => Ok(by),
        (Err(NotVerified::UnknownKey), Some(named)) => Err(BadFrame::UnknownKey(named)),
        (Err(_), _) => Err(BadFrame::Signature),
    }
}
