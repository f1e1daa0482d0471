//! `DELETE /v1/zones/{zoneId}/policies/{id}`

use caracal_core::PolicyId;
use caracal_service::Refusal;

use super::not_found;
use crate::{answer::Answer, call::ZoneCall, change::Done};

/// Versions stay, and sets that name them stay in force.
pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: PolicyId = call.id("id")?;
    let mut change = call.change().await?;
    if !change.policies().archive(&id, call.now()).await? {
        return Err(not_found());
    }
    change.commit(Done::no_content()).await?;
    Ok(Answer::no_content())
}
