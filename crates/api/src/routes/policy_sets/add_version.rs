//! `POST /v1/zones/{zoneId}/policy-sets/{id}/versions`

use caracal_authz::document::SCHEMA_VERSION;
use caracal_core::{PolicySetId, PolicySetVersionId, PolicyVersionId, entity::PolicySetVersion};
use caracal_crypto::sha256_hex;
use caracal_service::{
    Refusal,
    front::{Body, ById, Created, IfMatch, Path},
};
use caracal_storage::{Lock, VersionedKind};
use caracal_wire::control::policy_sets::{AddSetVersion, ManifestEntry, SetVersionAdded};

use super::{
    CODE,
    bundle::{self, MAX_POLICIES},
    not_found,
};
use crate::{
    call::{Call, ZoneCall},
    change::Done,
    zone_names::zone_names,
};

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<PolicySetId>>,
    wanted: IfMatch,
    Body(body): Body<AddSetVersion>,
) -> Result<Created<SetVersionAdded>, Refusal> {
    if !(1..=MAX_POLICIES).contains(&body.manifest.len()) {
        return Err(Refusal::invalid_field(
            CODE,
            "manifest",
            format!("must name 1 to {MAX_POLICIES} policy versions"),
        ));
    }
    let manifest: Vec<PolicyVersionId> = body
        .manifest
        .into_iter()
        .map(|entry| entry.policy_version_id)
        .collect();
    // Evaluation takes long and versions never change, so it happens before anything is locked.
    let mut work = call.read().await?;
    work.policy_sets().get(&id).await?.ok_or_else(not_found)?;
    let sources = bundle::sources(work.as_mut(), &manifest).await?;
    let names = zone_names(work.as_mut(), call.now()).await?;
    drop(work);
    let warnings = bundle::compile(&call, sources).await?.warnings(Some(&names));

    let mut change = call.change().await?;
    change.lock(Lock::PolicySetVersion).await?;
    change
        .expect(&wanted, VersionedKind::PolicySet, id.as_str())
        .await?;
    change.policy_sets().get(&id).await?.ok_or_else(not_found)?;
    let version = version(&call, &id, manifest);
    let number = change.policy_sets().add_version(&version).await?;
    let (of, version_id) = (id.clone(), version.id.clone());
    let made = SetVersionAdded {
        version_id: version.id.clone(),
        id: version.id,
        policy_set_id: id,
        version: number,
        manifest_sha256: version.manifest_sha256,
        schema_version: version.schema_version,
        created_at: version.created_at,
        warnings,
    };
    let done = Done::created(of.as_str()).note("version_id", version_id.as_str());
    Ok(Created(change.answer(done, made).await?))
}

/// The next version of a set; storage gives it its number.
pub(in crate::routes) fn version(
    call: &Call,
    set: &PolicySetId,
    manifest: Vec<PolicyVersionId>,
) -> PolicySetVersion {
    PolicySetVersion {
        id: PolicySetVersionId::generate(&call.role.world),
        policy_set_id: set.clone(),
        version: 1,
        manifest_sha256: manifest_digest(&manifest),
        manifest,
        schema_version: SCHEMA_VERSION.to_owned(),
        created_by: call.caller.attributed_to(),
        created_at: call.now(),
    }
}

/// SHA-256 of the compact JSON of the manifest, which clients compute too.
fn manifest_digest(manifest: &[PolicyVersionId]) -> String {
    let entries = manifest.iter().cloned();
    let entries = entries.map(|policy_version_id| ManifestEntry { policy_version_id });
    let entries: Vec<ManifestEntry> = entries.collect();
    // A list of texts always serialises.
    sha256_hex(&serde_json::to_vec(&entries).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_over_the_compact_manifest() {
        let manifest = [
            PolicyVersionId::parse("a").unwrap(),
            PolicyVersionId::parse("b").unwrap(),
        ];
        let text = br#"[{"policy_version_id":"a"},{"policy_version_id":"b"}]"#;
        assert_eq!(manifest_digest(&manifest), sha256_hex(text));
    }
}
