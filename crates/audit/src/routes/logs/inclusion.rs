//! `GET /api/audit/logs/{zone}/inclusion`: proves that an entry is in a tree.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_ledger::merkle::inclusion_ranges;
use caracal_service::front::{Answer, Path, QueryOnce};
use caracal_wire::proof::{InclusionOf, InclusionProof};

use super::{OfZone, ProofError, base64, checkpoints, newest};
use crate::{proof::roots, routes::Call};

pub(in crate::routes) async fn get(
    call: Call,
    Path(of): Path<OfZone>,
    QueryOnce(asked): QueryOnce<InclusionOf>,
) -> Result<Answer<InclusionProof>, ProofError> {
    let checkpoints = checkpoints(&call.role)?;
    let most = newest(checkpoints, &of.zone_id).await?.checkpoint().size;
    let mut work = checkpoints.view(&of.zone_id).await?;
    let ledger = work.ledger();
    let size = asked.size.unwrap_or(most);
    if size > most {
        return Err(ProofError::TooLarge("size"));
    }
    let ranges = inclusion_ranges(asked.index, size).ok_or(ProofError::TooLarge("index"))?;
    let end = asked.index.saturating_add(1);
    let leaf = ledger.leaves(asked.index..end).await?;
    let leaf = leaf.first().ok_or(ProofError::NoEntry)?;
    let proof = roots(ledger, size, &ranges).await?.ok_or(ProofError::NoEntry)?;
    Ok(Answer(InclusionProof {
        index: asked.index,
        size,
        leaf: STANDARD.encode(leaf),
        hashes: base64(&proof),
    }))
}
