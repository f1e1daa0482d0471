//! `POST /v1/zones/{zoneId}/policy-sets/{id}/activate`

use caracal_authz::document::{Evaluated, PolicyDocuments};
use caracal_core::{
    PolicySetId, PolicySetVersionId,
    entity::{NotificationType, PolicySetVersion},
    policy::PolicyWarning,
};
use caracal_service::{
    Refusal,
    front::{Accepted, Body, ById, IfMatch, Path},
};
use caracal_storage::{Lock, VersionedKind};
use caracal_wire::{
    ErrorCode,
    control::policy_sets::{ActivateVersion, Activated},
};
use http::StatusCode;
use serde::Serialize;

use super::{bundle, policy_invalidate, version_not_found};
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
    zone_names::zone_names,
};

/// What sinks are told besides who did it.
#[derive(Serialize)]
struct PutInForce<'p> {
    policy_set_id: &'p PolicySetId,
    policy_set_version_id: &'p PolicySetVersionId,
    manifest_sha: &'p str,
}

/// Puts a version in force, instead of whatever was in force in the zone. Going back is activating an older one.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicySetId>>,
    wanted: IfMatch,
    Body(ActivateVersion { version_id }): Body<ActivateVersion>,
) -> Result<Accepted<Activated>, Refusal> {
    let ready = ready(&call, &id, &version_id).await?;
    let mut change = call.change().await?;
    // Before the set, as whoever else puts a version in force locks them.
    change.lock(Lock::PolicyActivation).await?;
    change
        .expect(&wanted, VersionedKind::PolicySet, id.as_str())
        .await?;
    carry_out(change, ready, Done::with(StatusCode::ACCEPTED)).await
}

/// A version that may be put in force, evaluated.
pub(super) struct Ready {
    version: PolicySetVersion,
    evaluated: Evaluated,
    warnings: Vec<PolicyWarning>,
}

/// Evaluates a version, before anything is locked.
pub(super) async fn ready(
    call: &ZoneCall,
    set: &PolicySetId,
    version: &PolicySetVersionId,
) -> Result<Ready, Refusal> {
    let mut work = call.read().await?;
    work.policy_sets().get(set).await?.ok_or_else(version_not_found)?;
    let version = work
        .policy_sets()
        .version(set, version)
        .await?
        .ok_or_else(version_not_found)?;
    let sources = bundle::sources(work.as_mut(), &version.manifest).await?;
    let names = zone_names(work.as_mut(), call.now()).await?;
    drop(work);
    let evaluated = bundle::compile(call, sources).await?;
    let warnings = evaluated.warnings(Some(&names));
    Ok(Ready {
        version,
        evaluated,
        warnings,
    })
}

/// Puts it in force with whatever else `change` does, and answers.
pub(super) async fn carry_out(
    mut change: ZoneChange<'_>,
    ready: Ready,
    done: Done<'_>,
) -> Result<Accepted<Activated>, Refusal> {
    let call = change.call();
    let Ready {
        version,
        evaluated,
        warnings,
    } = ready;
    let outbox_id = put_in_force(&mut change, &version, &evaluated.documents).await?;
    let (id, version_id) = (version.policy_set_id, version.id);
    let done = done.note("version_id", version_id.as_str());
    // Ids are URL-safe as they are.
    let status_url = format!(
        "/v1/zones/{}/policy-sets/{id}/activation-status?version_id={version_id}&outbox_id={outbox_id}",
        call.zone
    );
    let activated = Activated {
        activated: true,
        version_id,
        outbox_id,
        status_url,
        warnings,
    };
    Ok(Accepted(change.answer(done, activated).await?))
}

/// Puts a version in force in a change that the caller commits; the id of the message that tells of it.
pub(in crate::routes) async fn put_in_force(
    change: &mut ZoneChange<'_>,
    version: &PolicySetVersion,
    documents: &PolicyDocuments,
) -> Result<String, Refusal> {
    let call = change.call();
    let (id, version_id) = (&version.policy_set_id, &version.id);
    change.lock(Lock::PolicyActivation).await?;
    if !change.policy_sets().activate(id, version_id, call.now()).await? {
        return Err(Refusal::of(ErrorCode::PolicySetBindingNotFound).describe("the policy set is gone"));
    }
    // Whoever loads the zone decides with this, and need not read the sources again.
    change
        .policy_sets()
        .keep_evaluated(version_id, &version.manifest_sha256, &documents.to_stored())
        .await?;
    let event = policy_invalidate(&call.role.world, &call.zone, id, Some(version_id))?;
    let outbox_id = event.id.clone();
    change.publish(event);
    let about = PutInForce {
        policy_set_id: id,
        policy_set_version_id: version_id,
        manifest_sha: &version.manifest_sha256,
    };
    change
        .notify(NotificationType::PolicyActivated, "activated", about)
        .await?;
    Ok(outbox_id)
}
