//! What differs between two policies: what their documents state, and what applications can be given by them.
//!
//! The first is read off the documents, statement by statement. The second are answers of [`decide`](crate::decide) to
//! the same question with either policy, as in [`reach`](crate::reach): a session with one label asks for one scope, under
//! a delegation that leaves it. Bounds on arguments and tiers of operations are about calls, and stand in the first alone.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use caracal_core::{
    ScopeSet, json,
    policy::{AccessChange, AccessDiff, DocumentDiff},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    PolicyIdentity, PolicySnapshot,
    document::{DOCUMENTS, Interrupt, PolicyDocuments, elements, grant},
    reach::simulated,
    replay::change_between,
    snapshot::restriction_reasons,
};

#[cfg(test)]
mod tests;

/// How much is told of what differs. Counts go beyond it.
#[derive(Debug, Clone, Copy)]
pub struct DiffBounds {
    /// Most statements of a document, of those added and of those removed.
    pub statements: usize,
    /// Most bytes of all statements.
    pub bytes: usize,
    /// Most of what can be given otherwise.
    pub changes: usize,
    /// Most combinations of application, resource, label and scope to decide on.
    pub candidates: usize,
}

/// What differs.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyDiff {
    /// The documents that state something else, by name.
    pub documents: Vec<DocumentDiff>,
    /// What can be given otherwise.
    pub access: AccessDiff,
}

/// Compares `after` with `before`. It ends early, and says that it is not complete, once `interrupt` says that nobody waits.
pub fn diff(
    before: &PolicyDocuments,
    after: &PolicyDocuments,
    bounds: DiffBounds,
    interrupt: &Interrupt,
) -> PolicyDiff {
    let mut bytes = bounds.bytes;
    let documents = DOCUMENTS
        .into_iter()
        .filter_map(|name| document(name, before, after, bounds.statements, &mut bytes))
        .collect();
    PolicyDiff {
        documents,
        access: access(before, after, bounds, interrupt),
    }
}

fn document(
    name: &'static str,
    before: &PolicyDocuments,
    after: &PolicyDocuments,
    most: usize,
    bytes: &mut usize,
) -> Option<DocumentDiff> {
    let (before, after) = (statements(name, before), statements(name, after));
    let (added, added_count) = only_in(&after, &before, most, bytes);
    let (removed, removed_count) = only_in(&before, &after, most, bytes);
    (added_count > 0 || removed_count > 0).then_some(DocumentDiff {
        document: name.into(),
        added,
        added_count,
        removed,
        removed_count,
    })
}

/// What a document states of an application.
#[derive(Serialize)]
#[serde(untagged)]
enum Stated<'d> {
    /// It has this key.
    Key { application_id: &'d Value, key: &'d str },
    /// A label of its sessions holds this scope of the resource.
    Held {
        application: &'d str,
        label: &'d str,
        resource: &'d str,
        scope: &'d str,
    },
    /// The resource is its own, and no label holds a scope of it.
    Owned { application: &'d str, resource: &'d str },
}

/// Statements by their text, so that they have an order and are told once.
type Statements = BTreeMap<String, Value>;

fn only_in(these: &Statements, others: &Statements, most: usize, bytes: &mut usize) -> (Vec<Value>, u64) {
    let mut told = Vec::new();
    let mut count = 0_u64;
    for (text, statement) in these.iter().filter(|(text, _)| !others.contains_key(*text)) {
        count = count.saturating_add(1);
        if told.len() < most && text.len() <= *bytes {
            *bytes = bytes.saturating_sub(text.len());
            told.push(statement.clone());
        }
    }
    (told, count)
}

/// What the document `name` states, in the smallest parts that mean something by themselves.
fn statements(name: &str, documents: &PolicyDocuments) -> Statements {
    let value = documents.iter().find(|(known, _)| *known == name);
    let Some((_, value)) = value else {
        return Statements::new();
    };
    let stated: Vec<Value> = match name {
        "app_ids" => {
            let members = value.as_object().into_iter().flatten();
            members
                .map(|(key, id)| {
                    json::tree(&Stated::Key {
                        application_id: id,
                        key,
                    })
                })
                .collect()
        }
        "grants" => {
            let members = value.as_object().into_iter().flatten();
            members
                .flat_map(|(resource, entry)| granted(resource, entry))
                .collect()
        }
        "restrict" => restriction_reasons(value)
            .into_iter()
            .map(Value::String)
            .collect(),
        _ => elements(value).cloned().collect(),
    };
    stated
        .into_iter()
        .map(|value| (value.to_string(), value))
        .collect()
}

fn granted(resource: &str, entry: &Value) -> Vec<Value> {
    let Some((application, roles)) = grant(entry) else {
        return Vec::new();
    };
    let held = roles.into_iter().flat_map(|(label, scopes)| {
        let scopes = scopes.into_iter().flatten();
        scopes.map(move |scope| {
            json::tree(&Stated::Held {
                application,
                label,
                resource,
                scope,
            })
        })
    });
    let held: Vec<Value> = held.collect();
    if held.is_empty() {
        return vec![json::tree(&Stated::Owned {
            application,
            resource,
        })];
    }
    held
}

/// Application, resource, label and scope.
type Candidate<'p> = (&'p str, &'p str, &'p str, &'p str);

/// How many candidates are decided on before it is asked whether somebody still waits.
const STRETCH: usize = 1024;

fn access(
    before: &PolicyDocuments,
    after: &PolicyDocuments,
    bounds: DiffBounds,
    interrupt: &Interrupt,
) -> AccessDiff {
    let snapshot = |documents| PolicySnapshot::build(PolicyIdentity::default(), documents);
    let (before, after) = (snapshot(before), snapshot(after));
    let mut candidates = BTreeSet::new();
    for policy in [&before, &after] {
        candidates.extend(held(policy));
    }
    let mut found = AccessDiff {
        complete: candidates.len() <= bounds.candidates,
        ..AccessDiff::default()
    };
    let candidates: Vec<Candidate<'_>> = candidates.into_iter().take(bounds.candidates).collect();
    for stretch in candidates.chunks(STRETCH) {
        if interrupt.is_interrupted() {
            found.complete = false;
            break;
        }
        for candidate in stretch {
            compare(&mut found, &before, &after, *candidate, bounds.changes);
        }
    }
    found
}

/// What the grants of a policy are about.
fn held(policy: &PolicySnapshot) -> impl Iterator<Item = Candidate<'_>> {
    let mut owners: HashMap<&str, Vec<&str>> = HashMap::new();
    for (application, keys) in &policy.keys {
        for key in keys {
            owners.entry(key.as_ref()).or_default().push(application.as_ref());
        }
    }
    policy.grants.iter().flat_map(move |(resource, grant)| {
        let owners = owners
            .get(grant.application.as_ref())
            .cloned()
            .unwrap_or_default();
        owners.into_iter().flat_map(move |application| {
            grant.roles.iter().flat_map(move |(label, scopes)| {
                scopes
                    .iter()
                    .map(move |scope| (application, resource.as_ref(), label.as_ref(), scope))
            })
        })
    })
}

fn compare(
    found: &mut AccessDiff,
    before: &PolicySnapshot,
    after: &PolicySnapshot,
    (application, resource, label, scope): Candidate<'_>,
    most: usize,
) {
    let requested = ScopeSet::from_iter([scope]);
    let labels = [Arc::from(label)];
    let ask = |policy| simulated(policy, application, resource, &labels, &requested);
    let (was, now) = (ask(before), ask(after));
    found.compared = found.compared.saturating_add(1);
    let Some(change) = change_between(
        (was.effect, was.gates.as_slice()),
        (now.effect, now.gates.as_slice()),
    ) else {
        return;
    };
    found.count(change);
    if found.changes.len() < most {
        found.changes.push(AccessChange {
            change,
            application_id: application.to_owned(),
            resource: resource.to_owned(),
            label: label.to_owned(),
            scope: scope.to_owned(),
            reason: now.reason.or(was.reason).map(|reason| reason.as_str().into()),
        });
    }
}
