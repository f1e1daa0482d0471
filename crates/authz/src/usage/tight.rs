//! The policy that is left when what is not needed is taken out.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use serde_json::{Map, Value, json};

use super::Demand;
use crate::document::{PolicyDocuments, grant};

/// A part of a policy that nothing in the window needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unneeded {
    /// The resource, by identifier.
    pub resource: String,
    /// Key of the application.
    pub application: String,
    /// The role; all of the grant when absent.
    pub label: Option<String>,
    /// The scope; all of the role when absent.
    pub scope: Option<String>,
}

/// What of a policy is needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Tightened {
    /// The policy without what is not needed. What restricts, confines and classifies stays as it is.
    pub documents: PolicyDocuments,
    /// What was taken out of grants, in order.
    pub unneeded: Vec<Unneeded>,
    /// Keys of applications that own no grant any more, in order.
    pub unneeded_keys: Vec<String>,
}

/// The scopes that are needed of each role.
type Roles = BTreeMap<Box<str>, HashSet<Box<str>>>;

pub(super) fn tightened(
    documents: &PolicyDocuments,
    demands: &BTreeMap<Box<str>, BTreeSet<Demand>>,
) -> Tightened {
    let (mut kept, mut unneeded, mut owners) = (Map::new(), Vec::new(), BTreeSet::new());
    let grants = documents.grants.as_ref().and_then(Value::as_object);
    for (resource, entry) in grants.into_iter().flatten() {
        let Some((application, roles)) = grant(entry) else {
            continue;
        };
        let part = |label: Option<&str>, scope: Option<&str>| Unneeded {
            resource: resource.clone(),
            application: application.to_owned(),
            label: label.map(str::to_owned),
            scope: scope.map(str::to_owned),
        };
        let Some(demands) = demands.get(resource.as_str()) else {
            unneeded.push(part(None, None));
            continue;
        };
        owners.insert(application);
        let needed = needed(demands);
        let mut left = Map::new();
        for (label, scopes) in roles {
            let Some(held) = needed.get(label).filter(|held| !held.is_empty()) else {
                unneeded.push(part(Some(label), None));
                continue;
            };
            let scopes: BTreeSet<&str> = scopes.into_iter().flatten().collect();
            let (used, unused): (Vec<&str>, Vec<&str>) =
                scopes.into_iter().partition(|scope| held.contains(*scope));
            unneeded.extend(unused.into_iter().map(|scope| part(Some(label), Some(scope))));
            left.insert(label.to_owned(), json!(used));
        }
        kept.insert(
            resource.clone(),
            json!({ "application": application, "roles": left }),
        );
    }
    let keys = documents.app_ids.as_ref().and_then(Value::as_object);
    let keys = keys.into_iter().flatten();
    let (keys, unneeded_keys): (Vec<_>, Vec<_>) = keys.partition(|(key, _)| owners.contains(key.as_str()));
    let keys: Map<String, Value> = (keys.into_iter())
        .map(|(key, id)| (key.clone(), id.clone()))
        .collect();
    Tightened {
        documents: PolicyDocuments {
            app_ids: documents.app_ids.as_ref().map(|_| Value::Object(keys)),
            grants: documents.grants.as_ref().map(|_| Value::Object(kept)),
            ..documents.clone()
        },
        unneeded,
        unneeded_keys: unneeded_keys.into_iter().map(|(key, _)| key.clone()).collect(),
    }
}

/// As little of each role as meets all demands, so that none of it can be left out.
fn needed(demands: &BTreeSet<Demand>) -> Roles {
    let mut roles = Roles::new();
    let by_label = demands.iter().filter(|demand| !demand.labels.is_empty());
    let (mut choices, fixed): (Vec<&Demand>, Vec<&Demand>) =
        by_label.partition(|demand| demand.labels.len() > 1);
    for demand in fixed {
        for label in &demand.labels {
            add(&mut roles, label, demand);
        }
    }
    let fixed = roles.clone();
    // The most demanding first: what others ask for is then often there.
    choices.sort_by_key(|demand| Reverse(demand.scopes.len()));
    for demand in &choices {
        let missing = |label: &str| {
            let held = roles.get(label);
            let lacks = |scope: &&str| held.is_none_or(|held| !held.contains(*scope));
            demand.scopes.iter().map(AsRef::as_ref).filter(lacks).count()
        };
        let nearest = demand.labels.iter().min_by_key(|label| missing(label));
        if let Some(label) = nearest.filter(|label| missing(label) > 0) {
            add(&mut roles, label, demand);
        }
    }
    // A choice that was made early may have been made needless by a later one.
    let of_choice =
        |(label, scope): &(Box<str>, Box<str>)| fixed.get(label).is_none_or(|held| !held.contains(scope));
    let all = roles
        .iter()
        .flat_map(|(label, scopes)| scopes.iter().map(move |scope| (label.clone(), scope.clone())));
    let chosen: BTreeSet<(Box<str>, Box<str>)> = all.filter(of_choice).collect();
    for (label, scope) in chosen {
        if let Some(held) = roles.get_mut(&label) {
            held.remove(&scope);
        }
        let concerned = |demand: &&&Demand| demand.labels.contains(&label) && demand.scopes.contains(&scope);
        if !(choices.iter().filter(concerned)).all(|demand| is_met(demand, &roles)) {
            roles.entry(label).or_default().insert(scope);
        }
    }
    roles
}

fn add(roles: &mut Roles, label: &str, demand: &Demand) {
    let role = roles.entry(label.into()).or_default();
    role.extend(demand.scopes.iter().cloned());
}

fn is_met(demand: &Demand, roles: &Roles) -> bool {
    let holds = |held: &HashSet<Box<str>>| demand.scopes.iter().all(|scope| held.contains(scope));
    demand
        .labels
        .iter()
        .any(|label| roles.get(label).is_some_and(holds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(labels: &[&str], scopes: &[&str]) -> Demand {
        Demand {
            labels: labels.iter().map(|label| (*label).into()).collect(),
            scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
        }
    }

    #[test]
    fn of_two_labels_that_would_do_the_one_that_is_needed_anyway_is_kept() {
        let demands = BTreeSet::from([
            demand(&["a", "b"], &["read"]),
            demand(&["b"], &["read", "write"]),
            demand(&[], &[]),
        ]);
        let roles = needed(&demands);
        assert_eq!(roles.keys().map(AsRef::as_ref).collect::<Vec<&str>>(), ["b"]);
        assert_eq!(roles["b"].len(), 2);
    }
}
