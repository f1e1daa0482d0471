//! `GET /zones/{zone}/delegations/active`: live delegations, newest first. An application sees those it is a
//! party of; the operator sees all.

use caracal_service::{
    Refusal,
    front::{Answer, Paging},
};
use caracal_storage::{Access, DelegationFilter, PageRequest};
use caracal_wire::{Listing, coordinator::delegations::ActiveDelegation};

use super::sees;
use crate::{call::Call, paging};

/// Most pages read to fill one answer; past it the answer is short and its cursor goes on.
const MAX_READS: u32 = 10;

pub(crate) async fn handle(
    call: Call,
    Paging(PageRequest { limit, mut after, .. }): Paging<100, 500>,
) -> Result<Answer<Listing<ActiveDelegation>>, Refusal> {
    let mut work = call.work(Access::Read).await?;
    let filter = DelegationFilter::default();
    let mut items: Vec<ActiveDelegation> = Vec::new();
    for _ in 0..MAX_READS {
        // Never more than still fit, so that the cursor is where the items end.
        let wanted = limit - u32::try_from(items.len()).unwrap_or(limit);
        let page = PageRequest {
            after: after.take(),
            ..PageRequest::first(wanted)
        };
        let page = work.delegations().list_live(&filter, call.now(), &page).await?;
        items.extend(
            page.items
                .iter()
                .filter(|held| sees(&call.caller, held))
                .map(Into::into),
        );
        // A page that ends early with more behind it was full by bytes, and so is the answer.
        let full = page.next.is_some() && page.items.len() < wanted as usize;
        after = page.next;
        if after.is_none() || full || items.len() >= limit as usize {
            break;
        }
    }
    Ok(Answer(paging::listing(items, after.as_ref())))
}
