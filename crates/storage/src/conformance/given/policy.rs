//! Policies, policy sets and signing keys.

use std::time::Duration;

use caracal_core::{
    CanaryId, KeyId, PolicyId, PolicySetId, PolicySetVersionId, PolicyVersionId,
    entity::{Policy, PolicyCanary, PolicySet, PolicySetVersion, PolicyVersion},
};

use crate::{PolicyShadow, PrivateHalf, SigningKeyRow};

use super::Given;

/// The document schema of policies.
const SCHEMA: &str = "2026-05-20";

impl Given {
    /// A policy and its first version.
    pub fn policy(&self) -> (Policy, PolicyVersion) {
        let policy = Policy {
            id: PolicyId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            name: self.unique("grants"),
            description: Some(String::from("who may do what")),
            archived_at: None,
            attribution: self.attribution(),
        };
        let first = self.policy_version(&policy);
        (policy, first)
    }

    /// A further version of `policy`. Its number is decided by the store.
    pub fn policy_version(&self, policy: &Policy) -> PolicyVersion {
        PolicyVersion {
            id: PolicyVersionId::generate(&self.world),
            policy_id: policy.id.clone(),
            version: 1,
            content: format!("package caracal\n\n# {}\ngrants := []\n", self.unique("édition")),
            content_sha256: self.sha256_hex(),
            schema_version: SCHEMA.into(),
            created_by: String::from("admin:given"),
            created_at: self.world.now(),
        }
    }

    /// A policy set, not active.
    pub fn policy_set(&self) -> PolicySet {
        PolicySet {
            id: PolicySetId::generate(&self.world),
            zone_id: self.zone_id.clone(),
            name: self.unique("baseline"),
            description: None,
            active_version_id: None,
            archived_at: None,
            attribution: self.attribution(),
        }
    }

    /// A version of `set` with `manifest`. Its number is decided by the store.
    pub fn policy_set_version(&self, set: &PolicySet, manifest: &[&PolicyVersion]) -> PolicySetVersion {
        PolicySetVersion {
            id: PolicySetVersionId::generate(&self.world),
            policy_set_id: set.id.clone(),
            version: 1,
            manifest: manifest.iter().map(|version| version.id.clone()).collect(),
            manifest_sha256: self.sha256_hex(),
            schema_version: SCHEMA.into(),
            created_by: String::from("admin:given"),
            created_at: self.world.now(),
        }
    }

    /// A signing key that signs from one minute on and has no successor. Its bytes are no real key.
    pub fn signing_key(&self, version: i64) -> SigningKeyRow {
        let mut public_key = self.world.random_bytes::<65>().to_vec();
        public_key[0] = 0x04;
        SigningKeyRow {
            id: KeyId::generate(&self.world),
            version,
            public_key,
            private: PrivateHalf::Sealed(self.world.random_bytes::<96>().to_vec()),
            signs_from: self.world.now().plus(Duration::from_mins(1)),
            verifies_until: None,
            created_at: self.world.now(),
        }
    }

    /// A version that decides for one in ten applications.
    pub fn policy_canary(&self, version: &PolicySetVersion) -> PolicyCanary {
        PolicyCanary {
            id: CanaryId::generate(&self.world),
            policy_set_id: version.policy_set_id.clone(),
            version_id: version.id.clone(),
            manifest_sha256: version.manifest_sha256.clone(),
            evaluated: String::from("{}"),
            share_percent: 10,
            min_decisions: 100,
            max_newly_denied_percent: 5,
            max_denied_percent: 100,
            started_by: String::from("admin:one"),
            started_at: self.world.now(),
            version: 1,
            decisions: 0,
            denied: 0,
            newly_denied: 0,
            newly_held: 0,
            newly_allowed: 0,
            unjudged: 0,
            unjudged_denied: 0,
            unjudged_newly_denied: 0,
            ended_at: None,
            outcome: None,
            ended_by: None,
        }
    }

    /// A version decided beside the one in force for a day.
    pub fn policy_shadow(&self, version: &PolicySetVersion) -> PolicyShadow {
        let now = self.world.now();
        PolicyShadow {
            policy_set_id: version.policy_set_id.clone(),
            version_id: version.id.clone(),
            manifest_sha256: version.manifest_sha256.clone(),
            evaluated: String::from("{}"),
            started_by: String::from("admin:one"),
            started_at: now,
            expires_at: now.plus(Duration::from_hours(24)),
        }
    }
}
