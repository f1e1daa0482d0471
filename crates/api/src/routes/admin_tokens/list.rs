//! `GET /v1/admin-tokens`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Searched},
};
use caracal_storage::Access;
use caracal_wire::{Listing, control::admin_tokens::TokenItem};

use super::item;
use crate::{
    answer::{counted, rows},
    call::Call,
};

pub(crate) async fn handle(
    call: Call,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<TokenItem>>, Refusal> {
    let mut work = call.role.store.global(Access::Read).await?;
    let read = work.admin_tokens().list(&page).await?;
    let items = read.items.into_iter().map(item).collect();
    let listed = rows(items, read.next.as_ref());
    Ok(Answer(counted(listed, read.total)))
}
