//! `GET /v1/zones/{zoneId}/applications`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Named, Query},
};
use caracal_wire::{
    Listing,
    control::{ListObjects, applications::ApplicationItem},
};

use super::is_visible;
use crate::{
    answer::{counted, registered, rows},
    call::ZoneCall,
};

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListObjects>,
    Listed(page): Named<200, 500>,
) -> Result<Answer<Listing<ApplicationItem>>, Refusal> {
    let mut work = call.read().await?;
    let read = work.applications().list(&registered(query), &page).await?;
    let show_traits = call.caller.sees_traits();
    let items = read
        .items
        .into_iter()
        .filter(|application| is_visible(&call, application));
    let items = items.map(|application| ApplicationItem::new(application, show_traits));
    let listed = rows(items.collect(), read.next.as_ref());
    Ok(Answer(counted(listed, read.total)))
}
