//! A whole zone as one document: what it declares, what would change, what is wrong with it.
//!
//! Objects are named as people name them, never by id, so that one document makes the same zone anywhere.

use std::{borrow::Cow, collections::BTreeMap};

use caracal_core::{
    entity::{DeclaredOperation, NotificationType, OperationEnforcement, ProviderKind, StateKind},
    policy::PolicyWarning,
    text, words,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use serde_path_to_error::Segment;
use utoipa::ToSchema;

use super::{Line, Name, Prose, retention::KeptDays, workloads::BindingBody};
use crate::{ErrorCode, Issue};

/// An object of a document, or what keeps it from being read: one that is wrong hides none of the others.
#[derive(Clone, PartialEq, Eq)]
pub enum Parsed<T> {
    /// As it was read.
    Read(T),
    /// The way to the wrong field from the object, and the rule.
    Wrong(Issue),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(match serde_path_to_error::deserialize(value) {
            Ok(read) => Self::Read(read),
            Err(error) => {
                let path = error.path().iter().map(|segment| match segment {
                    Segment::Seq { index } => index.to_string(),
                    segment @ (Segment::Map { .. } | Segment::Enum { .. } | Segment::Unknown) => {
                        text::excerpt(&segment.to_string()).into_owned()
                    }
                });
                Self::Wrong(Issue {
                    path: path.take(16).collect(),
                    message: text::without_long_quotes(&error.into_inner().to_string()),
                })
            }
        })
    }
}

impl<T: Serialize> Serialize for Parsed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Read(read) => read.serialize(serializer),
            Self::Wrong(issue) => issue.serialize(serializer),
        }
    }
}

changes! {
    /// A whole zone. Of a kind that is left out nothing is said: nothing of it changes. Not printable: it may hold
    /// credentials.
    #[serde(deny_unknown_fields)]
    ZoneState {
        /// Managed applications, by name; those of the platform are left out.
        #[schema(value_type = Option<Vec<DeclaredApplication>>)]
        applications: Vec<Parsed<DeclaredApplication>>,
        /// Workloads, by name.
        #[schema(value_type = Option<Vec<DeclaredWorkload>>)]
        workloads: Vec<Parsed<DeclaredWorkload>>,
        /// Providers, by identifier.
        #[schema(value_type = Option<Vec<DeclaredProvider>>)]
        providers: Vec<Parsed<DeclaredProvider>>,
        /// Resources, by identifier; that of the platform is left out.
        #[schema(value_type = Option<Vec<DeclaredResource>>)]
        resources: Vec<Parsed<DeclaredResource>>,
        /// Issuers of subjects, by `iss`.
        #[schema(value_type = Option<Vec<DeclaredSubjectIssuer>>)]
        subject_issuers: Vec<Parsed<DeclaredSubjectIssuer>>,
        /// Policies, by name.
        #[schema(value_type = Option<Vec<DeclaredPolicy>>)]
        policies: Vec<Parsed<DeclaredPolicy>>,
        /// Policy sets, by name.
        #[schema(value_type = Option<Vec<DeclaredPolicySet>>)]
        policy_sets: Vec<Parsed<DeclaredPolicySet>>,
        /// Sinks of notifications, by name.
        #[schema(value_type = Option<Vec<DeclaredSink>>)]
        notification_sinks: Vec<Parsed<DeclaredSink>>,
    }
    or_null {
        /// Days for which events are kept; null for as long as the deployment keeps any.
        audit_retention_days: KeptDays,
    }
}

/// A managed application. Its secret is made with it and is read at its own route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredApplication {
    /// Unique among the managed applications of the zone, whatever its case.
    pub name: Name<200>,
    /// At most 64 words; none of the platform's own.
    #[serde(default)]
    pub traits: Vec<String>,
}

/// A workload. Its secret is made with it and is read at its own route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredWorkload {
    /// Unique in the zone, whatever its case.
    pub name: Name<200>,
    /// What it is started with, at most 64.
    #[serde(default)]
    #[schema(max_items = 64)]
    pub bindings: Vec<BindingBody>,
}

/// A provider. Not printable: it may hold a credential.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredProvider {
    /// `provider://` and words of a-z 0-9 joined by hyphens.
    pub identifier: Line<512>,
    /// Display name; the identifier when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub name: Option<Name<200>>,
    /// Where the credential comes from.
    pub kind: ProviderKind,
    /// What the kind takes, but for its credential.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub config_json: Map<String, Value>,
    /// Its credential, all of it or none: never shown, and left as it is where it is not given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(write_only)]
    pub secrets: BTreeMap<String, String>,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredResource {
    /// An absolute URI (RFC 8707 §2).
    pub identifier: Line<512>,
    /// Display name; the identifier when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub name: Option<Line<200>>,
    /// Where the Gateway forwards.
    pub upstream_url: String,
    /// 1 to 64 scopes.
    pub scopes: Vec<String>,
    /// Identifier of the provider of its credential.
    pub credential_provider: Line<512>,
    /// At most 256.
    #[serde(default)]
    pub operations: Vec<DeclaredOperation>,
    /// Enforced when absent.
    #[serde(default = "enforced")]
    pub operation_enforcement: OperationEnforcement,
    /// How long its upstream may be silent, 1 to 3,600 seconds.
    #[serde(default)]
    pub upstream_timeout_seconds: Option<u32>,
    /// Whether cookies pass between callers and its upstream.
    #[serde(default)]
    pub cookies: bool,
}

const fn enforced() -> OperationEnforcement {
    OperationEnforcement::Enforced
}

/// An issuer of subjects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredSubjectIssuer {
    /// `iss` of its tokens: an https URL without query, compared exactly.
    pub issuer: Line<2048>,
    /// Where its public keys are: an https URL without query.
    pub jwks_url: Line<2048>,
    /// `aud` that its tokens must name.
    pub audience: Line<512>,
}

/// A policy. In its sources `${application:NAME}` stands for the id of the application with that name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredPolicy {
    /// Unique among the active policies of the zone.
    pub name: Line<512>,
    /// What it is for. It stays what it was when the policy was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Prose<4096>>,
    /// Rego source of its newest version.
    #[schema(min_length = 1)]
    pub content: String,
    /// Sources of earlier versions that a set of the document goes on naming.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 64)]
    pub earlier: Vec<String>,
}

/// A policy set with its version: the one in force, or else its newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredPolicySet {
    /// Unique among the active sets of the zone.
    pub name: Line<512>,
    /// What it is for. It stays what it was when the set was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Prose<4096>>,
    /// What its version names, in order; empty for a set without one.
    #[serde(default)]
    #[schema(max_items = 256)]
    pub policies: Vec<SetMember>,
    /// Whether it is in force; at most one set is.
    #[serde(default)]
    pub active: bool,
}

/// A policy of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMember {
    /// Its name.
    pub policy: Line<512>,
    /// Which of its `earlier` sources, from 0; its `content` when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub earlier: Option<u32>,
}

/// A sink of notifications. Its secret is made with it; a change of its secret shows one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclaredSink {
    /// Display name, unique in the document.
    pub name: Name<120>,
    /// Where notifications are posted: an https URL; http on this machine alone.
    pub url: Line<2048>,
    /// What it is told; everything that sinks subscribe to when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false, min_items = 1)]
    pub event_types: Option<Vec<NotificationType>>,
    /// Whether it is told anything.
    #[serde(default = "yes")]
    pub active: bool,
}

const fn yes() -> bool {
    true
}

/// How a document is applied. Unknown parameters are refused: a misspelt `dry_run` must not apply anything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyState {
    /// Tells what would change, and changes nothing.
    #[serde(default)]
    pub dry_run: Option<bool>,
    /// Takes away what came from an earlier document of the same manager and is not in this one.
    #[serde(default)]
    pub prune: Option<bool>,
    /// Takes over what came from documents of other managers.
    #[serde(default)]
    pub take_over: Option<bool>,
    /// Whose document it is; `default` when absent.
    #[serde(default)]
    pub manager: Option<Name<64>>,
}

words!(
    /// What becomes of an object.
    StateAction {
        /// It is made.
        Create = "create",
        /// It is changed.
        Update = "update",
        /// It is as declared, and from here on it comes from this document.
        Adopt = "adopt",
        /// It is taken away.
        Delete = "delete",
    }
);

/// What becomes of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateChange {
    /// What it is.
    pub kind: StateKind,
    /// What it is called: its name or identifier.
    pub name: String,
    /// What becomes of it.
    pub action: StateAction,
    /// The members that change; never values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// What a document changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatePlan {
    /// Whether it was only asked what would change.
    pub dry_run: bool,
    /// Whether anything was changed.
    pub applied: bool,
    /// Digest of the state that the plan was made against: the `ETag` that `If-Match` takes.
    pub digest: String,
    /// What changes, kind by kind.
    pub changes: Vec<StateChange>,
    /// How many objects of the document are as it says.
    pub unchanged: usize,
    /// How many objects of the zone the document does not name, and leaves alone.
    pub undeclared: usize,
    /// What looks mistyped in policies.
    pub warnings: Vec<PolicyWarning>,
}

/// `details` of a document that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateIssues {
    /// What is wrong, in the order of the document; at most 200.
    pub issues: Vec<StateIssue>,
    /// How many more there are.
    pub omitted: usize,
}

/// Something that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateIssue {
    /// The way to the field from the document's top.
    pub path: Vec<String>,
    /// For a program.
    pub code: Cow<'static, str>,
    /// For people.
    pub message: String,
    /// Line of a policy's source, from 1, when the problem has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

impl StateIssue {
    /// What breaks a rule of `code`, without a place in a source.
    pub fn new(path: Vec<String>, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            path,
            code: code.as_str().into(),
            message: message.into(),
            line: None,
            column: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_wrong_object_hides_no_other() {
        let text = json!({"applications": [{"name": "a"}, {"name": 1}, {"nam": "b"}, {"name": "c"}]});
        let state: ZoneState = serde_json::from_value(text).unwrap();
        let read = state.applications.unwrap().into_iter().map(|entry| match entry {
            Parsed::Read(read) => Ok(read.name.0),
            Parsed::Wrong(issue) => Err(issue.path.join(".")),
        });
        assert_eq!(
            read.collect::<Vec<_>>(),
            [
                Ok("a".to_owned()),
                Err("name".to_owned()),
                Err("nam".to_owned()),
                Ok("c".to_owned()),
            ]
        );
        assert!(serde_json::from_value::<ZoneState>(json!({"application": []})).is_err());
    }

    #[test]
    fn null_says_something_of_the_retention_alone() {
        let state: ZoneState = serde_json::from_value(json!({"audit_retention_days": null})).unwrap();
        assert_eq!(state.audit_retention_days, Some(None));
        assert!(serde_json::from_value::<ZoneState>(json!({"policies": null})).is_err());
        assert!(ZoneState::default().is_empty());
    }
}
