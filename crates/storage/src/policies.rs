//! Policies, policy sets and which set is in force.

use async_trait::async_trait;
use caracal_core::{
    PolicyId, PolicySetId, PolicySetVersionId, PolicyVersionId, Timestamp,
    entity::{ListedPolicyVersion, Policy, PolicySet, PolicySetVersion, PolicyVersion},
};

use crate::{Error, Page, PageRequest};

/// Which policies are listed.
#[derive(Debug, Clone, Default)]
pub struct PolicyFilter {
    /// Archived ones, or unarchived ones.
    pub archived: bool,
    /// With exactly this name.
    pub name: Option<String>,
    /// Made by exactly this one.
    pub created_by: Option<String>,
}

/// Policies of the zone.
#[async_trait]
pub trait Policies: Send {
    /// The policy, unless absent or archived.
    async fn get(&mut self, id: &PolicyId) -> Result<Option<Policy>, Error>;
    /// Policies by `(created_at, id)`, newest first.
    async fn list(&mut self, filter: &PolicyFilter, page: &PageRequest) -> Result<Page<Policy>, Error>;
    /// Versions by number, highest first unless it is asked otherwise. Sources come with the first of them, as many as have `source_bytes` in
    /// all; the others are read one by one with [`Policies::version`].
    async fn versions(
        &mut self,
        id: &PolicyId,
        page: &PageRequest,
        source_bytes: u64,
    ) -> Result<Page<ListedPolicyVersion>, Error>;
    /// One version, of any policy of the zone, archived or not.
    async fn version(&mut self, id: &PolicyVersionId) -> Result<Option<PolicyVersion>, Error>;
    /// Inserts a policy with its first version.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`policies_name`) when an active policy has the name.
    async fn create(&mut self, policy: &Policy, first: &PolicyVersion) -> Result<(), Error>;
    /// Inserts a version; the stored number is the current highest plus one and is returned. The policy is changed.
    async fn add_version(&mut self, version: &PolicyVersion) -> Result<i64, Error>;
    /// Archives. `false` when absent or archived already.
    async fn archive(&mut self, id: &PolicyId, at: Timestamp) -> Result<bool, Error>;
}

/// The zone's set in force.
#[derive(Debug, Clone)]
pub struct ActivePolicySet {
    /// The set's version.
    pub version: PolicySetVersion,
    /// The policy versions of its manifest, in manifest order.
    pub policies: Vec<PolicyVersion>,
}

/// The zone's set in force, without its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluatedPolicySet {
    /// The set's version.
    pub version: PolicySetVersion,
    /// What the version evaluates to, as [`PolicySets::keep_evaluated`] was given it.
    pub evaluated: String,
}

/// A version that is decided beside the one in force and enforces nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyShadow {
    /// The set.
    pub policy_set_id: PolicySetId,
    /// Its version.
    pub version_id: PolicySetVersionId,
    /// Digest of the version's manifest.
    pub manifest_sha256: String,
    /// What the version evaluates to.
    pub evaluated: String,
    /// Who began.
    pub started_by: String,
    /// Begin.
    pub started_at: Timestamp,
    /// End, unless it is stopped before.
    pub expires_at: Timestamp,
}

/// How many policy sets there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CountedPolicySets {
    /// Unarchived ones.
    pub total: u64,
    /// The name of the one in force.
    pub in_force: Option<String>,
}

/// Policy sets of the zone.
#[async_trait]
pub trait PolicySets: Send {
    /// The zone's shadow, over or not.
    async fn shadow(&mut self) -> Result<Option<PolicyShadow>, Error>;
    /// Begins a shadow, in the place of any other.
    ///
    /// # Errors
    /// [`Error::MissingReference`] when the version is not of the set, or not of the zone.
    async fn begin_shadow(&mut self, shadow: &PolicyShadow) -> Result<(), Error>;
    /// Ends the shadow. `false` when there is none.
    async fn end_shadow(&mut self) -> Result<bool, Error>;
    /// The set, unless absent or archived.
    async fn get(&mut self, id: &PolicySetId) -> Result<Option<PolicySet>, Error>;
    /// Unarchived sets by `(created_at, id)`, newest first.
    async fn list(&mut self, page: &PageRequest) -> Result<Page<PolicySet>, Error>;
    /// How many unarchived sets there are, and which is in force.
    async fn count(&mut self) -> Result<CountedPolicySets, Error>;
    /// Inserts a set, not active.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`policy_sets_name`) when an active set has the name.
    async fn create(&mut self, set: &PolicySet) -> Result<(), Error>;
    /// Inserts a version; the stored number is the current highest plus one and is returned. The set is changed.
    async fn add_version(&mut self, version: &PolicySetVersion) -> Result<i64, Error>;
    /// Versions of a set by `(created_at, id)`, newest first.
    async fn versions(
        &mut self,
        id: &PolicySetId,
        page: &PageRequest,
    ) -> Result<Page<PolicySetVersion>, Error>;
    /// One version of a set, archived or not.
    async fn version(
        &mut self,
        set: &PolicySetId,
        id: &PolicySetVersionId,
    ) -> Result<Option<PolicySetVersion>, Error>;
    /// Makes `version` the zone's only version in force, and ends the canary that runs. The set is changed, and so is the
    /// one that was in force. `false` when the set is absent or
    /// archived, or the version is not of the set.
    async fn activate(
        &mut self,
        set: &PolicySetId,
        version: &PolicySetVersionId,
        at: Timestamp,
    ) -> Result<bool, Error>;
    /// Keeps what the version in force evaluates to, until another version is. `false` when `version` is not in force or
    /// has another manifest.
    async fn keep_evaluated(
        &mut self,
        version: &PolicySetVersionId,
        manifest_sha256: &str,
        evaluated: &str,
    ) -> Result<bool, Error>;
    /// The set in force with what it evaluates to. `None` when none is in force, or nothing was kept for its manifest.
    async fn evaluated(&mut self) -> Result<Option<EvaluatedPolicySet>, Error>;
    /// The set in force with its sources.
    async fn active(&mut self) -> Result<Option<ActivePolicySet>, Error>;
    /// Archives, and takes the set out of force; a canary of it, or beside it, ends. `None` when absent or archived
    /// already, else whether it was in force.
    async fn archive(&mut self, id: &PolicySetId, at: Timestamp) -> Result<Option<bool>, Error>;
}
