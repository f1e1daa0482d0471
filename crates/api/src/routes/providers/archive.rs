//! `DELETE /v1/zones/{zoneId}/providers/{id}`

use caracal_core::ProviderId;
use caracal_crypto::Location;
use caracal_lifecycle::connections;
use caracal_service::{
    Refusal,
    front::{ById, IfMatch, NoContent, Path},
};
use caracal_storage::{ConnectionFilter, VersionedKind};
use caracal_wire::events::DirectoryKind;

use super::not_found;
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

/// Resources bound to it get no credential from here on; the sealed credential is gone, and the accounts that were connected
/// are not any more.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ProviderId>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let kind = VersionedKind::Provider;
    let mut change = call.change_of(&wanted, kind, id.as_str()).await?;
    let done = put_away(&mut change, &id).await?;
    change.commit(done).await?;
    Ok(NoContent)
}

/// Archives it in a change that the caller commits; what to record of it.
pub(in crate::routes) async fn put_away(
    change: &mut ZoneChange<'_>,
    id: &ProviderId,
) -> Result<Done<'static>, Refusal> {
    let call = change.call();
    if !change.providers().archive(id, call.now()).await? {
        return Err(not_found());
    }
    let location = Location::provider_secret_config(&call.zone, id);
    change.secrets().delete(location.as_str()).await?;
    let filter = ConnectionFilter {
        provider_id: Some(id.clone()),
        ..ConnectionFilter::default()
    };
    let (world, now) = (&call.role.world, call.now());
    let revoked = connections::revoke(change.ending(), world, &filter, now, "provider_archived")
        .await?
        .len();
    change.directory_changed(DirectoryKind::Provider, id.as_str());
    Ok(Done::no_content().note("revoked_connections", revoked))
}
