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
pub(super) const LABEL: &str = "agent";

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
    let mut missing = BTreeSet::new();
    for label in &case.input.labels {
        missing.extend(held_back(case, label)?);
    }
    if missing.is_empty() {
        return Err(Obstacle::PolicyMalformed);
    }
    let add = |(label_prefix, scope)| DataChange::AddConfinementScope { label_prefix, scope };
    Ok(missing.into_iter().map(add).collect())
}

/// The scopes asked for that whatever confines `label` does not leave, by its prefix.
fn held_back(case: &Case, label: &str) -> Result<BTreeSet<(String, String)>, Obstacle> {
    let confinement = case.documents.confinement.as_ref();
    let confinement = confinement.filter(|rules| is_collection(rules));
    let mut missing = BTreeSet::new();
    for rule in confinement.into_iter().flat_map(elements) {
        let (prefix, scopes) = confinement_rule(rule).ok_or(Obstacle::PolicyMalformed)?;
        if label.starts_with(prefix) {
            let left: ScopeSet = scopes.into_iter().collect();
            let beyond = case.input.requested_scopes.difference(&left);
            missing.extend(beyond.iter().map(|scope| (prefix.to_owned(), scope.to_owned())));
        }
    }
    Ok(missing)
}

/// A label that could hold every scope.
struct Candidate<'c> {
    label: &'c str,
    /// What its role has not.
    missing: ScopeSet,
    /// Whether the session has it already.
    own: bool,
    /// How many changes it takes, with those that it takes besides.
    changes: usize,
}

impl<'c> Candidate<'c> {
    fn own(case: &Case, label: &'c str) -> Option<Self> {
        let missing = case.scopes().difference(&case.role(label)?);
        Some(Self {
            label,
            changes: missing.len(),
            missing,
            own: true,
        })
    }

    /// With another label the session is confined to what that is confined to.
    fn other(case: &Case, label: &'c str) -> Option<Self> {
        let candidate = Self::own(case, label)?;
        let besides = held_back(case, label).ok()?.len().saturating_add(1);
        Some(Self {
            own: false,
            changes: candidate.changes.saturating_add(besides),
            ..candidate
        })
    }
}

/// One label of the session holds every scope: the role of one that it has, or another label where that is less.
fn held(case: &Case) -> Result<Vec<DataChange>, Obstacle> {
    let mut candidates = Vec::new();
    for label in &case.input.labels {
        candidates.push(Candidate::own(case, label).ok_or(Obstacle::PolicyMalformed)?);
    }
    let roles = case.entry().and_then(|entry| entry.get("roles")?.as_object());
    let roles = roles.into_iter().flatten().map(|(label, _)| label.as_str());
    candidates.extend(
        roles
            .chain([LABEL])
            .filter_map(|label| Candidate::other(case, label)),
    );
    // The first of those that take as few: policy is changed where that makes no difference.
    let least = candidates.into_iter().min_by_key(|candidate| candidate.changes);
    let least = least.ok_or(Obstacle::NotByData)?;
    let scopes = least.missing.iter().map(|scope| DataChange::AddRoleScope {
        resource: case.input.resource.clone(),
        label: least.label.to_owned(),
        scope: scope.to_owned(),
    });
    let label = (!least.own).then(|| DataChange::AddSessionLabel {
        label: least.label.to_owned(),
    });
    Ok(label.into_iter().chain(scopes).collect())
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
