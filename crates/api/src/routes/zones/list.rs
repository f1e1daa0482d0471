//! `GET /v1/zones`

use caracal_core::entity::Zone;
use caracal_service::{
    Refusal,
    front::{Answer, Paging},
};
use caracal_storage::{Access, PageKey, PageRequest};
use caracal_wire::Listing;

use crate::{
    answer::rows,
    auth::{Principal, owns},
    call::Call,
    fields::is_reserved_zone,
};

/// Most pages read to fill one: the platform's own zones and other accounts' zones are left out of a page.
const MAX_READS: usize = 50;

pub(crate) async fn handle(
    call: Call,
    Paging(page): Paging<200, 500>,
) -> Result<Answer<Listing<Zone>>, Refusal> {
    let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let mut work = call.role.store.global(Access::Read).await?;
    let mut items = Vec::new();
    let mut after = page.after;
    for _ in 0..MAX_READS {
        let read = work
            .zones()
            .list(&PageRequest {
                limit: page.limit,
                after: after.clone(),
            })
            .await?;
        for zone in read.items {
            after = Some(PageKey::new(zone.attribution.created_at, zone.id.as_str()));
            if is_visible(&call.caller, &zone) {
                items.push(zone);
            }
            if items.len() == wanted {
                break;
            }
        }
        if items.len() == wanted {
            // Whether visible zones follow is not known without reading on; an empty last page is harmless.
            break;
        }
        if read.next.is_none() {
            after = None;
            break;
        }
    }
    Ok(Answer(rows(items, after.as_ref())))
}

fn is_visible(principal: &Principal, zone: &Zone) -> bool {
    !is_reserved_zone(&zone.name, &zone.slug)
        && principal.sees(&zone.id)
        && principal
            .account
            .as_deref()
            .is_none_or(|account| owns(account, zone))
}
