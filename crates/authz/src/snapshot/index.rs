//! Documents, made ready to ask.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde_json::Value;

use super::{ArgumentBounds, Budgets, Confinement, Grant, OperationRisks};
use crate::{
    approval::ApprovalTier,
    document::{
        ArgumentBound, Budget, KnownTiers, OperationRisk, Origins, approval_tier, argument_bound, budget,
        confinement_rule, elements, grant, is_collection, operation_risk, risk_entry,
    },
};

pub(super) fn index_keys(app_ids: &Value) -> HashMap<Box<str>, HashSet<Box<str>>> {
    let mut keys: HashMap<Box<str>, HashSet<Box<str>>> = HashMap::new();
    for (key, id) in app_ids.as_object().into_iter().flatten() {
        if let Some(id) = id.as_str() {
            keys.entry(id.into()).or_default().insert(key.as_str().into());
        }
    }
    keys
}

pub(super) fn index_grants(grants: &Value, origins: &Origins) -> HashMap<Box<str>, Grant> {
    let entries = grants.as_object().into_iter().flatten();
    entries
        .filter_map(|(resource, entry)| {
            let (application, roles) = grant(entry)?;
            let roles = roles
                .into_iter()
                .filter_map(|(label, scopes)| Some((label.into(), scopes?.into_iter().collect())))
                .collect();
            let grant = Grant {
                application: application.into(),
                roles,
                mint_policy: format!("caracal-{application}-mint").into(),
                use_policy: format!("caracal-{application}-use").into(),
                sources: origins.of_grant(resource),
            };
            Some((resource.as_str().into(), grant))
        })
        .collect()
}

pub(super) fn index_confinement(confinement: &Value) -> Confinement {
    if !is_collection(confinement) {
        return Confinement::Malformed;
    }
    elements(confinement)
        .map(|rule| {
            let (prefix, scopes) = confinement_rule(rule)?;
            Some((prefix.into(), scopes.into_iter().collect()))
        })
        .collect::<Option<Vec<_>>>()
        .map_or(Confinement::Malformed, Confinement::Rules)
}

/// A reason as people read it.
pub(crate) fn restriction_text(reason: &Value) -> String {
    reason.as_str().map_or_else(|| reason.to_string(), str::to_owned)
}

pub(crate) fn restriction_reasons(restrict: &Value) -> Vec<String> {
    match restrict {
        // The members of an object are named by their reasons.
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(items) => items.iter().map(restriction_text).collect(),
        scalar => vec![restriction_text(scalar)],
    }
}

pub(super) fn index_risk(
    risk: &Value,
    approval_tiers: Option<&Value>,
) -> Option<HashMap<Arc<str>, Arc<str>>> {
    let known = KnownTiers::new(approval_tiers);
    let mut tiers: HashMap<Arc<str>, Arc<str>> = HashMap::new();
    for entry in risk.as_array()? {
        let (scope, tier) = risk_entry(entry)?;
        if !known.has(tier) {
            return None;
        }
        if tiers
            .insert(scope.into(), tier.into())
            .is_some_and(|other| other.as_ref() != tier)
        {
            return None;
        }
    }
    Some(tiers)
}

pub(super) fn index_tiers(approval_tiers: &Value) -> Option<HashMap<Arc<str>, Vec<ApprovalTier>>> {
    let mut tiers: HashMap<Arc<str>, Vec<ApprovalTier>> = HashMap::new();
    for entry in approval_tiers.as_array()? {
        let declared = approval_tier(entry)?;
        tiers.entry(declared.tier.clone()).or_default().push(declared);
    }
    for declarations in tiers.values_mut() {
        declarations.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
        declarations.dedup();
    }
    Some(tiers)
}

pub(super) fn index_arguments(arguments: &Value) -> ArgumentBounds {
    if !is_collection(arguments) {
        return None;
    }
    let mut bounds: HashMap<Box<str>, Vec<ArgumentBound>> = HashMap::new();
    for element in elements(arguments) {
        let bound = argument_bound(element)?;
        bounds.entry(bound.resource().into()).or_default().push(bound);
    }
    Some(bounds)
}

pub(super) fn index_operation_risk(risk: &Value, approval_tiers: Option<&Value>) -> OperationRisks {
    let known = KnownTiers::new(approval_tiers);
    let mut risks: HashMap<Box<str>, Vec<OperationRisk>> = HashMap::new();
    for entry in risk.as_array()? {
        let entry = operation_risk(entry).filter(|entry| known.declares(entry.tier()))?;
        risks.entry(entry.resource().into()).or_default().push(entry);
    }
    Some(risks)
}

pub(super) fn index_budgets(budgets: &Value) -> Budgets {
    let mut known = HashSet::new();
    let mut by_resource: HashMap<Box<str>, Vec<Arc<Budget>>> = HashMap::new();
    for entry in budgets.as_array()? {
        let budget = budget(entry).filter(|budget| known.insert(budget.identity()))?;
        by_resource
            .entry(budget.resource().into())
            .or_default()
            .push(Arc::new(budget));
    }
    Some(by_resource)
}
