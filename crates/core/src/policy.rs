//! What is said of policies: templates, warnings, differences.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audit::DecisionChange;

/// A policy to copy and fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PolicyTemplate {
    /// Stable id.
    pub id: Cow<'static, str>,
    /// Name.
    pub name: Cow<'static, str>,
    /// What it is for.
    pub description: Cow<'static, str>,
    /// Rego source, valid as it stands.
    pub content: Cow<'static, str>,
}

/// Something that a policy says and nobody will meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PolicyWarning {
    /// For example `unknown_application`.
    pub code: Cow<'static, str>,
    /// For people.
    pub message: String,
    /// The document, such as `grants`.
    pub document: Cow<'static, str>,
    /// Line, from 1, where the text in question first stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, from 1, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// What a document states otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DocumentDiff {
    /// Its name, such as `grants`.
    pub document: Cow<'static, str>,
    /// The first statements that are new.
    pub added: Vec<Value>,
    /// How many there are.
    pub added_count: u64,
    /// The first statements that are gone.
    pub removed: Vec<Value>,
    /// How many there are.
    pub removed_count: u64,
}

/// What applications can be given otherwise, taking a session with one label and a delegation that leaves as much.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessDiff {
    /// Combinations of application, resource, label and scope that are denied and were not.
    pub newly_denied: u64,
    /// Those that are allowed, with no approval to wait for, and were not.
    pub newly_allowed: u64,
    /// Those that an approval holds, and none held.
    pub newly_held: u64,
    /// Those that an approval held, and another does.
    pub held_otherwise: u64,
    /// Combinations that were decided on with both versions.
    pub compared: u64,
    /// Whether those are all.
    pub complete: bool,
    /// The first of those that changed, in the order of application, resource, label and scope.
    pub changes: Vec<AccessChange>,
}

impl AccessDiff {
    /// Counts one more combination that changed.
    pub fn count(&mut self, change: DecisionChange) {
        let count = match change {
            DecisionChange::NewlyDenied => &mut self.newly_denied,
            DecisionChange::NewlyAllowed => &mut self.newly_allowed,
            DecisionChange::NewlyHeld => &mut self.newly_held,
            DecisionChange::HeldOtherwise => &mut self.held_otherwise,
        };
        *count = count.saturating_add(1);
    }
}

/// What sessions of an application with a label can be given otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AccessChange {
    /// How.
    pub change: DecisionChange,
    /// The application.
    pub application_id: String,
    /// The resource, by identifier.
    pub resource: String,
    /// The label.
    pub label: String,
    /// The scope.
    pub scope: String,
    /// Why it is denied, or else why it was.
    pub reason: Option<Cow<'static, str>>,
}
