//! The routes of the logs: keys, checkpoints, tiles, proofs, receipts. Below `/api/audit/logs/{zone_id}`, and below
//! `/api/audit/records/{zone_id}` and `/api/audit/deployment` for administrative records, a log lies as C2SP tlog-tiles wants it.

pub(super) mod checkpoint;
pub(super) mod consistency;
pub(super) mod inclusion;
pub(super) mod keys;
pub(super) mod pack;
pub(super) mod prune;
pub(super) mod receipt;
pub(super) mod receipts;
pub(super) mod record_receipt;
pub(super) mod tile;

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::ZoneId;
use caracal_crypto::Digest32;
use caracal_ledger::{
    chain::LogId, checkpoint::SignedCheckpoint, entry::Entry, merkle::inclusion_ranges, receipt::Receipt,
};
use caracal_service::{Refusal, error_chain, front::RouteError};
use caracal_storage::{Error, Log};
use caracal_wire::ErrorCode;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    AuditDeps,
    proof::{Checkpoints, NotPublished, roots},
};

/// The zone of a path.
#[derive(Debug, Deserialize)]
pub(in crate::routes) struct OfZone {
    zone_id: ZoneId,
}

/// The zone of whose administrative records a path is.
#[derive(Debug, Deserialize)]
pub(in crate::routes) struct OfRecords {
    zone_id: ZoneId,
}

/// A path of the deployment's own administrative records.
#[derive(Debug, Deserialize)]
pub(in crate::routes) struct OfDeployment {}

/// A path that names a log.
pub(in crate::routes) trait OfLog: DeserializeOwned + Send {
    fn log(&self) -> LogId;
}

impl OfLog for OfZone {
    fn log(&self) -> LogId {
        LogId::Ledger(self.zone_id.clone())
    }
}

impl OfLog for OfRecords {
    fn log(&self) -> LogId {
        LogId::Admin(self.zone_id.clone())
    }
}

impl OfLog for OfDeployment {
    fn log(&self) -> LogId {
        LogId::Deployment
    }
}

/// Why something is not proved.
#[derive(Debug, thiserror::Error)]
pub(in crate::routes) enum ProofError {
    #[error("the deployment does not sign checkpoints")]
    Unsigned,
    #[error("the log has no entries")]
    Empty,
    #[error("nothing of the log was pruned")]
    Whole,
    #[error("no such entry")]
    NoEntry,
    #[error("the log is not so large")]
    TooLarge(&'static str),
    #[error("the log is not signed")]
    NotPublished(#[from] NotPublished),
    #[error("the log cannot be read")]
    Ledger(#[from] Error),
}

impl RouteError for ProofError {
    const REFUSES: &'static [ErrorCode] = &[
        ErrorCode::LogUnknown,
        ErrorCode::EntryNotFound,
        ErrorCode::InvalidQuery,
        ErrorCode::EvidenceContradicts,
        ErrorCode::StorageUnavailable,
    ];

    fn refusal(self) -> Refusal {
        match self {
            Self::Unsigned => Refusal::of(ErrorCode::LogUnknown)
                .describe("this deployment signs no checkpoints: AUDIT_LOG_KEY is not set"),
            Self::Empty => Refusal::of(ErrorCode::LogUnknown).describe("the log has no entries"),
            Self::Whole => Refusal::of(ErrorCode::LogUnknown).describe("nothing of the log was deleted"),
            Self::NoEntry => Refusal::of(ErrorCode::EntryNotFound),
            Self::TooLarge(field) => {
                Refusal::invalid_field(ErrorCode::InvalidQuery, field, "is more than the log has")
            }
            Self::NotPublished(NotPublished::Storage(error)) | Self::Ledger(error) => error.into(),
            // What was signed before is not known now; it may be in a moment.
            Self::NotPublished(error @ NotPublished::Bucket(_)) if !error.is_alarm() => {
                Error::Unavailable(Box::new(error)).into()
            }
            Self::NotPublished(error) => {
                tracing::error!(error = error_chain(&error), "a log was not signed for a caller");
                Refusal::of(ErrorCode::EvidenceContradicts)
            }
        }
    }
}

/// The checkpoints of the deployment.
fn checkpoints(deps: &AuditDeps) -> Result<&Arc<Checkpoints>, ProofError> {
    deps.checkpoints.as_ref().ok_or(ProofError::Unsigned)
}

/// The newest checkpoint of a log that has entries. What it covers is in a view that is opened after it.
async fn newest(checkpoints: &Checkpoints, log: &LogId) -> Result<Arc<SignedCheckpoint>, ProofError> {
    checkpoints.newest(log).await?.ok_or(ProofError::Empty)
}

fn base64(hashes: &[Digest32]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash)).collect()
}

/// The receipt of an entry under a checkpoint that covers it.
async fn receipt_of(
    entry: Entry<'_>,
    checkpoint: &SignedCheckpoint,
    log: &mut dyn Log,
) -> Result<Receipt, ProofError> {
    let size = checkpoint.checkpoint().size;
    let ranges = inclusion_ranges(entry.index, size).ok_or(ProofError::NoEntry)?;
    let proof = roots(log, size, &ranges).await?.ok_or(ProofError::NoEntry)?;
    Ok(Receipt {
        entry: entry.encode(),
        index: entry.index,
        proof,
        checkpoint: checkpoint.clone(),
    })
}
