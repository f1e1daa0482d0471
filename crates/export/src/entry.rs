//! Entries that are read back.

use caracal_core::Timestamp;
use caracal_storage::AuditRow;

/// The row of an entry that was read back.
pub(crate) fn row(
    log: &str,
    chain_seq: i64,
    received: String,
    ingested_at: Timestamp,
    producer_key: String,
) -> Option<AuditRow> {
    let mut row = AuditRow {
        event: serde_json::from_str(&received).ok()?,
        received,
        ingested_at,
        chain_seq,
        content_sha256: String::new(),
        producer_key,
    };
    row.content_sha256 = hex::encode(row.entry(log).content_hash());
    Some(row)
}
