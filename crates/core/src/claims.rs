//! The claims of a mandate (RFC 7519), as published verifiers read them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{ApplicationId, AuthorityRecordId, DelegationId, ScopeSet, SessionId, Timestamp, ZoneId};

/// What a mandate is good for. The classes have disjoint audiences, so one can never pass for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MandateUse {
    /// Runs sessions at the Coordinator. Audience: the issuer.
    Session,
    /// Presented once to the Gateway. Audience: the issuer.
    Gateway,
    /// Presented to a resource server. Audience: the resources.
    Resource,
    /// Presented to the Gateway any number of times by a client that a person signed in with: each call is decided, and
    /// minted for, on its own. Audience: the one resource.
    Access,
}

/// Who the `sub` claim names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum SubjectType {
    /// The application itself.
    Application,
    /// A federated person.
    User,
}

/// One hop of a delegation chain: who handed authority on, in which session, by which delegation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHop {
    /// The application of this hop.
    pub application_id: ApplicationId,
    /// The session it acted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_session_id: Option<SessionId>,
    /// The delegation it handed on; absent on the final hop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation_edge_id: Option<DelegationId>,
}

/// Who alone may use a mandate (RFC 7800 §3.1). Another way to confirm that than by a key is not understood here, so a
/// mandate that asks for one is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Confirmation {
    /// Thumbprint (RFC 7638) of the key by which its holder signs each request with it (RFC 9449 §6.1).
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub jkt: Arc<str>,
}

/// Every claim of a mandate. "Absent when empty" is part of the contract: verifiers refuse a present but empty
/// `scope`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MandateClaims {
    /// Issuer URL, byte for byte as configured.
    pub iss: Arc<str>,
    /// Subject: the application id or the federated user.
    pub sub: Arc<str>,
    /// Audience, always an array.
    pub aud: Vec<Arc<str>>,
    /// Expiry, seconds since the epoch.
    pub exp: i64,
    /// Issue time, seconds since the epoch.
    pub iat: i64,
    /// Not valid before, when a foreign issuer sets it; we never do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Unique id of the mandate (UUIDv7).
    pub jti: Arc<str>,
    /// Zone of issue.
    pub zone_id: ZoneId,
    /// Application the mandate was issued to.
    pub client_id: ApplicationId,
    /// Space-delimited scopes; absent when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Authority record of this mint.
    pub sid: AuthorityRecordId,
    /// The record at the root, so that revoking it reaches every descendant.
    pub root_sid: AuthorityRecordId,
    /// Class of the mandate.
    #[serde(rename = "use")]
    pub mandate_use: MandateUse,
    /// Kind of subject.
    pub sub_type: SubjectType,
    /// Resources granted, by identifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<Arc<str>>,
    /// Session the mandate acts in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_session_id: Option<SessionId>,
    /// Delegation the mandate acts under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation_edge_id: Option<DelegationId>,
    /// Session that handed the authority on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_session_id: Option<SessionId>,
    /// Session that received it; equals `agent_session_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_session_id: Option<SessionId>,
    /// Delegations from root to leaf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegation_path: Vec<DelegationId>,
    /// Applications from root to leaf.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegation_chain: Vec<ChainHop>,
    /// Length of `delegation_path`; absent when zero.
    #[serde(default, skip_serializing_if = "is_zero_u32")]
    pub hop_count: u32,
    /// Epoch of the zone's delegation graph at issue; absent when zero.
    #[serde(default, skip_serializing_if = "is_zero_i64")]
    pub delegation_graph_epoch: i64,
    /// The key that it is bound to; absent where whoever bears it may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

impl MandateClaims {
    /// The `scope` claim as a set.
    pub fn scopes(&self) -> ScopeSet {
        self.scope.as_deref().map(ScopeSet::parse).unwrap_or_default()
    }

    /// When the mandate ends.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.exp)
    }

    /// Thumbprint of the key that it is bound to.
    pub fn bound_to(&self) -> Option<&Arc<str>> {
        self.cnf.as_ref().map(|confirmation| &confirmation.jkt)
    }

    /// Every id whose revocation ends this mandate: record, root record, session, and each delegation of the path.
    pub fn anchors(&self) -> impl Iterator<Item = &str> {
        [self.sid.as_str(), self.root_sid.as_str()]
            .into_iter()
            .chain(self.agent_session_id.as_ref().map(SessionId::as_str))
            .chain(self.source_session_id.as_ref().map(SessionId::as_str))
            .chain(self.delegation_edge_id.as_ref().map(DelegationId::as_str))
            .chain(self.delegation_path.iter().map(DelegationId::as_str))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
fn is_zero_u32(value: &u32) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
fn is_zero_i64(value: &i64) -> bool {
    *value == 0
}
