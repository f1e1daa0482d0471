//! `GET /v1/zones`

use caracal_core::entity::Zone;
use caracal_service::{
    Refusal,
    front::{Answer, Listed, Searched},
};
use caracal_storage::{Access, GlobalWork, MOST_COUNTED, PageKey, PageRequest, Total};
use caracal_wire::Listing;

use crate::{
    answer::{counted, rows},
    auth::{AdminPrincipal, owns},
    call::Call,
    fields::is_reserved_zone,
};

/// Most pages read to fill one, or to count: the platform's own zones and other accounts' zones are left out of a page.
const MAX_READS: usize = 50;
/// Zones read at a time to count those that are visible.
const COUNTED_AT_ONCE: u32 = 500;

/// Without the platform's own zones; accounts see theirs.
pub(crate) async fn handle(
    call: Call,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<Zone>>, Refusal> {
    let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let mut work = call.role.store.global(Access::Read).await?;
    let total = if page.count {
        Some(count(&call, work.as_mut(), &page).await?)
    } else {
        None
    };
    let mut items = Vec::new();
    let mut next = PageRequest { count: false, ..page };
    for _ in 0..MAX_READS {
        let read = work.zones().list(&next).await?;
        for zone in read.items {
            next.after = Some(key(&next, &zone));
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
            next.after = None;
            break;
        }
    }
    Ok(Answer(counted(rows(items, next.after.as_ref()), total)))
}

/// Where the listing goes on behind the zone.
fn key(page: &PageRequest, zone: &Zone) -> PageKey {
    let key = PageKey::new(zone.attribution.created_at, zone.id.as_str());
    if page.order.by_name() {
        return key.named(zone.name.clone());
    }
    key
}

/// How many zones the caller sees: others' are not counted, or the number would tell of them.
async fn count(call: &Call, work: &mut dyn GlobalWork, page: &PageRequest) -> Result<Total, Refusal> {
    let mut request = PageRequest {
        search: page.search.clone(),
        ..PageRequest::first(COUNTED_AT_ONCE)
    };
    let mut count = 0;
    let mut all = false;
    for _ in 0..MAX_READS {
        let read = work.zones().list(&request).await?;
        let visible = read.items.iter().filter(|zone| is_visible(&call.caller, zone));
        count += visible.count() as u64;
        request.after = read.next;
        all = request.after.is_none();
        if all || count > MOST_COUNTED {
            break;
        }
    }
    Ok(Total {
        count: count.min(MOST_COUNTED),
        exact: all && count <= MOST_COUNTED,
    })
}

fn is_visible(principal: &AdminPrincipal, zone: &Zone) -> bool {
    !is_reserved_zone(&zone.name, &zone.slug)
        && principal.sees(&zone.id)
        && principal
            .account
            .as_deref()
            .is_none_or(|account| owns(account, zone))
}
