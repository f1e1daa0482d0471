//! `DELETE /v1/zones/{zoneId}/policies/{id}`

use caracal_core::PolicyId;
use caracal_service::{
    Refusal,
    front::{ById, NoContent, Path},
};

use super::not_found;
use crate::{call::ZoneCall, change::Done};

/// Versions stay, and sets that name them stay in force.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicyId>>,
) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    if !change.policies().archive(&id, call.now()).await? {
        return Err(not_found());
    }
    change.commit(Done::no_content()).await?;
    Ok(NoContent)
}
