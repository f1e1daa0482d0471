//! What bodies look up: paths into the documents, and whether anything is there.

use std::sync::Arc;

use regorus::Value;

use super::{Position, scan::excerpt};

/// Where a lookup leads, as far as its steps stand in the text: `data`, or what an import or a variable stands for,
/// and then keys.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Path {
    /// The document it begins in; none when it is no document of ours.
    pub(super) document: Option<&'static str>,
    pub(super) steps: Vec<Value>,
}

impl Path {
    /// Whether it leads to something in `document`, the value of the document it begins in.
    pub(super) fn leads_somewhere(&self, document: &Value) -> bool {
        let mut at = document;
        for step in &self.steps {
            let next = match at {
                Value::Object(members) => members.get(step),
                Value::Set(members) => members.get(step),
                Value::Array(items) => step
                    .as_u64()
                    .ok()
                    .and_then(|index| items.get(usize::try_from(index).ok()?)),
                _ => None,
            };
            let Some(next) = next else {
                return false;
            };
            at = next;
        }
        !matches!(at, Value::Undefined)
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = String::from(self.document.unwrap_or("data"));
        for step in &self.steps {
            text.extend(["[", &step.to_string(), "]"]);
        }
        excerpt(&text)
    }
}

/// A lookup whose outcome a restriction needs.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    /// The restriction.
    pub(super) name: &'static str,
    /// Where it leads.
    pub(super) path: Path,
    /// What its bodies ask for as a condition of its own. When that leads nowhere, nothing else has to.
    pub(super) guards: Vec<Arc<Vec<Path>>>,
    /// Where it stands.
    pub(super) place: Position,
}

/// A lookup inside a condition. Where it leads nowhere, the condition never holds.
#[derive(Debug, Clone)]
pub(super) struct ConditionLookup {
    /// The document whose body asks.
    pub(super) name: &'static str,
    /// Where it leads.
    pub(super) path: Path,
    /// Where it stands.
    pub(super) place: Position,
}

/// What bodies look up.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    /// What restrictions need.
    pub(super) bindings: Vec<Binding>,
    /// What conditions ask for, those of other documents too.
    pub(super) asked: Vec<ConditionLookup>,
}
