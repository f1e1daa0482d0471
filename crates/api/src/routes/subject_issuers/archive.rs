//! `DELETE /v1/zones/{zoneId}/subject-issuers/{id}`

use caracal_core::SubjectIssuerId;
use caracal_service::{
    Refusal,
    front::{ById, NoContent, Path},
};

use super::not_found;
use crate::{call::ZoneCall, change::Done};

/// Its tokens are taken no more; what was granted on them goes on until its end.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SubjectIssuerId>>,
) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    if !change.subject_issuers().archive(&id, call.now()).await? {
        return Err(not_found());
    }
    change.commit(Done::no_content()).await?;
    Ok(NoContent)
}
