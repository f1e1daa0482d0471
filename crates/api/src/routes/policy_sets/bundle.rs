//! A manifest's sources, evaluated together before they may decide anything.

use std::collections::HashSet;

use caracal_authz::document::{
    self, Evaluated, Interrupt, PolicyDocuments, PolicyProblem, PolicyVersionSource, SCHEMA_VERSION,
};
use caracal_core::{
    PolicySetId, PolicySetVersionId, PolicyVersionId,
    entity::{PolicySetVersion, PolicyVersion},
};
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::{
    ErrorCode, Issue, Issues,
    control::policies::{PolicyIssue, PolicyIssues},
};

use super::version_not_found;
use crate::call::{Call, ZoneCall};

/// Most policies of one set.
pub(in crate::routes) const MAX_POLICIES: usize = 256;

/// Reads the versions of a manifest, in its order.
///
/// # Errors
/// 422 `invalid_policy_contract` when one is named twice, does not exist in this zone, or has a schema this build
/// does not know.
pub(in crate::routes) async fn sources(
    work: &mut dyn ZoneWork,
    manifest: &[PolicyVersionId],
) -> Result<Vec<PolicyVersion>, Refusal> {
    if !(1..=MAX_POLICIES).contains(&manifest.len()) {
        return Err(contract(&format!(
            "a policy set has 1 to {MAX_POLICIES} policies"
        )));
    }
    let mut seen = HashSet::new();
    let mut sources = Vec::with_capacity(manifest.len());
    for id in manifest {
        if !seen.insert(id) {
            return Err(contract(&format!("policy version {id} is named twice")));
        }
        let version = work.policies().version(id).await?;
        let version =
            version.ok_or_else(|| contract(&format!("policy version {id} does not exist in this zone")))?;
        if version.schema_version != SCHEMA_VERSION {
            return Err(contract(&format!(
                "unsupported_schema_version:{}",
                version.schema_version
            )));
        }
        sources.push(version);
    }
    Ok(sources)
}

/// A version of a set, and what its policies evaluate to. It need not be in force.
///
/// # Errors
/// 404 `version_not_found`, and what [`sources`] and [`compile`] refuse with.
pub(super) async fn of_version(
    call: &ZoneCall,
    set: &PolicySetId,
    version: &PolicySetVersionId,
) -> Result<(PolicySetVersion, PolicyDocuments), Refusal> {
    let mut work = call.read().await?;
    let sets = work.policy_sets();
    sets.get(set).await?.ok_or_else(version_not_found)?;
    let version = sets.version(set, version).await?.ok_or_else(version_not_found)?;
    let sources = sources(work.as_mut(), &version.manifest).await?;
    drop(work);
    let evaluated = compile(call, sources).await?;
    Ok((version, evaluated.documents))
}

/// Evaluates the sources together, where policies are read.
///
/// # Errors
/// 422 `invalid_policy_bundle` with the problem and its place. 429 and 503 of [`crate::PolicyWork`].
pub(in crate::routes) async fn compile(
    call: &Call,
    sources: Vec<PolicyVersion>,
) -> Result<Evaluated, Refusal> {
    let compile = move |interrupt: &Interrupt| {
        let sources: Vec<PolicyVersionSource<'_>> = sources
            .iter()
            .map(|version| PolicyVersionSource {
                version_id: version.id.as_str(),
                content: &version.content,
            })
            .collect();
        document::evaluate_unless(&sources, interrupt)
    };
    let compiled = call.role.policy_work.run(call.work_owner(), compile).await?;
    compiled.map_err(|problem| unusable(&problem))
}

fn contract(message: &str) -> Refusal {
    let issue = Issue {
        path: vec![String::from("manifest")],
        message: message.to_owned(),
    };
    Refusal::of(ErrorCode::InvalidPolicyContract)
        .describe(message.to_owned())
        .with_details(&Issues { issues: vec![issue] })
}

fn unusable(problem: &PolicyProblem) -> Refusal {
    let issue = PolicyIssue {
        path: vec![String::from("manifest")],
        code: problem.code.clone(),
        message: problem.message.clone(),
        line: problem.line,
        column: problem.column,
        policy_version_id: problem.policy_version_id.clone(),
    };
    Refusal::of(ErrorCode::InvalidPolicyBundle)
        .describe(problem.to_string())
        .with_details(&PolicyIssues { issues: vec![issue] })
}
