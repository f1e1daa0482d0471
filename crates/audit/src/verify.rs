//! Verification of a zone's chain: every hash recomputed from the stored event, every link checked, no gap.

use caracal_core::ZoneId;
use caracal_crypto::{
    HmacKey, canonical_json,
    ledger::{content_hash, verify_chain},
};
use caracal_storage::{Access, Error, Store};
use caracal_wire::audit::{ChainFault, ChainReport, FaultKind};

/// Rows read at a time.
const PAGE: u32 = 1000;
/// Faults listed; further ones are only counted.
const MAX_FAULTS: usize = 100;

fn fault(report: &mut ChainReport, chain_seq: i64, event_id: &str, kind: FaultKind) {
    report.fault_count += 1;
    if report.faults.len() < MAX_FAULTS {
        report.faults.push(ChainFault {
            chain_seq,
            event_id: event_id.to_owned(),
            kind,
        });
    }
}

/// The end of a zone's chain as somebody else kept it: a part of an earlier [`ChainReport`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct KeptHead {
    /// Zone.
    pub zone_id: ZoneId,
    /// Entries there were.
    pub entries: i64,
    /// Content hash of the last of them, lower-case hex.
    pub head: String,
}

/// Verifies the whole chain of a zone. With `key` the keyed links are verified as well.
///
/// # Errors
/// As the storage; faults are not errors but the report.
pub async fn verify_zone(
    store: &dyn Store,
    zone: &ZoneId,
    key: Option<&HmacKey>,
) -> Result<ChainReport, Error> {
    verify_zone_against(store, zone, key, None).await
}

/// As [`verify_zone`], and the chain must still contain the end that was kept elsewhere: whoever can write the whole
/// database can make a shorter chain that holds by itself.
///
/// # Errors
/// As [`verify_zone`].
pub async fn verify_zone_against(
    store: &dyn Store,
    zone: &ZoneId,
    key: Option<&HmacKey>,
    kept: Option<&KeptHead>,
) -> Result<ChainReport, Error> {
    let mut report = ChainReport {
        zone_id: zone.clone(),
        entries: 0,
        head: String::new(),
        fault_count: 0,
        faults: Vec::new(),
    };
    let mut work = store.zone(zone, Access::Read).await?;
    let head = work.ledger().head().await?;
    let mut last = 0;
    loop {
        let rows = work.ledger().range(last, PAGE).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let id = row.event.id.as_str();
            if row.chain_seq != last + 1 {
                fault(&mut report, row.chain_seq, id, FaultKind::SequenceGap);
            }
            let value =
                serde_json::to_value(&row.event).map_err(|error| Error::Corrupt(error.to_string()))?;
            let sequence = u64::try_from(row.chain_seq).unwrap_or(0);
            let content = hex::encode(content_hash(zone, sequence, &canonical_json(&value)));
            if content != row.content_sha256 {
                fault(&mut report, row.chain_seq, id, FaultKind::ContentMismatch);
            }
            if !row.copies_agree {
                fault(&mut report, row.chain_seq, id, FaultKind::CopyMismatch);
            }
            if row.prev_content_sha256 != report.head {
                fault(&mut report, row.chain_seq, id, FaultKind::BrokenLink);
            }
            if let Some(key) = key
                && !verify_chain(
                    key,
                    &row.content_sha256,
                    &row.prev_content_sha256,
                    &row.chain_hmac,
                )
            {
                fault(&mut report, row.chain_seq, id, FaultKind::WrongLinkKey);
            }
            if let Some(kept) = kept
                && kept.entries == row.chain_seq
                && kept.head != row.content_sha256
            {
                fault(&mut report, row.chain_seq, id, FaultKind::KeptHeadDiffers);
            }
            report.head = row.content_sha256;
            report.entries += 1;
            last = row.chain_seq;
        }
    }
    if let Some(kept) = kept.filter(|kept| kept.entries > last) {
        fault(&mut report, kept.entries, "", FaultKind::KeptHeadMissing);
    }
    // The head row is written with every append, so a cut tail shows here.
    if head.chain_seq != last || head.content_sha256 != report.head {
        fault(&mut report, head.chain_seq, "", FaultKind::WrongHead);
    }
    Ok(report)
}
