//! `GET /api/audit/logs/{zone}/consistency` and `/api/audit/records/{zone}/consistency`,
//! `/api/audit/deployment/consistency`: proves that a tree is the beginning of another.

use caracal_ledger::merkle::consistency_ranges;
use caracal_service::front::{Answer, Path, QueryOnce};
use caracal_wire::proof::{ConsistencyOf, ConsistencyProof};

use super::{OfLog, ProofError, base64, checkpoints, newest};
use crate::{proof::roots, routes::Call};

pub(in crate::routes) async fn get<P: OfLog>(
    call: Call,
    Path(of): Path<P>,
    QueryOnce(asked): QueryOnce<ConsistencyOf>,
) -> Result<Answer<ConsistencyProof>, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    let log = of.log();
    let most = newest(checkpoints, &log).await?.checkpoint().size;
    let mut work = checkpoints.view(&log).await?;
    let stored = work.log();
    let to = asked.to.unwrap_or(most);
    if to > most {
        return Err(ProofError::TooLarge("to"));
    }
    let ranges = consistency_ranges(asked.from, to).ok_or(ProofError::TooLarge("from"))?;
    let proof = roots(stored, to, &ranges).await?.ok_or(ProofError::NoEntry)?;
    Ok(Answer(ConsistencyProof {
        from: asked.from,
        to,
        hashes: base64(&proof),
    }))
}
