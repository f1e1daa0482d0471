//! What is sound as a document and yet looks mistyped in its zone. Nothing here changes a decision: what names nothing
//! grants nothing.

use std::collections::{HashMap, HashSet};

use caracal_core::{ScopeSet, policy::PolicyWarning};
use serde_json::Value;

use super::{
    PolicyDocuments, Position, Texts, elements,
    path::ConditionLookup,
    scan::excerpt,
    tiers::{KnownTiers, TIERS},
};

/// Most warnings of one answer.
pub(super) const MAX_WARNINGS: usize = 64;

/// What a zone calls its objects.
#[derive(Debug, Default)]
pub struct ZoneNames {
    /// Ids of its applications.
    pub applications: HashSet<String>,
    /// Scopes of its resources, by identifier.
    pub resources: HashMap<String, ScopeSet>,
}

/// A warning, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Linted {
    pub(super) warning: PolicyWarning,
    /// The text in question.
    subject: String,
}

impl Linted {
    fn new(code: &'static str, document: &'static str, subject: &str, message: String) -> Self {
        Self {
            warning: PolicyWarning {
                code: code.into(),
                message,
                document: document.into(),
                line: None,
                column: None,
            },
            subject: subject.to_owned(),
        }
    }

    /// A condition asks for what is not there.
    pub(super) fn never_holds(asked: &ConditionLookup) -> Self {
        let message = format!(
            "a condition of `{}` asks for `{}`, which is not there, so it never holds and its element is left out",
            asked.name,
            asked.path.text()
        );
        Self::new("condition_never_holds", asked.name, "", message)
    }

    pub(super) fn at(mut self, place: Position) -> Self {
        (self.warning.line, self.warning.column) = (Some(place.line), Some(place.column));
        self
    }

    pub(super) fn placed(self, texts: &Texts) -> Self {
        match texts.get(&self.subject) {
            Some(place) if self.warning.line.is_none() => self.at(*place),
            _ => self,
        }
    }
}

/// What looks mistyped in `documents`, in a zone with `names`. Names that another document would define are left alone
/// when it is absent.
pub(super) fn lint(documents: &PolicyDocuments, names: &ZoneNames) -> Vec<Linted> {
    let mut lint = Lint {
        names,
        scopes: names
            .resources
            .values()
            .flat_map(ScopeSet::iter)
            .map(AsRef::as_ref)
            .collect(),
        warnings: Vec::new(),
    };
    lint.app_ids(documents.app_ids.as_ref());
    lint.grants(documents.grants.as_ref(), documents.app_ids.as_ref());
    for (document, value, known) in [
        (
            "approval_tiers",
            &documents.approval_tiers,
            &["tier", "approver", "ttl_seconds", "privacy"][..],
        ),
        ("confinement", &documents.confinement, &["label_prefix", "scopes"]),
        ("risk", &documents.risk, &["scope", "tier"]),
    ] {
        for element in value.iter().flat_map(|value| elements(value)) {
            lint.members(document, element, known);
            for scope in listed(element.get("scopes")).chain(element.get("scope").and_then(Value::as_str)) {
                lint.scope_of_any(document, scope);
            }
        }
    }
    for bound in documents.arguments.iter().flat_map(|bounds| elements(bounds)) {
        lint.resource_of("arguments", bound.get("resource").and_then(Value::as_str));
    }
    for entry in documents.operation_risk.iter().flat_map(|risk| elements(risk)) {
        lint.resource_of("operation_risk", entry.get("resource").and_then(Value::as_str));
    }
    for entry in documents.budgets.iter().flat_map(|budgets| elements(budgets)) {
        lint.resource_of("budgets", entry.get("resource").and_then(Value::as_str));
    }
    lint.tiers(documents);
    lint.warnings
}

fn listed(scopes: Option<&Value>) -> impl Iterator<Item = &str> {
    (scopes.and_then(Value::as_array).into_iter().flatten()).filter_map(Value::as_str)
}

struct Lint<'n> {
    names: &'n ZoneNames,
    scopes: HashSet<&'n str>,
    warnings: Vec<Linted>,
}

impl Lint<'_> {
    fn warn(&mut self, code: &'static str, document: &'static str, subject: &str, message: String) {
        if self.warnings.len() < MAX_WARNINGS {
            self.warnings.push(Linted::new(code, document, subject, message));
        }
    }

    fn app_ids(&mut self, app_ids: Option<&Value>) {
        for (key, id) in app_ids.and_then(Value::as_object).into_iter().flatten() {
            if let Some(id) = id.as_str().filter(|id| !self.names.applications.contains(*id)) {
                let message = format!(
                    "`app_ids` gives the key `{}` to `{}`, which is no application of this zone",
                    excerpt(key),
                    excerpt(id)
                );
                self.warn("unknown_application", "app_ids", id, message);
            }
        }
    }

    fn grants(&mut self, grants: Option<&Value>, app_ids: Option<&Value>) {
        for (identifier, entry) in grants.and_then(Value::as_object).into_iter().flatten() {
            let resource = excerpt(identifier);
            let known = self.names.resources.get(identifier);
            if known.is_none() {
                let message = format!("`grants` names `{resource}`, which is no resource of this zone");
                self.warn("unknown_resource", "grants", identifier, message);
            }
            self.members("grants", entry, &["application", "roles"]);
            let key = entry
                .get("application")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if app_ids.is_some_and(|app_ids| app_ids.get(key).is_none()) {
                let message = format!(
                    "`grants` gives `{resource}` to the key `{}`, which `app_ids` does not define",
                    excerpt(key)
                );
                self.warn("unknown_key", "grants", key, message);
            }
            let roles = entry
                .get("roles")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            for (scope, scopes) in roles
                .flat_map(|(_, scopes)| listed(Some(scopes)))
                .zip(std::iter::repeat(known))
            {
                if scopes.is_some_and(|scopes| !scopes.contains(scope)) {
                    let message = format!("`{}` is no scope of `{resource}`", excerpt(scope));
                    self.warn("unknown_scope", "grants", scope, message);
                }
            }
        }
    }

    fn resource_of(&mut self, document: &'static str, identifier: Option<&str>) {
        if let Some(identifier) = identifier.filter(|name| !self.names.resources.contains_key(*name)) {
            let message = format!(
                "`{document}` names `{}`, which is no resource of this zone",
                excerpt(identifier)
            );
            self.warn("unknown_resource", document, identifier, message);
        }
    }

    fn scope_of_any(&mut self, document: &'static str, scope: &str) {
        if !self.scopes.contains(scope) {
            let message = format!(
                "`{document}` names the scope `{}`, which no resource of this zone has",
                excerpt(scope)
            );
            self.warn("unknown_scope", document, scope, message);
        }
    }

    fn members(&mut self, document: &'static str, element: &Value, known: &[&str]) {
        for (member, _) in element.as_object().into_iter().flatten() {
            if !known.contains(&member.as_str()) {
                let message = format!(
                    "`{document}` has a member `{}`, which means nothing; the members are {}",
                    excerpt(member),
                    known.join(", ")
                );
                self.warn("unknown_member", document, member, message);
            }
        }
    }

    /// Refused at activation, where every policy of the set is known.
    fn tiers(&mut self, documents: &PolicyDocuments) {
        let known = KnownTiers::new(documents.approval_tiers.as_ref());
        let entries = documents.risk.iter().flat_map(|risk| elements(risk));
        for tier in entries.filter_map(|entry| entry.get("tier").and_then(Value::as_str)) {
            if !known.has(tier) {
                let message = format!(
                    "`risk` names the tier `{}`, which is none of {}: a policy set needs an `approval_tiers` that \
                     declares it",
                    excerpt(tier),
                    TIERS.join(", ")
                );
                self.warn("unknown_tier", "risk", tier, message);
            }
        }
    }
}
