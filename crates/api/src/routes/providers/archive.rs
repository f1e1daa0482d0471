//! `DELETE /v1/zones/{zoneId}/providers/{id}`

use caracal_core::ProviderId;
use caracal_crypto::Location;
use caracal_service::{
    Refusal,
    front::{ById, NoContent, Path},
};
use caracal_wire::events::DirectoryKind;

use super::not_found;
use crate::{call::ZoneCall, change::Done};

/// Resources bound to it get no credential from here on, and the sealed credential is gone.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ProviderId>>,
) -> Result<NoContent, Refusal> {
    let mut change = call.change().await?;
    if !change.providers().archive(&id, call.now()).await? {
        return Err(not_found());
    }
    let location = Location::provider_secret_config(&call.zone, &id);
    change.secrets().delete(location.as_str()).await?;
    change.directory_changed(DirectoryKind::Provider, id.as_str());
    change.commit(Done::no_content()).await?;
    Ok(NoContent)
}
