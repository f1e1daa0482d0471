//! `GET /v1/zones/{zoneId}/subjects`

use caracal_service::{
    Refusal,
    front::{Answer, Listed, Query, Searched},
};
use caracal_storage::SubjectFilter;
use caracal_wire::{
    Listing,
    control::subjects::{ListSubjects, SubjectItem},
};

use super::item;
use crate::{answer::listed, call::ZoneCall};

pub(crate) async fn handle(
    call: ZoneCall,
    Query(query): Query<ListSubjects>,
    Listed(page): Searched<100, 200>,
) -> Result<Answer<Listing<SubjectItem>>, Refusal> {
    let filter = SubjectFilter { kind: query.kind };
    let now = call.now();
    let mut work = call.read().await?;
    Ok(listed(work.subjects().list(&filter, now, &page).await?, item))
}
