//! `GET /v1/zones/{zoneId}/grants/{id}/access`

use caracal_authz::reach;
use caracal_core::GrantId;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::grants::{GrantAccess, GrantedScope};

use super::not_found;
use crate::{
    call::ZoneCall,
    routes::access::{policy, tiers, versions, zone},
};

/// Asks policy for the application alone: that a session is there for the person, and a delegation that leaves as much, is
/// taken for given, as everywhere under `access`.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<GrantId>>,
) -> Result<Answer<GrantAccess>, Refusal> {
    let found = call.read().await?.grants().get(&id, call.now()).await?;
    let standing = found.ok_or_else(not_found)?;
    let zone = zone(&call).await?;
    let application = standing.grant.application_id.as_str();
    let resource = &standing.resource_identifier;
    let decides = zone.policy_for(application);
    let items = standing.grant.scopes.iter().map(|scope| {
        let decision = reach::evaluate(decides, application, None, resource, scope);
        GrantedScope {
            scope: scope.to_owned(),
            allowed: decision.is_allow(),
            approval_tiers: tiers(&decision.gates),
            reason: decision.reason.map(|reason| reason.as_str().to_owned()),
            policy_version_ids: versions(&decision.policies),
        }
    });
    Ok(Answer(GrantAccess {
        status: standing.status,
        items: items.collect(),
        policy: policy(&zone, decides),
    }))
}
