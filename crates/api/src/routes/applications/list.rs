//! `GET /v1/zones/{zoneId}/applications`

use caracal_core::ControlKey;
use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, Searched},
};
use caracal_storage::Registered;
use caracal_wire::{
    Listing,
    control::{ListObjects, applications::ApplicationItem},
};

use crate::{
    answer::{listed, registered},
    call::ZoneCall,
};

/// Control keys neither see control keys nor how many there are.
pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListObjects>,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<ApplicationItem>>, Refusal> {
    let hidden = call.caller.control.as_ref().map(|_| ControlKey::TRAIT);
    let which = Registered {
        without_trait: hidden.map(str::to_owned),
        ..registered(&query)
    };
    let show_traits = call.caller.sees_traits();
    let mut work = call.read().await?;
    let read = work.applications().list(&which, &page).await?;
    Ok(listed(read, |application| {
        ApplicationItem::new(application, show_traits)
    }))
}
