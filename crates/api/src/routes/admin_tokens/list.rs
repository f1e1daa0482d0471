//! `GET /v1/admin-tokens`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, Searched},
};
use caracal_storage::{Access, AdminTokenFilter, TokenStanding};
use caracal_wire::{
    Listing,
    control::admin_tokens::{ListTokens, TokenCapability, TokenItem, TokenScope, TokenStatus},
};

use super::item;
use crate::{answer::listed, call::Call};

pub(crate) async fn handle(
    call: Call,
    Query(query): Query<ListTokens>,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<TokenItem>>, Refusal> {
    let filter = AdminTokenFilter {
        scope: query.scope.map(TokenScope::as_str),
        capability: query.capability.map(TokenCapability::as_str),
        zone_id: query.zone_id,
        created_by: query.created_by.map(|maker| maker.0),
        stands: query.status.map(|status| (standing(status), call.now())),
    };
    let mut work = call.role.store.global(Access::Read).await?;
    Ok(listed(work.admin_tokens().list(&filter, &page).await?, item))
}

const fn standing(status: TokenStatus) -> TokenStanding {
    match status {
        TokenStatus::Active => TokenStanding::Active,
        TokenStatus::Expired => TokenStanding::Expired,
        TokenStatus::Revoked => TokenStanding::Revoked,
    }
}
