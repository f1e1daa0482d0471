//! `GET /api/audit/logs/{zone}/inclusion` and `/api/audit/records/{zone}/inclusion`,
//! `/api/audit/deployment/inclusion`: proves that an entry is in a tree.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_ledger::merkle::inclusion_ranges;
use caracal_service::front::{Answer, Path, QueryOnce};
use caracal_wire::proof::{InclusionOf, InclusionProof};

use super::{OfLog, ProofError, base64, checkpoints, newest};
use crate::{proof::roots, routes::Call};

pub(in crate::routes) async fn get<P: OfLog>(
    call: Call,
    Path(of): Path<P>,
    QueryOnce(asked): QueryOnce<InclusionOf>,
) -> Result<Answer<InclusionProof>, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    let log = of.log();
    let most = newest(checkpoints, &log).await?.checkpoint().size;
    let mut work = checkpoints.view(&log).await?;
    let stored = work.log();
    let size = asked.size.unwrap_or(most);
    if size > most {
        return Err(ProofError::TooLarge("size"));
    }
    let ranges = inclusion_ranges(asked.index, size).ok_or(ProofError::TooLarge("index"))?;
    let end = asked.index.saturating_add(1);
    let leaf = stored.leaves(asked.index..end).await?;
    let leaf = leaf.first().ok_or(ProofError::NoEntry)?;
    let proof = roots(stored, size, &ranges).await?.ok_or(ProofError::NoEntry)?;
    Ok(Answer(InclusionProof {
        index: asked.index,
        size,
        leaf: STANDARD.encode(leaf),
        hashes: base64(&proof),
    }))
}
