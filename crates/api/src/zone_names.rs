//! What a zone calls its objects, to tell a mistyped name in a policy.

use caracal_authz::document::ZoneNames;
use caracal_core::Timestamp;
use caracal_storage::{Error, ZoneWork};

/// The names that a policy of this zone may use.
pub(crate) async fn zone_names(work: &mut dyn ZoneWork, now: Timestamp) -> Result<ZoneNames, Error> {
    let applications = work.applications().all_live(now).await?;
    let resources = work.resources().all_live().await?;
    Ok(ZoneNames {
        applications: applications
            .into_iter()
            .map(|application| application.id.to_string())
            .collect(),
        resources: resources
            .into_iter()
            .map(|resource| (resource.identifier, resource.scopes))
            .collect(),
    })
}
