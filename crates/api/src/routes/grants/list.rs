//! `GET /v1/zones/{zoneId}/grants`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, SearchedByTime},
};
use caracal_storage::GrantFilter;
use caracal_wire::{
    ErrorCode, Listing,
    control::grants::{GrantItem, ListGrants},
};

use super::item;
use crate::{answer::listed, call::ZoneCall, fields::scopes};

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListGrants>,
    Listed(page): SearchedByTime<200, 500>,
) -> Result<Answer<Listing<GrantItem>>, Refusal> {
    let wanted: Vec<String> = query
        .scopes
        .iter()
        .flat_map(|list| list.split(','))
        .map(str::to_owned)
        .collect();
    if !wanted.is_empty() {
        scopes(ErrorCode::InvalidQuery, "scopes", &wanted)?;
    }
    let filter = GrantFilter {
        application_id: query.application_id,
        user_id: query.user_id.or(query.subject_id).map(|user| user.0),
        resource_id: query.resource_id,
        provider_id: query.provider_id,
        status: query.status,
        scopes: wanted.iter().map(String::as_str).collect(),
    };
    let mut work = call.read().await?;
    let found = work.grants().list(&filter, call.now(), &page).await?;
    Ok(listed(found, item))
}
