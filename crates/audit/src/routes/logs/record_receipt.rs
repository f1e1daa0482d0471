//! `GET /api/audit/records/{zone}/receipts/{chain_seq}` and `/api/audit/deployment/receipts/{chain_seq}`: the receipt of an administrative record (C2SP tlog-proof).

use std::num::ParseIntError;

use caracal_core::ZoneId;
use caracal_ledger::chain::LogId;
use caracal_service::front::{Path, PlainText};
use serde::{Deserialize, de::DeserializeOwned};

use super::{ProofError, checkpoints, newest, receipt_of};
use crate::routes::Call;

/// A record of a zone by its position, as listings tell it.
#[derive(Debug, Deserialize)]
pub(in crate::routes) struct OfRecord {
    zone_id: ZoneId,
    chain_seq: Position,
}

/// A record of the deployment by its position.
#[derive(Debug, Deserialize)]
pub(in crate::routes) struct OfDeploymentRecord {
    chain_seq: Position,
}

/// A path that names a record: its log and its position.
pub(in crate::routes) trait NamesRecord: DeserializeOwned + Send {
    fn place(self) -> (LogId, u64);
}

impl NamesRecord for OfRecord {
    fn place(self) -> (LogId, u64) {
        (LogId::Admin(self.zone_id), self.chain_seq.0)
    }
}

impl NamesRecord for OfDeploymentRecord {
    fn place(self) -> (LogId, u64) {
        (LogId::Deployment, self.chain_seq.0)
    }
}

/// A position in a log, from 1.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Position(u64);

impl TryFrom<String> for Position {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

pub(in crate::routes) async fn get<P: NamesRecord>(
    call: Call,
    Path(record): Path<P>,
) -> Result<PlainText, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    let (log, position) = record.place();
    let checkpoint = newest(checkpoints, &log).await?;
    let mut work = checkpoints.view(&log).await?;
    let index = position.checked_sub(1).ok_or(ProofError::NoEntry)?;
    let found = work.log().entries(index, 1).await?.pop();
    // The next one there is comes where the body of this one was deleted.
    let entry = found
        .filter(|entry| entry.index == index)
        .ok_or(ProofError::NoEntry)?;
    let receipt = receipt_of(entry.entry(&log.name()), &checkpoint, work.log()).await?;
    Ok(PlainText(receipt.encode()))
}
