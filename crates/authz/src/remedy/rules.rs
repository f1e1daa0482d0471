//! What each rule asks for that stands against a request.

use std::collections::BTreeSet;

use caracal_core::{
    LIFECYCLE_SCOPE, ScopeSet,
    audit::{DataChange, Obstacle},
};
use serde_json::Value;

use super::case::Case;
use crate::{
    decide::DenyReason,
    document::{confinement_rule, elements, grant, is_collection},
    snapshot::restriction_reasons,
};

/// A label for a session that has none, where policy knows none that would do.
const LABEL: &str = "agent";

/// The changes that meet `reason`; another rule may stand behind it.
pub(super) fn met(case: &Case, reason: DenyReason) -> Result<Vec<DataChange>, Obstacle> {
    match reason {
        DenyReason::NoActivePolicySet => Ok(vec![DataChange::ActivatePolicySet]),
        DenyReason::PolicyUnusable => Err(Obstacle::PolicyUnusable),
        DenyReason::MalformedRiskData | DenyReason::MalformedApprovalData => Err(Obstacle::PolicyMalformed),
        DenyReason::RestrictionActive => unrestricted(case),
        DenyReason::ResourceNotGranted => granted(case),
        DenyReason::DelegationScopeExceeded => Ok(delegated(case)),
        DenyReason::ConfinementViolation => confined(case),
        DenyReason::RoleScopeMismatch => held(case),
        DenyReason::MandateTargetMismatch => Ok(vec![DataChange::AddMandateTarget {
            resource: case.input.resource.clone(),
        }]),
        DenyReason::NoRuleMatched => shaped(case),
    }
}

fn unrestricted(case: &Case) -> Result<Vec<DataChange>, Obstacle> {
    let restrict = case.documents.restrict.as_ref();
    let restrict = restrict.filter(|restrict| is_collection(restrict));
    let reasons: BTreeSet<String> = restrict
        .map(restriction_reasons)
        .ok_or(Obstacle::PolicyMalformed)?
        .into_iter()
        .collect();
    let lifted = reasons.into_iter();
    Ok(lifted
        .map(|reason| DataChange::RemoveRestriction { reason })
        .collect())
}

/// The application owns a grant of the resource.
fn granted(case: &Case) -> Result<Vec<DataChange>, Obstacle> {
    let documents = &case.documents;
    let well_formed = |document: &Option<Value>| document.as_ref().is_none_or(Value::is_object);
    if !well_formed(&documents.app_ids) || !well_formed(&documents.grants) {
        return Err(Obstacle::PolicyMalformed);
    }
    let keys = documents.app_ids.as_ref().and_then(Value::as_object);
    let owner = match case.entry() {
        None => None,
        Some(entry) => Some(grant(entry).ok_or(Obstacle::PolicyMalformed)?.0),
    };
    let named = |key: &str| DataChange::AddApplicationKey {
        key: key.to_owned(),
        application_id: case.input.principal_id.clone(),
    };
    let unnamed = |owner: &&str| keys.is_none_or(|keys| !keys.contains_key(*owner));
    if let Some(owner) = owner.filter(unnamed) {
        return Ok(vec![named(owner)]);
    }
    let own = keys.into_iter().flatten();
    let mut own = own.filter(|(_, id)| id.as_str() == Some(&case.input.principal_id));
    let (key, mut changes) = match own.next() {
        Some((key, _)) => (key.clone(), Vec::new()),
        None => (case.free_key.clone(), vec![named(&case.free_key)]),
    };
    let resource = case.input.resource.clone();
    changes.push(match owner {
        None => DataChange::AddGrant {
            resource,
            application: key,
        },
        Some(owner) => DataChange::MoveGrant {
            resource,
            application: key,
            instead_of: owner.to_owned(),
        },
    });
    Ok(changes)
}

/// The delegation has every scope asked for.
fn delegated(case: &Case) -> Vec<DataChange> {
    let nothing = ScopeSet::default();
    let has = case
        .input
        .delegation
        .as_ref()
        .map_or(&nothing, |(_, scopes)| scopes);
    let missing = case.input.requested_scopes.difference(has);
    let add = |scope: &str| DataChange::AddDelegationScope {
        scope: scope.to_owned(),
    };
    missing.iter().map(add).collect()
}

/// Whatever confines a label of the session leaves every scope asked for.
fn confined(case: &Case) -> Result<Vec<DataChange>, Obstacle> {
    let confinement = case.documents.confinement.as_ref();
    let confinement = confinement.filter(|rules| is_collection(rules));
    let mut missing = BTreeSet::new();
    for rule in confinement.into_iter().flat_map(elements) {
        let (prefix, scopes) = confinement_rule(rule).ok_or(Obstacle::PolicyMalformed)?;
        if case.input.labels.iter().any(|label| label.starts_with(prefix)) {
            let left: ScopeSet = scopes.into_iter().collect();
            let beyond = case.input.requested_scopes.difference(&left);
            missing.extend(beyond.iter().map(|scope| (prefix.to_owned(), scope.to_owned())));
        }
    }
    if missing.is_empty() {
        return Err(Obstacle::PolicyMalformed);
    }
    let add = |(label_prefix, scope)| DataChange::AddConfinementScope { label_prefix, scope };
    Ok(missing.into_iter().map(add).collect())
}

/// One label of the session holds every scope: the role of one that it has, or another label where that is less.
fn held(case: &Case) -> Result<Vec<DataChange>, Obstacle> {
    let missing = |label: &str| Some(case.scopes().difference(&case.role(label)?));
    let mut nearest: Option<(&str, ScopeSet)> = None;
    for label in &case.input.labels {
        let missing = missing(label).ok_or(Obstacle::PolicyMalformed)?;
        if nearest
            .as_ref()
            .is_none_or(|(_, least)| missing.len() < least.len())
        {
            nearest = Some((label, missing));
        }
    }
    let roles = case.entry().and_then(|entry| entry.get("roles")?.as_object());
    let roles = roles.into_iter().flatten().map(|(label, _)| label.as_str());
    let mut other: Option<(&str, ScopeSet)> = None;
    for label in roles {
        let Some(missing) = missing(label) else { continue };
        if other
            .as_ref()
            .is_none_or(|(_, least)| missing.len() < least.len())
        {
            other = Some((label, missing));
        }
    }
    let add = |label: &str, missing: &ScopeSet| -> Vec<DataChange> {
        let scopes = missing.iter().map(|scope| DataChange::AddRoleScope {
            resource: case.input.resource.clone(),
            label: label.to_owned(),
            scope: scope.to_owned(),
        });
        scopes.collect()
    };
    let labelled = |label: &str, missing: &ScopeSet| {
        let mut changes = vec![DataChange::AddSessionLabel {
            label: label.to_owned(),
        }];
        changes.extend(add(label, missing));
        changes
    };
    Ok(match (nearest, other) {
        (Some((label, near)), Some((other, far))) => {
            // As many changes as either takes; policy is changed where that makes no difference.
            if near.len() <= far.len().saturating_add(1) {
                add(label, &near)
            } else {
                labelled(other, &far)
            }
        }
        (Some((label, near)), None) => add(label, &near),
        (None, Some((label, far))) => labelled(label, &far),
        (None, None) => labelled(LABEL, case.scopes()),
    })
}

/// The request has a shape that a rule speaks about.
fn shaped(case: &Case) -> Result<Vec<DataChange>, Obstacle> {
    let input = &case.input;
    let requested = &input.requested_scopes;
    let drop = |scope: &str| DataChange::DropRequestedScope {
        scope: scope.to_owned(),
    };
    if let Some((delegation, scopes, _)) = &input.presented {
        if scopes.is_empty() {
            return Err(Obstacle::NothingAsked);
        }
        let mut changes: Vec<DataChange> = requested.iter().map(drop).collect();
        if delegation.is_none() {
            changes.push(DataChange::MintUnderDelegation);
        }
        return Ok(changes);
    }
    if requested.is_empty() {
        return Err(Obstacle::NothingAsked);
    }
    let lifecycle = requested.contains(LIFECYCLE_SCOPE);
    if lifecycle && requested.len() == 1 {
        // The right to run sessions is had without one, by whoever owns a grant.
        return match (&input.session_id, &input.delegation) {
            (None, None) => granted(case),
            _ => Err(Obstacle::NotByData),
        };
    }
    let mut changes = Vec::new();
    if lifecycle {
        changes.push(drop(LIFECYCLE_SCOPE));
    }
    if input.session_id.is_none() {
        changes.push(DataChange::StartSession);
    }
    if input.delegation.is_none() {
        changes.push(DataChange::Delegate);
    }
    Ok(changes)
}
