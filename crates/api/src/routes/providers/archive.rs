//! `DELETE /v1/zones/{zoneId}/providers/{id}`

use caracal_core::ProviderId;
use caracal_crypto::Location;
use caracal_service::Refusal;
use caracal_wire::events::DirectoryKind;

use super::not_found;
use crate::{answer::Answer, call::ZoneCall, change::Done};

/// Resources bound to it get no credential from here on, and the sealed credential is gone.
pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: ProviderId = call.id("id")?;
    let mut change = call.change().await?;
    if !change.providers().archive(&id, call.now()).await? {
        return Err(not_found());
    }
    let location = Location::provider_secret_config(&call.zone, &id);
    change.secrets().delete(location.as_str()).await?;
    change.directory_changed(DirectoryKind::Provider, id.as_str());
    change.commit(Done::no_content()).await?;
    Ok(Answer::no_content())
}
