//! `caracal.policy.invalidate` and `caracal.keys.invalidate`.

use caracal_core::{PolicySetId, PolicySetVersionId, ZoneId};
use utoipa::ToSchema;

use super::{Builder, Fields, MalformedFields, Payload, PayloadError, Topic, optional, required};

/// The policy in force has changed.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
pub struct PolicyInvalidated {
    /// Zone.
    pub zone_id: ZoneId,
    /// The set that was activated, or whose binding was cleared.
    pub policy_set_id: Option<PolicySetId>,
    /// The version in force now; absent when none is.
    pub policy_set_version_id: Option<PolicySetVersionId>,
}

impl Payload for PolicyInvalidated {
    const TOPIC: Topic = Topic::PolicyInvalidate;

    fn to_fields(&self) -> Result<Fields, MalformedFields> {
        Builder::default()
            .set("zone_id", &self.zone_id)
            .maybe("policy_set_id", self.policy_set_id.as_ref())
            .maybe("policy_set_version_id", self.policy_set_version_id.as_ref())
            .checked(Self::TOPIC)
    }

    fn from_fields(fields: &Fields) -> Result<Self, PayloadError> {
        Ok(Self {
            zone_id: required(fields, "zone_id")?,
            policy_set_id: optional(fields, "policy_set_id")?,
            policy_set_version_id: optional(fields, "policy_set_version_id")?,
        })
    }
}

/// Signing keys of a zone were added, rotated or withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
pub struct KeysInvalidated {
    /// Zone.
    pub zone_id: ZoneId,
}

impl Payload for KeysInvalidated {
    const TOPIC: Topic = Topic::KeysInvalidate;

    fn to_fields(&self) -> Result<Fields, MalformedFields> {
        Builder::default()
            .set("zone_id", &self.zone_id)
            .checked(Self::TOPIC)
    }

    fn from_fields(fields: &Fields) -> Result<Self, PayloadError> {
        Ok(Self {
            zone_id: required(fields, "zone_id")?,
        })
    }
}
