//! `GET /api/audit/logs/{zone}/consistency`: proves that a tree is the beginning of another.

use caracal_ledger::merkle::consistency_ranges;
use caracal_service::front::{Answer, Path, QueryOnce};
use caracal_wire::proof::{ConsistencyOf, ConsistencyProof};

use super::{OfZone, ProofError, base64, checkpoints, newest};
use crate::{proof::roots, routes::Call};

pub(in crate::routes) async fn get(
    call: Call,
    Path(of): Path<OfZone>,
    QueryOnce(asked): QueryOnce<ConsistencyOf>,
) -> Result<Answer<ConsistencyProof>, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    let most = newest(checkpoints, &of.zone_id).await?.checkpoint().size;
    let mut work = checkpoints.view(&of.zone_id).await?;
    let ledger = work.ledger();
    let to = asked.to.unwrap_or(most);
    if to > most {
        return Err(ProofError::TooLarge("to"));
    }
    let ranges = consistency_ranges(asked.from, to).ok_or(ProofError::TooLarge("from"))?;
    let proof = roots(ledger, to, &ranges).await?.ok_or(ProofError::NoEntry)?;
    Ok(Answer(ConsistencyProof {
        from: asked.from,
        to,
        hashes: base64(&proof),
    }))
}
