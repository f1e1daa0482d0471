//! `DELETE /v1/zones/{zoneId}/applications/{id}`

use caracal_core::ApplicationId;
use caracal_crypto::Location;
use caracal_service::Refusal;

use super::not_found;
use crate::{answer::Answer, call::ZoneCall, change::Done};

/// The application cannot log in from here on, and the copy of its secret is gone.
pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: ApplicationId = call.id("id")?;
    let mut change = call.change().await?;
    if !change.applications().archive(&id, call.now()).await? {
        return Err(not_found());
    }
    let location = Location::application_client_secret(&call.zone, &id);
    change.secrets().delete(location.as_str()).await?;
    change.directory_changed("application", id.as_str());
    change.commit(Done::no_content()).await?;
    Ok(Answer::no_content())
}
