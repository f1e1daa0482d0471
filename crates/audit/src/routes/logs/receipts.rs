//! `GET /api/audit/logs/{zone}/receipts`: receipts of the events of a request.

use caracal_ledger::chain::LogId;
use caracal_service::front::{Answer, Path, QueryOnce};
use caracal_storage::{Access, PageRequest};
use caracal_wire::proof::{EventReceipt, Receipts, ReceiptsOf};

use super::{OfZone, ProofError, checkpoints, receipt_of};
use crate::routes::Call;

/// Events that receipts are made of.
const EVENTS: PageRequest = PageRequest::first(1000);
/// Bytes of receipts of one answer, after which it ends.
const ENOUGH: usize = 4 << 20;

pub(in crate::routes) async fn get(
    call: Call,
    Path(of): Path<OfZone>,
    QueryOnce(asked): QueryOnce<ReceiptsOf>,
) -> Result<Answer<Receipts>, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    let log = LogId::Ledger(of.zone_id.clone());
    let checkpoint = checkpoints.newest(&log).await?;
    let mut work = call.role.store.zone(&of.zone_id, Access::Read).await?;
    let ledger = work.ledger();
    let page = ledger.by_request(&asked.request_id, &EVENTS).await?;
    let (mut rows, all) = (page.items, page.next.is_none());
    if rows.is_empty() {
        return Err(ProofError::NoEntry);
    }
    rows.sort_by_key(|row| row.chain_seq);
    let checkpoint = checkpoint.ok_or(ProofError::NoEntry)?;
    let size = checkpoint.checkpoint().size;
    let name = log.name();
    let (mut receipts, mut bytes) = (Vec::new(), 0);
    for row in &rows {
        // Those that came since the checkpoint have their receipts when they are asked for again.
        if bytes >= ENOUGH || row.entry(&name).index >= size {
            break;
        }
        let receipt = receipt_of(row.entry(&name), &checkpoint, ledger).await?;
        let (index, receipt) = (receipt.index, receipt.encode());
        bytes += receipt.len();
        receipts.push(EventReceipt {
            event_id: row.event.id.clone(),
            event_type: row.event.event_type.to_string(),
            index,
            receipt,
        });
    }
    Ok(Answer(Receipts {
        complete: all && receipts.len() == rows.len(),
        receipts,
    }))
}
