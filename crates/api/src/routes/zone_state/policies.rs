//! Policies and the sets that name them: sources become versions, and versions manifests.

use std::collections::{HashMap, HashSet};

use caracal_authz::document::{Evaluated, Valid, ZoneNames};
use caracal_core::{
    PolicyId, PolicySetId, PolicyVersionId,
    entity::{PolicySetVersion, PolicyVersion},
    policy::PolicyWarning,
};
use caracal_crypto::sha256_hex;
use caracal_service::Refusal;
use caracal_wire::control::zone_state::{DeclaredPolicy, DeclaredPolicySet, DeclaredResource, SetMember};

use super::{
    super::{
        policies::source,
        policy_sets::{
            add_version,
            bundle::{self, MAX_POLICIES},
        },
    },
    MAX_NEW_SOURCES,
    compare::{Section, Step},
    desired::Desired,
    live::{Live, LivePolicy, LiveSet},
    problems::{At, Problems},
};
use crate::{call::ZoneCall, fields, fields::RESERVED_NAME};

/// The versions of a policy that a document names.
pub(super) struct Sources {
    pub(super) policy_id: PolicyId,
    /// Those that it does not have yet, in the order in which they are added.
    pub(super) new: Vec<PolicyVersion>,
    current: PolicyVersion,
    earlier: Vec<PolicyVersion>,
    /// What the new ones say about themselves.
    valid: Vec<Valid>,
}

impl Sources {
    /// What looks mistyped in what is new.
    pub(super) fn warnings(&self, names: &ZoneNames) -> Vec<PolicyWarning> {
        let told = self.valid.iter().map(|valid| valid.warnings(Some(names)));
        told.flatten().collect()
    }
}

/// The version of a set that a document names.
pub(super) struct Manifest {
    /// The version, unless the set has none.
    pub(super) version: Option<PolicySetVersion>,
    /// Whether the set does not have it yet.
    pub(super) is_new: bool,
    /// Whether it is put in force.
    pub(super) activates: bool,
    /// What it evaluates to, where that had to be found out.
    pub(super) evaluated: Option<Evaluated>,
    /// The policies that it names.
    pub(super) policies: HashSet<PolicyId>,
}

/// What policies may name in the zone as it will be.
pub(super) fn known_names(live: &Live, resources: &Section<DeclaredResource>) -> ZoneNames {
    let gone: HashSet<&str> = resources.deleted().collect();
    let stored = live
        .resources
        .iter()
        .filter(|resource| !gone.contains(resource.id.as_str()))
        .map(|resource| (resource.identifier.clone(), resource.scopes.clone()));
    let declared = resources.steps.iter().filter_map(|step| match step {
        Step::Create(_, wanted) | Step::Update(_, wanted, _) => {
            let scopes = wanted.object.scopes.iter().map(String::as_str);
            Some((wanted.object.identifier.0.clone(), scopes.collect()))
        }
        Step::Adopt(..) | Step::Delete(..) => None,
    });
    ZoneNames {
        applications: live.names.ids().map(ToString::to_string).collect(),
        resources: stored.chain(declared).collect(),
    }
}

/// A policy with the versions that it needs; nothing where it cannot be told which.
pub(super) async fn policy(
    call: &ZoneCall,
    live: &Live,
    (at, mut declared): (At, DeclaredPolicy),
    room: &mut usize,
    problems: &mut Problems,
) -> Result<Option<(Desired<DeclaredPolicy>, Sources)>, Refusal> {
    if fields::is_reserved(RESERVED_NAME, &declared.name) {
        problems.refused(at, "name", fields::reserved_namespace(RESERVED_NAME))?;
    }
    let stored = live
        .policies
        .iter()
        .find(|stored| stored.policy.name == declared.name.0);
    if let Some(stored) = stored {
        let is = stored.policy.description.as_deref();
        if is != declared.description.as_deref() {
            problems.add(at, "description", STAYS);
        }
    }
    let id = stored.map_or_else(
        || PolicyId::generate(&call.role.world),
        |stored| stored.policy.id.clone(),
    );
    let mut sources = Resolving {
        call,
        live,
        stored,
        id: &id,
        room,
        new: Vec::new(),
        valid: Vec::new(),
    };
    let mut earlier = Vec::with_capacity(declared.earlier.len());
    let mut more = Vec::new();
    for (index, content) in declared.earlier.iter().enumerate() {
        let field = format!("earlier.{index}");
        let Some(version) = sources.earlier(at, &field, content, problems).await? else {
            return Ok(None);
        };
        earlier.push(version);
    }
    if !sources.new.is_empty() {
        more.push(String::from("earlier"));
    }
    let Some((current, text)) = sources.current(at, &declared.content, problems).await? else {
        return Ok(None);
    };
    declared.content = text;
    let Resolving { new, valid, .. } = sources;
    let work = Sources {
        policy_id: id.clone(),
        new,
        current,
        earlier,
        valid,
    };
    let wanted = Desired {
        more,
        id: Some(id.as_str().to_owned()),
        ..Desired::new(at, declared)
    };
    Ok(Some((wanted, work)))
}

/// Why a description is refused.
const STAYS: &str = "stays what it was when it was made: leave it as it is, or give the object another name";

/// Finds, or makes, the versions of one policy.
struct Resolving<'r> {
    call: &'r ZoneCall,
    live: &'r Live,
    stored: Option<&'r LivePolicy>,
    id: &'r PolicyId,
    /// How many more sources may be new.
    room: &'r mut usize,
    new: Vec<PolicyVersion>,
    valid: Vec<Valid>,
}

impl Resolving<'_> {
    /// The source with the ids of applications in the place of their names.
    fn resolved(&self, at: At, field: &str, content: &str, problems: &mut Problems) -> Option<String> {
        match self.live.names.resolved(content) {
            Ok(resolved) => Some(resolved),
            Err(name) => {
                let name = caracal_core::text::excerpt(&name).into_owned();
                let message = format!("no application of the zone or the document is called {name}");
                problems.add(at, field, message);
                None
            }
        }
    }

    async fn add(
        &mut self,
        at: At,
        field: &str,
        content: String,
        problems: &mut Problems,
    ) -> Result<Option<PolicyVersion>, Refusal> {
        let Some(left) = self.room.checked_sub(1) else {
            problems.add(
                at,
                field,
                format!("a document brings at most {MAX_NEW_SOURCES} new sources"),
            );
            return Ok(None);
        };
        *self.room = left;
        match source::check(self.call, content.clone()).await {
            Ok(valid) => self.valid.push(valid),
            Err(refusal) => {
                problems.refused(at, field, refusal)?;
                return Ok(None);
            }
        }
        let version = source::version(self.call, self.id, content);
        self.new.push(version.clone());
        Ok(Some(version))
    }

    /// The version that any of the policy's has this source, or a new one.
    async fn earlier(
        &mut self,
        at: At,
        field: &str,
        content: &str,
        problems: &mut Problems,
    ) -> Result<Option<PolicyVersion>, Refusal> {
        let Some(content) = self.resolved(at, field, content, problems) else {
            return Ok(None);
        };
        let digest = sha256_hex(content.as_bytes());
        let versions = self
            .stored
            .map(|stored| stored.versions.as_slice())
            .unwrap_or_default();
        let known = versions.iter().find(|(_, known)| *known == digest);
        let Some((id, _)) = known else {
            return self.add(at, field, content, problems).await;
        };
        let version = source::version(self.call, self.id, content);
        Ok(Some(PolicyVersion {
            id: id.clone(),
            ..version
        }))
    }

    /// The newest version, which has this source, or a new one; and the source as it is shown.
    async fn current(
        &mut self,
        at: At,
        content: &str,
        problems: &mut Problems,
    ) -> Result<Option<(PolicyVersion, String)>, Refusal> {
        let Some(content) = self.resolved(at, "content", content, problems) else {
            return Ok(None);
        };
        let text = self.live.names.shown(&content);
        // What is added before it would be newer than what there is.
        let newest = self
            .stored
            .map(|stored| &stored.newest)
            .filter(|_| self.new.is_empty());
        if let Some(newest) = newest.filter(|newest| newest.content == content) {
            return Ok(Some((newest.clone(), text)));
        }
        let added = self.add(at, "content", content, problems).await?;
        Ok(added.map(|version| (version, text)))
    }
}

/// At most one set is in force, and the one that is stays so until another is.
pub(super) fn check_active(live: &Live, sets: &[(At, DeclaredPolicySet)], problems: &mut Problems) {
    let active: Vec<_> = sets.iter().filter(|(_, set)| set.active).collect();
    for (at, _) in active.iter().skip(1) {
        problems.add(*at, "active", "another set of the document is in force");
    }
    for (at, set) in sets.iter().filter(|(_, set)| !set.active) {
        let stored = live.sets.iter().find(|stored| stored.set.name == set.name.0);
        let in_force = stored.is_some_and(|stored| stored.set.active_version_id.is_some());
        if in_force && active.is_empty() {
            let message = "it is in force, and goes out of force when another set is put in force";
            problems.add(*at, "active", message);
        }
    }
}

/// A set with the version that it needs; nothing where it cannot be told which.
pub(super) async fn set(
    call: &ZoneCall,
    live: &Live,
    sources: &HashMap<String, Sources>,
    (at, declared): (At, DeclaredPolicySet),
    problems: &mut Problems,
) -> Result<Option<(Desired<DeclaredPolicySet>, Manifest)>, Refusal> {
    let stored = live.sets.iter().find(|stored| stored.set.name == declared.name.0);
    if let Some(stored) = stored
        && stored.set.description.as_deref() != declared.description.as_deref()
    {
        problems.add(at, "description", STAYS);
    }
    let id = stored.map_or_else(
        || PolicySetId::generate(&call.role.world),
        |stored| stored.set.id.clone(),
    );
    let Some(versions) = members(live, sources, at, &declared.policies, problems) else {
        return Ok(None);
    };
    let is = stored.and_then(|stored| stored.version.as_ref());
    let manifest: Vec<PolicyVersionId> = versions.iter().map(|version| version.id.clone()).collect();
    let policies = versions.iter().map(|version| version.policy_id.clone()).collect();
    if manifest.is_empty() && is.is_some() {
        problems.add(
            at,
            "policies",
            "a set that has a version keeps one: name its policies",
        );
        return Ok(None);
    }
    if manifest.is_empty() && declared.active {
        problems.add(at, "policies", "a set in force names at least one policy");
        return Ok(None);
    }
    let same = is.filter(|is| is.manifest == manifest).cloned();
    let is_new = same.is_none() && !manifest.is_empty();
    let version = match same {
        None if manifest.is_empty() => None,
        None => Some(add_version::version(call, &id, manifest)),
        Some(same) => Some(same),
    };
    let in_force = stored.and_then(|stored| stored.set.active_version_id.as_ref());
    let activates = declared.active && version.as_ref().map(|version| &version.id) != in_force;
    let mut evaluated = None;
    if is_new || activates {
        match bundle::compile(call, versions).await {
            Ok(compiled) => evaluated = Some(compiled),
            Err(refusal) => problems.refused(at, "policies", refusal)?,
        }
    }
    let mut wanted = Desired::new(at, declared);
    wanted.id = Some(id.as_str().to_owned());
    if is_new {
        wanted.more.push(String::from("policies"));
    }
    let work = Manifest {
        version,
        is_new,
        activates,
        evaluated,
        policies,
    };
    Ok(Some((wanted, work)))
}

/// The versions that a set names, in its order.
fn members(
    live: &Live,
    sources: &HashMap<String, Sources>,
    at: At,
    members: &[SetMember],
    problems: &mut Problems,
) -> Option<Vec<PolicyVersion>> {
    if members.len() > MAX_POLICIES {
        problems.add(
            at,
            "policies",
            format!("must name at most {MAX_POLICIES} policies"),
        );
        return None;
    }
    let mut versions: Vec<PolicyVersion> = Vec::with_capacity(members.len());
    let mut seen = HashSet::new();
    for (index, member) in members.iter().enumerate() {
        let mut wrong = |message| problems.add(at, &format!("policies.{index}"), message);
        let declared = sources.get(&member.policy.0);
        let stored = || {
            live.policies
                .iter()
                .find(|stored| stored.policy.name == member.policy.0)
        };
        let version = match (declared, member.earlier) {
            (Some(declared), None) => Some(&declared.current),
            (Some(declared), Some(earlier)) => usize::try_from(earlier)
                .ok()
                .and_then(|earlier| declared.earlier.get(earlier)),
            (None, None) => stored().map(|stored| &stored.newest),
            (None, Some(_)) => None,
        };
        match version {
            None => wrong("names no policy, or no earlier source, of the zone or the document"),
            Some(version) if !seen.insert(&version.id) => wrong("is named twice"),
            Some(version) => versions.push(version.clone()),
        }
    }
    (versions.len() == members.len()).then_some(versions)
}

/// The policies that a stored set names.
pub(super) fn named(live: &Live, set: &LiveSet) -> HashSet<PolicyId> {
    let manifest = set.version.iter().flat_map(|version| &version.manifest);
    let newest = |id: &PolicyVersionId| {
        let newest = live.policies.iter().find(|policy| policy.newest.id == *id);
        newest.map(|policy| policy.policy.id.clone())
    };
    manifest
        .filter_map(|id| {
            let pinned = live.pinned.get(id).map(|version| version.policy_id.clone());
            pinned.or_else(|| newest(id))
        })
        .collect()
}
