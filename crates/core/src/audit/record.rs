//! What a decision was made on, whole: enough to make it again.

use std::{borrow::Cow, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{ScopeSet, words};

/// Version of [`DecisionRecord`]. It changes when a reader of the one before could decide otherwise.
pub const RECORD_VERSION: u32 = 1;

words!(
    /// What kind of principal asks.
    PrincipalKind {
        /// A client of the STS.
        Application = "Application",
        /// A launcher identity.
        Workload = "Workload",
    }
);

words!(
    /// What is asked for.
    Action {
        /// A mandate.
        TokenExchange = "TokenExchange",
        /// Credentials of a workload, injected by the launcher.
        CredentialInjection = "CredentialInjection",
    }
);

words!(
    /// Allow or deny.
    Effect {
        /// The request may go on, unless an approval holds it.
        Allow = "allow",
        /// It may not.
        Deny = "deny",
    }
);

/// The decision of an event: what policy was asked, and what it said.
///
/// The event around it says the rest: the zone, the policy set, its version and the digest of its manifest, the request,
/// and what came of the decision. Never tokens, secrets or bodies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord<'r> {
    /// [`RECORD_VERSION`] of the build that decided.
    pub v: u32,
    /// What policy was asked.
    pub input: RecordedInput<'r>,
    /// What it said.
    pub decision: RecordedDecision<'r>,
}

/// Everything that a decision may look at but policy itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedInput<'r> {
    /// Who asked.
    pub principal: RecordedPrincipal<'r>,
    /// The resource, by identifier.
    pub resource: Cow<'r, str>,
    /// What was asked for.
    pub action: Action,
    /// Scopes asked for.
    #[serde(default, skip_serializing_if = "ScopeSet::is_empty")]
    pub requested_scopes: ScopeSet,
    /// The delegation, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<RecordedDelegation<'r>>,
    /// The mandate, when one was presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presented: Option<RecordedMandate<'r>>,
}

/// Who asked. Its zone is the event's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedPrincipal<'r> {
    /// Application or workload.
    #[serde(rename = "type")]
    pub kind: PrincipalKind,
    /// Its id.
    pub id: Cow<'r, str>,
    /// The session it acted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_session_id: Option<Cow<'r, str>>,
    /// Labels of that session.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub labels: Cow<'r, [Arc<str>]>,
}

/// A delegation, narrowed over its whole lineage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedDelegation<'r> {
    /// Its id.
    pub id: Cow<'r, str>,
    /// The scopes that its lineage left.
    pub scopes: ScopeSet,
}

/// A mandate that was presented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedMandate<'r> {
    /// The delegation it was minted under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation_id: Option<Cow<'r, str>>,
    /// Its scopes.
    pub scopes: ScopeSet,
    /// The resources it was for, by identifier.
    pub targets: Cow<'r, [Arc<str>]>,
}

/// What policy said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedDecision<'r> {
    /// Allow or deny.
    pub effect: Effect,
    /// Why denied, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'r, str>>,
    /// The rule of the decision contract that allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Cow<'r, str>>,
    /// The owner's policy versions that state what determined it; none where nothing was stated.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub policies: Cow<'r, [Arc<str>]>,
    /// Approvals that hold it although it was allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<RecordedGate>,
    /// Requested scopes that have a tier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risk: Vec<ScopeRisk>,
}

/// An approval that holds a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedGate {
    /// Its tier.
    pub tier: Arc<str>,
    /// Who approves.
    pub approver: Cow<'static, str>,
    /// What the approver learns of the person.
    pub privacy: Cow<'static, str>,
    /// How long it may wait, in seconds, when declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
    /// How many people must say yes, when declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<u32>,
}

/// A requested scope and its tier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScopeRisk {
    /// The scope.
    pub scope: Arc<str>,
    /// Its tier.
    pub tier: Arc<str>,
}

/// Why a record says nothing to this build.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableRecord {
    /// A build after this one wrote it.
    #[error("the record has version {0}, this build reads up to {RECORD_VERSION}")]
    Newer(u32),
    /// It is no record.
    #[error("not a decision record: {0}")]
    Form(String),
}

impl DecisionRecord<'static> {
    /// Reads what an event carries.
    ///
    /// # Errors
    /// [`UnreadableRecord`].
    pub fn read(raw: &RawValue) -> Result<Self, UnreadableRecord> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u32,
        }
        let form = |error: serde_json::Error| UnreadableRecord::Form(error.to_string());
        match serde_json::from_str(raw.get()).map_err(form)? {
            Versioned { v: RECORD_VERSION } => serde_json::from_str(raw.get()).map_err(form),
            Versioned { v: 0 } => Err(UnreadableRecord::Form(String::from("there is no version 0"))),
            Versioned { v } => Err(UnreadableRecord::Newer(v)),
        }
    }
}

fn is_empty(items: &[Arc<str>]) -> bool {
    items.is_empty()
}
