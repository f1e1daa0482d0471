//! Policy documents: what owners write, checked on save, evaluated to plain data on activation.
//!
//! A document is Rego in syntax and data in nature: it may only define the names in [`DOCUMENTS`], reads no
//! input, and is evaluated once, when its policy set is activated. Decisions read the data alone.
//!
//! The text is hostile until proved otherwise. Its length, its operator chains and what the parser will do with its
//! nesting are bounded before the parser sees it ([`scan`]), its syntax tree is checked before anything is evaluated
//! ([`rules`]), the evaluation has a time budget and its outcome a size budget ([`evaluate`]), and whoever no longer
//! waits can end all of it ([`Interrupt`]).

mod arguments;
mod bound;
mod budgets;
mod call_pattern;
mod collection;
mod engine;
mod evaluate;
mod lint;
mod operation_risk;
mod origins;
mod path;
mod rules;
mod scan;
mod shape;
mod source;
mod tiers;
mod walk;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use caracal_core::policy::PolicyWarning;
use serde::Serialize;

pub use arguments::ArgumentDenial;
pub(crate) use arguments::{ArgumentBound, argument_bound};
pub use budgets::Budget;
pub(crate) use budgets::budget;
pub(crate) use collection::{elements, is_collection, scope_list};
pub use evaluate::{Evaluated, evaluate, evaluate_unless};
pub use lint::ZoneNames;
pub(crate) use operation_risk::{OperationRisk, operation_risk};
pub use origins::{Origins, Sources};
pub use shape::PolicyDocuments;
pub(crate) use shape::{confinement_rule, grant, risk_entry};
pub(crate) use tiers::{KnownTiers, approval_tier};

/// The documents the decision contract reads. No other rule may be defined.
pub const DOCUMENTS: [&str; 9] = [
    "app_ids",
    "approval_tiers",
    "arguments",
    "budgets",
    "confinement",
    "grants",
    "operation_risk",
    "restrict",
    "risk",
];

/// The package every document belongs to.
pub const PACKAGE: &str = "caracal.authz";

/// Version of the document schema; the only one there is.
pub const SCHEMA_VERSION: &str = "2026-05-20";

/// Longest source accepted, in bytes.
pub const MAX_SOURCE_BYTES: usize = 262_144;

/// Longest source that computes (comprehensions, rule bodies) rather than states its data, in bytes.
pub const MAX_COMPUTING_SOURCE_BYTES: usize = 32_768;

/// Most bytes of source in one policy set.
pub const MAX_SET_BYTES: usize = 4 * 1024 * 1024;

/// One policy version to evaluate.
#[derive(Debug, Clone, Copy)]
pub struct PolicyVersionSource<'a> {
    /// Its id, named in problems.
    pub version_id: &'a str,
    /// Rego source.
    pub content: &'a str,
}

/// Why a policy was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyProblem {
    /// Machine-readable, such as `must_use_package_caracal_authz` or `forbidden_builtin:http.send`.
    pub code: String,
    /// For people.
    pub message: String,
    /// Line, from 1, when the problem has a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column, from 1, when the problem has a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The policy version at fault, when several are evaluated together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_version_id: Option<String>,
}

impl PolicyProblem {
    fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            line: None,
            column: None,
            policy_version_id: None,
        }
    }

    fn at(mut self, place: Position) -> Self {
        self.line = Some(place.line);
        self.column = Some(place.column);
        self
    }

    fn in_version(mut self, version_id: &str) -> Self {
        self.policy_version_id = Some(version_id.to_owned());
        self
    }
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "line {line}, column {column}: ")?;
        }
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for PolicyProblem {}

/// A place in a source, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    line: u32,
    column: u32,
}

/// What a valid document says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentPreview {
    /// Always [`PACKAGE`].
    pub package: String,
    /// Rules it defines, sorted.
    pub rules: Vec<String>,
    /// Whether it has a `default result`; a document never does.
    pub default_result: bool,
    /// Literal values of members named `decision`, sorted.
    pub decisions: Vec<String>,
    /// `input` paths it reads; a document reads none.
    pub inputs_referenced: Vec<String>,
    /// `data` paths it reads, sorted.
    pub data_referenced: Vec<String>,
}

/// Says that nobody waits for the outcome any more. Clones share it.
#[derive(Debug, Default, Clone)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Ends the work at its next step.
    pub fn interrupt(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody said so.
    pub fn is_interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn check(&self) -> Result<(), PolicyProblem> {
        if self.is_interrupted() {
            let message = "nobody waits for this evaluation any more";
            return Err(PolicyProblem::new("policy_evaluation_interrupted", message));
        }
        Ok(())
    }
}

/// Checks one source as it is saved: its text, its rules, and the shape of what it evaluates to by itself.
///
/// # Errors
/// Every problem that can be told apart, in the order in which they should be fixed; at least one.
pub fn validate(content: &str, interrupt: &Interrupt) -> Result<Valid, Vec<PolicyProblem>> {
    let content = text(content);
    let mut engine = engine::engine();
    let checked = rules::check(&mut engine, "policy", content)?;
    let evaluated =
        evaluate::alone(&mut engine, &checked, content, interrupt).map_err(|problem| vec![problem])?;
    Ok(Valid {
        preview: checked.preview,
        evaluated,
        texts: checked.texts,
    })
}

/// Where each text of a source first stands.
type Texts = BTreeMap<String, Position>;

/// A source that may be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Valid {
    /// What it says about itself.
    pub preview: DocumentPreview,
    /// What it evaluates to by itself.
    pub evaluated: Evaluated,
    /// Where each text first stands.
    texts: Texts,
}

impl Valid {
    /// What looks mistyped, with its place; names are compared where those of a zone are given.
    pub fn warnings(&self, names: Option<&ZoneNames>) -> Vec<PolicyWarning> {
        (self.evaluated.linted(names))
            .map(|linted| linted.placed(&self.texts).warning)
            .collect()
    }
}

/// A source as the parser takes it: editors may begin a file with a byte-order mark, which is no part of the text.
fn text(content: &str) -> &str {
    content.strip_prefix('\u{feff}').unwrap_or(content)
}

fn first(problems: Vec<PolicyProblem>) -> PolicyProblem {
    problems
        .into_iter()
        .next()
        .unwrap_or_else(|| PolicyProblem::new("policy_syntax_error", "the policy could not be read"))
}

#[cfg(test)]
mod tests;
