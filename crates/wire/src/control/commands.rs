//! Commands of control keys.

use caracal_core::ZoneId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Line;

/// A command. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Invoke {
    /// The noun, for example `resource`.
    pub command: Line<64>,
    /// What is done to it, for example `create`; empty for a command that does one thing.
    #[serde(default)]
    #[schema(max_length = 64)]
    pub subcommand: String,
    /// At most 32; numbers, texts, true, false, null, and arrays of those. What is nested travels as text that is JSON.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub flags: Map<String, Value>,
}

/// A command that was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Invoked {
    /// True.
    pub ok: bool,
    /// What the operation answered; null where it answers nothing.
    #[schema(value_type = Object, nullable)]
    pub result: Value,
}

/// Result of `catalog describe`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    /// Every command.
    pub commands: Vec<CatalogCommand>,
    /// What documents may hold.
    pub declarative: Declarative,
}

/// A command.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogCommand {
    /// Its name.
    pub command: &'static str,
    /// What it is about.
    pub summary: &'static str,
    /// Whether each object of a document needs its own scopes.
    pub delegates_scope: bool,
    /// What it does.
    pub subcommands: Vec<CatalogSubcommand>,
}

/// What a command does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CatalogSubcommand {
    /// Its name.
    pub subcommand: &'static str,
    /// The scope that it needs.
    pub scope: Option<&'static str>,
    /// What it is told.
    pub flags: Vec<CatalogFlag>,
}

/// A flag.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CatalogFlag {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub summary: &'static str,
    /// Whether it must be given.
    pub required: bool,
}

/// What documents may hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Declarative {
    /// Kinds of objects.
    pub kinds: Vec<DeclarativeKind>,
    /// JSON schema of a document.
    pub document_schema: Value,
}

/// A kind of object.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclarativeKind {
    /// Its name.
    pub kind: &'static str,
    /// The member of its `spec` that tells one from another.
    pub identity_field: &'static str,
    /// The command whose scopes it needs.
    pub command: &'static str,
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ObjectAction {
    /// There was none.
    Create,
    /// It was not as the document says.
    Update,
    /// It was.
    Unchanged,
    /// The document does not name it.
    Prune,
}

/// Why an object is not as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectError {
    /// The code, as of a command.
    pub code: String,
    /// For a person.
    pub reason: String,
}

/// One object of a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectOutcome {
    /// Its kind.
    pub kind: &'static str,
    /// Which one.
    pub identity: String,
    /// What was, or would be, done.
    pub action: ObjectAction,
    /// What was not as it is to be: members of `spec`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<&'static str>,
    /// Its id, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it was done.
    pub applied: bool,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ObjectError>,
}

/// How many objects met which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OutcomeSummary {
    /// Made, or to be made.
    pub created: usize,
    /// Changed, or to be changed.
    pub updated: usize,
    /// As they are to be.
    pub unchanged: usize,
    /// Archived, or to be archived.
    pub pruned: usize,
    /// In error.
    pub failed: usize,
}

/// Result of comparing a document with a zone, and of applying it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentReport {
    /// Whether no object is in error.
    pub ok: bool,
    /// Whether nothing was to be changed.
    pub dry_run: bool,
    /// Whether what the document does not name was to go.
    pub prune: bool,
    /// The zone.
    pub zone_id: ZoneId,
    /// Objects, in the order in which they were looked at.
    pub outcomes: Vec<ObjectOutcome>,
    /// How many met which end.
    pub summary: OutcomeSummary,
    /// Whether anything was not as it is to be.
    pub drift: bool,
}
