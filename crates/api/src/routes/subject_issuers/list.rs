//! `GET /v1/zones/{zoneId}/subject-issuers`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Searched},
};
use caracal_wire::{Listing, control::subject_issuers::SubjectIssuerItem};

use crate::{answer::listing, call::ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Listed(page): Searched<200, 500>,
) -> Result<Answer<Listing<SubjectIssuerItem>>, Refusal> {
    let mut work = call.read().await?;
    Ok(listing(work.subject_issuers().list(&page).await?))
}
