//! `GET /v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/diff`

use std::collections::{BTreeMap, BTreeSet};

use caracal_authz::diff::{self, DiffBounds, PolicyDiff};
use caracal_core::{
    PolicyId, PolicySetId, PolicySetVersionId,
    entity::{PolicySetVersion, PolicyVersion},
};
use caracal_service::{
    Refusal,
    front::{Answer, Path, Query},
};
use caracal_storage::ZoneWork;
use caracal_wire::control::policy_diff as wire;

use super::{bundle, version_not_found, versions::Version};
use crate::call::ZoneCall;

/// Bounds of an answer, and of what is decided for it: some seconds of one thread.
const BOUNDS: DiffBounds = DiffBounds {
    statements: 200,
    bytes: 256 * 1024,
    changes: 1000,
    candidates: 250_000,
};

/// One side of the comparison.
struct Side {
    version: PolicySetVersion,
    sources: Vec<PolicyVersion>,
}

/// Tells what would be different with a version. Changes nothing.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(asked): Path<Version>,
    Query(query): Query<wire::AskPolicyDiff>,
) -> Result<Answer<wire::PolicySetDiff>, Refusal> {
    let mut work = call.read().await?;
    work.policy_sets()
        .get(&asked.id)
        .await?
        .ok_or_else(version_not_found)?;
    let to = side(work.as_mut(), &asked.id, &asked.version).await?;
    let from = match &query.from {
        Some(from) => Some(side(work.as_mut(), &asked.id, from).await?),
        None => work.policy_sets().active().await?.map(|active| Side {
            version: active.version,
            sources: active.policies,
        }),
    };
    let (policies, unchanged) = members(work.as_mut(), from.as_ref(), &to).await?;
    drop(work);

    let (from_told, from) = match from {
        Some(from) => {
            let told = compared(&from.version);
            (Some(told), bundle::compile(&call, from.sources).await?.documents)
        }
        None => (None, caracal_authz::document::PolicyDocuments::default()),
    };
    let to_told = compared(&to.version);
    let to = bundle::compile(&call, to.sources).await?.documents;
    let found = call.role.policy_work.run(call.work_owner(), move |interrupt| {
        diff::diff(&from, &to, BOUNDS, interrupt)
    });
    let PolicyDiff { documents, access } = found.await?;
    Ok(Answer(wire::PolicySetDiff {
        from: from_told,
        to: to_told,
        policies,
        unchanged_policies: unchanged,
        documents,
        access,
    }))
}

async fn side(
    work: &mut dyn ZoneWork,
    set: &PolicySetId,
    version: &PolicySetVersionId,
) -> Result<Side, Refusal> {
    let version = work.policy_sets().version(set, version).await?;
    let version = version.ok_or_else(version_not_found)?;
    let sources = bundle::sources(work, &version.manifest).await?;
    Ok(Side { version, sources })
}

/// Policies that are not on both sides with the same version, and how many are.
async fn members(
    work: &mut dyn ZoneWork,
    from: Option<&Side>,
    to: &Side,
) -> Result<(Vec<wire::PolicyMemberDiff>, u64), Refusal> {
    let from = from.map_or(&[][..], |from| &from.sources);
    let before: BTreeSet<_> = from.iter().map(|version| &version.id).collect();
    let after: BTreeSet<_> = to.sources.iter().map(|version| &version.id).collect();
    let unchanged = before.intersection(&after).count() as u64;
    // A set may name several versions of one policy.
    let mut differ: BTreeMap<&PolicyId, (Vec<&PolicyVersion>, Vec<&PolicyVersion>)> = BTreeMap::new();
    for gone in from.iter().filter(|version| !after.contains(&version.id)) {
        differ.entry(&gone.policy_id).or_default().0.push(gone);
    }
    for new in to.sources.iter().filter(|version| !before.contains(&version.id)) {
        differ.entry(&new.policy_id).or_default().1.push(new);
    }
    let mut told = Vec::new();
    for (policy_id, (gone, new)) in differ {
        let name = work.policies().get(policy_id).await?.map(|policy| policy.name);
        let mut tell = |change, from: Option<&PolicyVersion>, to: Option<&PolicyVersion>| {
            told.push(wire::PolicyMemberDiff {
                change,
                policy_id: policy_id.clone(),
                name: name.clone(),
                from: from.map(member),
                to: to.map(member),
            });
        };
        if let ([gone], [new]) = (&gone[..], &new[..]) {
            tell(wire::MemberChange::Changed, Some(gone), Some(new));
            continue;
        }
        for gone in gone {
            tell(wire::MemberChange::Removed, Some(gone), None);
        }
        for new in new {
            tell(wire::MemberChange::Added, None, Some(new));
        }
    }
    told.sort_by(|one, other| (&one.name, &one.policy_id).cmp(&(&other.name, &other.policy_id)));
    Ok((told, unchanged))
}

fn member(version: &PolicyVersion) -> wire::PolicyMember {
    wire::PolicyMember {
        policy_version_id: version.id.clone(),
        version: version.version,
        content_sha256: version.content_sha256.clone(),
    }
}

fn compared(version: &PolicySetVersion) -> wire::ComparedVersion {
    wire::ComparedVersion {
        policy_set_id: version.policy_set_id.clone(),
        version_id: version.id.clone(),
        version: version.version,
        manifest_sha256: version.manifest_sha256.clone(),
    }
}
