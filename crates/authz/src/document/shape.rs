//! The values documents must have. What passes here can be decided on; everything else is refused at save.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Origins, PolicyProblem,
    arguments::{MEMBERS as ARGUMENT_MEMBERS, argument_bound},
    budgets::{MEMBERS as BUDGET_MEMBERS, budget},
    call_pattern::named,
    collection::{elements, is_collection, scope_list},
    operation_risk::{MEMBERS as OPERATION_RISK_MEMBERS, operation_risk},
    scan::excerpt,
    tiers::{KnownTiers, TIERS, approval_tier},
};

/// The nine documents as plain data; absent ones are `None`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDocuments {
    /// `{key: application id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_ids: Option<Value>,
    /// `{resource identifier: {application: key, roles: {label: [scope]}}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Value>,
    /// `[{label_prefix, scopes}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confinement: Option<Value>,
    /// A collection of reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict: Option<Value>,
    /// `[{scope, tier}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Value>,
    /// `[{tier, approver?, ttl_seconds?, privacy?}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_tiers: Option<Value>,
    /// `[{resource, tool, argument, type, …}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
    /// `[{resource, method, path, tier}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_risk: Option<Value>,
    /// `[{resource, method, path, per, calls?, argument?, sum?}]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budgets: Option<Value>,
    /// Which sources state what.
    #[serde(default)]
    pub origins: Origins,
}

/// Changes when the same sources would evaluate to something else.
const STORED_FORM: u32 = 4;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored<'d> {
    form: u32,
    documents: Cow<'d, PolicyDocuments>,
}

impl PolicyDocuments {
    pub(super) fn set(&mut self, name: &str, value: Value) {
        match name {
            "app_ids" => self.app_ids = Some(value),
            "grants" => self.grants = Some(value),
            "confinement" => self.confinement = Some(value),
            "restrict" => self.restrict = Some(value),
            "risk" => self.risk = Some(value),
            "approval_tiers" => self.approval_tiers = Some(value),
            "arguments" => self.arguments = Some(value),
            "operation_risk" => self.operation_risk = Some(value),
            "budgets" => self.budgets = Some(value),
            _ => {}
        }
    }

    /// Each document by name, absent ones left out.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        [
            ("app_ids", &self.app_ids),
            ("approval_tiers", &self.approval_tiers),
            ("arguments", &self.arguments),
            ("budgets", &self.budgets),
            ("confinement", &self.confinement),
            ("grants", &self.grants),
            ("operation_risk", &self.operation_risk),
            ("restrict", &self.restrict),
            ("risk", &self.risk),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)))
    }

    /// As it is kept beside the version it was evaluated from.
    pub fn to_stored(&self) -> String {
        // Plain data with text for keys always serialises.
        serde_json::to_string(&Stored {
            form: STORED_FORM,
            documents: Cow::Borrowed(self),
        })
        .unwrap_or_default()
    }

    /// Reads what [`Self::to_stored`] wrote. `None` when another build wrote it that may have meant something else by it,
    /// or it could not be decided on: then the sources are asked again.
    pub fn from_stored(text: &str) -> Option<Self> {
        let stored: Stored<'_> = serde_json::from_str(text).ok()?;
        if stored.form != STORED_FORM {
            return None;
        }
        let documents = stored.documents.into_owned();
        documents.check().ok()?;
        Some(documents)
    }

    /// Checks every document's shape, and that they fit each other.
    ///
    /// # Errors
    /// `data_document_malformed:<name>`, `data_document_conflict:risk` when one scope has two tiers, or
    /// `data_document_unknown_tier:risk` when a tier means nothing.
    pub fn check(&self) -> Result<(), PolicyProblem> {
        self.check_shapes()?;
        self.check_tiers()
    }

    /// Every tier that `risk` gives a scope is one that `approval_tiers` declares or one of [`TIERS`]: a misspelt one
    /// would ask nobody.
    pub(super) fn check_tiers(&self) -> Result<(), PolicyProblem> {
        let known = KnownTiers::new(self.approval_tiers.as_ref());
        let entries = self.risk.iter().flat_map(|risk| elements(risk));
        for (scope, tier) in entries.filter_map(risk_entry) {
            if !known.has(tier) {
                let message = format!(
                    "`risk` gives the scope `{}` the tier `{}`, which `approval_tiers` does not declare and which is none \
                     of {}",
                    excerpt(scope),
                    excerpt(tier),
                    TIERS.join(", ")
                );
                return Err(PolicyProblem::new("data_document_unknown_tier:risk", message));
            }
        }
        let entries = self.operation_risk.iter().flat_map(|risk| elements(risk));
        for entry in entries.filter_map(operation_risk) {
            if !known.declares(entry.tier()) {
                let message = format!(
                    "`operation_risk` gives an operation of `{}` the tier `{}`, which `approval_tiers` does not declare: \
                     nobody would be asked",
                    excerpt(entry.resource()),
                    excerpt(entry.tier())
                );
                return Err(PolicyProblem::new(
                    "data_document_unknown_tier:operation_risk",
                    message,
                ));
            }
        }
        Ok(())
    }

    pub(super) fn check_shapes(&self) -> Result<(), PolicyProblem> {
        for (name, value) in self.iter() {
            let checked = match name {
                "app_ids" => app_ids(value),
                "approval_tiers" => each(value, false, |tier| match approval_tier(tier) {
                    Some(_) => Ok(()),
                    None => Err(String::from(
                        "has an element without a `tier`, or with an unknown `approver` or `privacy`, or with a \
                         `ttl_seconds` that is not a positive whole number",
                    )),
                }),
                "arguments" => each(value, true, |bound| match argument_bound(bound) {
                    Some(_) => Ok(()),
                    None => Err(format!(
                        "has an element that is not {{resource, tool, argument, type}} with limits that go with the type: \
                         minimum and maximum with number and integer, prefix and max_length with string, values with \
                         string and integer; the members are {}",
                        ARGUMENT_MEMBERS.join(", ")
                    )),
                }),
                "budgets" => each(value, false, |entry| match budget(entry) {
                    Some(_) => Ok(()),
                    None => Err(format!(
                        "has an element that is not {{resource, method, path, per}} with `calls`, or `argument` and `sum` \
                         of a tool, as positive whole numbers; `per` is session or delegation, and the members are {}",
                        BUDGET_MEMBERS.join(", ")
                    )),
                }),
                "confinement" => each(value, true, |rule| match confinement_rule(rule) {
                    Some(_) => Ok(()),
                    None => Err(String::from("has an element that is not {label_prefix, scopes}")),
                }),
                "grants" => grants(value),
                "operation_risk" => each(value, false, |entry| match operation_risk(entry) {
                    Some(_) => Ok(()),
                    None => Err(format!(
                        "has an element that is not {{{}}} with a method and a path as resources declare them",
                        OPERATION_RISK_MEMBERS.join(", ")
                    )),
                }),
                "restrict" if is_collection(value) => Ok(()),
                "restrict" => Err(String::from("must be a collection of reasons")),
                "risk" => each(value, false, |entry| match risk_entry(entry) {
                    Some(_) => Ok(()),
                    None => Err(String::from("has an element that is not {scope, tier}")),
                }),
                _ => Ok(()),
            };
            checked.map_err(|what| {
                PolicyProblem::new(
                    format!("data_document_malformed:{name}"),
                    format!("`{name}` {what}"),
                )
            })?;
        }
        let mut budgets = HashSet::new();
        for budget in self
            .budgets
            .iter()
            .flat_map(|budgets| elements(budgets))
            .filter_map(budget)
        {
            if !budgets.insert(budget.identity()) {
                let message = format!(
                    "`budgets` says twice how much of `{}` of `{}` a {} may use up",
                    excerpt(budget.path()),
                    excerpt(budget.resource()),
                    budget.per()
                );
                return Err(PolicyProblem::new("data_document_conflict:budgets", message));
            }
        }
        let mut tiers = BTreeMap::new();
        for (scope, tier) in self
            .risk
            .iter()
            .flat_map(|risk| elements(risk))
            .filter_map(risk_entry)
        {
            if tiers.insert(scope, tier).is_some_and(|other| other != tier) {
                let message = format!("`risk` gives the scope `{scope}` more than one tier");
                return Err(PolicyProblem::new("data_document_conflict:risk", message));
            }
        }
        Ok(())
    }
}

/// `(scope, tier)` of a well-formed element of `risk`.
pub(crate) fn risk_entry(value: &Value) -> Option<(&str, &str)> {
    let entry = value.as_object()?;
    Some((named(entry, "scope")?, named(entry, "tier")?))
}

/// `(label prefix, scopes)` of a well-formed element of `confinement`.
pub(crate) fn confinement_rule(value: &Value) -> Option<(&str, Vec<&str>)> {
    let rule = value.as_object()?;
    Some((
        rule.get("label_prefix")?.as_str()?,
        scope_list(rule.get("scopes")?)?,
    ))
}

/// A role's label and its scopes; `None` when they are no list of strings.
type Role<'a> = (&'a str, Option<Vec<&'a str>>);

/// `(application key, roles)` of a well-formed member of `grants`.
pub(crate) fn grant(value: &Value) -> Option<(&str, Vec<Role<'_>>)> {
    let entry = value.as_object()?;
    let application = named(entry, "application")?;
    let roles = match entry.get("roles") {
        None => Vec::new(),
        Some(roles) => roles
            .as_object()?
            .iter()
            .map(|(label, scopes)| (label.as_str(), scope_list(scopes)))
            .collect(),
    };
    Some((application, roles))
}

fn each(value: &Value, object_too: bool, check: impl Fn(&Value) -> Result<(), String>) -> Result<(), String> {
    if !(value.is_array() || object_too && value.is_object()) {
        return Err(String::from("must be a list"));
    }
    elements(value).try_for_each(check)
}

fn app_ids(value: &Value) -> Result<(), String> {
    let members = value
        .as_object()
        .ok_or("must be an object of application ids by key")?;
    let ids = members
        .values()
        .all(|id| id.as_str().is_some_and(|id| !id.is_empty()));
    if ids {
        Ok(())
    } else {
        Err(String::from("must have application ids as values"))
    }
}

fn grants(value: &Value) -> Result<(), String> {
    let members = value
        .as_object()
        .ok_or("must be an object of grants by resource identifier")?;
    for (resource, entry) in members {
        let (_, roles) = grant(entry).ok_or_else(|| {
            format!("has an entry for `{resource}` that is not {{application, roles: {{label: [scope]}}}}")
        })?;
        if let Some((label, _)) = roles.iter().find(|(_, scopes)| scopes.is_none()) {
            return Err(format!(
                "has a role `{label}` of `{resource}` whose scopes are not a list of strings"
            ));
        }
    }
    Ok(())
}
