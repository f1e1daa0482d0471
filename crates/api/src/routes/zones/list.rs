//! `GET /v1/zones`

use caracal_core::entity::Zone;
use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, Searched},
};
use caracal_storage::{Access, ZoneFilter};
use caracal_wire::{Listing, control::zones::ListZones};

use crate::{
    answer::listing,
    call::Call,
    fields::{RESERVED_NAME, RESERVED_SLUG},
};

/// Without the platform's own zones; accounts see theirs. Others are not counted either, or the number would tell of them.
pub(crate) async fn handle(
    call: Call,
    Query(query): Query<ListZones>,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<Zone>>, Refusal> {
    let filter = ZoneFilter {
        slug: query.slug.map(|slug| slug.0),
        frozen: query.frozen,
        dcr_enabled: query.dcr_enabled,
        created_by: call.caller.account.as_deref().map(str::to_owned),
        among: call.caller.zones().map(<[_]>::to_vec),
        without_name: Some(RESERVED_NAME),
        without_slug: Some(RESERVED_SLUG),
    };
    let mut work = call.role.store.global(Access::Read).await?;
    Ok(listing(work.zones().list(&filter, &page).await?))
}
