//! What came of a replay: exact counts, and as many groups as there is room for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use caracal_core::{
    ScopeSet,
    audit::{DecisionChange, RecordedInput},
};

use super::Difference;

/// How much a report may hold. Counts are exact all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayBounds {
    /// Most groups.
    pub groups: usize,
    /// Most bytes of what groups are told apart by.
    pub bytes: usize,
    /// Most request ids of a group.
    pub samples: usize,
}

/// Decisions that would change alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedGroup {
    /// How.
    pub change: DecisionChange,
    /// The application or workload that asked.
    pub principal: String,
    /// The resource, by identifier.
    pub resource: String,
    /// The scopes asked for, or those of the mandate that was presented.
    pub scopes: ScopeSet,
    /// Why it would be denied, else why it was.
    pub reason: Option<String>,
    /// How many.
    pub decisions: u64,
    /// Some of the requests, the first of them, without repeats.
    pub requests: Vec<String>,
}

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayReport {
    bounds: ReplayBounds,
    bytes: usize,
    known: HashMap<Arc<Key>, usize>,
    /// Decisions made again.
    pub decisions: u64,
    /// Those that would be as they were.
    pub unchanged: u64,
    /// Those that would change, by how.
    pub changed: BTreeMap<&'static str, u64>,
    /// Decisions that could not be made again, by why.
    pub undecidable: BTreeMap<&'static str, u64>,
    /// Events of the window about which policy was not asked.
    pub others: u64,
    /// Decisions that change, alike in each; the largest first.
    pub groups: Vec<ChangedGroup>,
    /// Decisions that would change and are in no group, since there was no room for one more.
    pub ungrouped: u64,
}

/// What a group has in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    change: DecisionChange,
    principal: String,
    resource: String,
    scopes: ScopeSet,
    reason: Option<String>,
}

impl Key {
    pub(super) fn of(differs: &Difference<'_>, input: &RecordedInput<'_>) -> Self {
        Self {
            change: differs.change,
            principal: input.principal.id.clone().into_owned(),
            resource: input.resource.clone().into_owned(),
            scopes: differs.scopes.clone(),
            reason: differs.reason.clone(),
        }
    }

    fn bytes(&self) -> usize {
        let scopes = self.scopes.iter().map(|scope| scope.len().saturating_add(3));
        let reason = self.reason.as_ref().map_or(0, String::len);
        [self.principal.len(), self.resource.len(), reason]
            .into_iter()
            .chain(scopes)
            .fold(0, usize::saturating_add)
    }
}

pub(super) fn one_more(count: &mut u64) {
    *count = count.saturating_add(1);
}

impl ReplayReport {
    pub(super) fn new(bounds: ReplayBounds) -> Self {
        Self {
            bounds,
            bytes: 0,
            known: HashMap::new(),
            decisions: 0,
            unchanged: 0,
            changed: BTreeMap::new(),
            undecidable: BTreeMap::new(),
            others: 0,
            groups: Vec::new(),
            ungrouped: 0,
        }
    }

    /// How many decisions would change so.
    pub fn count(&self, change: DecisionChange) -> u64 {
        self.changed.get(change.as_str()).copied().unwrap_or(0)
    }

    /// Events about which policy was not asked.
    pub(super) fn pass(&mut self, count: u64) {
        self.others = self.others.saturating_add(count);
    }

    pub(super) fn cannot(&mut self, why: &'static str, count: u64) {
        let sum = self.undecidable.entry(why).or_default();
        *sum = sum.saturating_add(count);
    }

    pub(super) fn same(&mut self, count: u64) {
        self.decisions = self.decisions.saturating_add(count);
        self.unchanged = self.unchanged.saturating_add(count);
    }

    pub(super) fn changed(&mut self, key: &Arc<Key>, request: &str) {
        one_more(&mut self.decisions);
        one_more(self.changed.entry(key.change.as_str()).or_default());
        let group = self.group(key);
        let Some(group) = group.and_then(|group| self.groups.get_mut(group)) else {
            return one_more(&mut self.ungrouped);
        };
        one_more(&mut group.decisions);
        let room = group.requests.len() < self.bounds.samples;
        if room && !request.is_empty() && !group.requests.iter().any(|known| known == request) {
            group.requests.push(request.to_owned());
        }
    }

    /// The group of such a change, where there is room for it.
    fn group(&mut self, key: &Arc<Key>) -> Option<usize> {
        if let Some(known) = self.known.get(key) {
            return Some(*known);
        }
        let bytes = self.bytes.saturating_add(key.bytes());
        if self.groups.len() >= self.bounds.groups || bytes > self.bounds.bytes {
            return None;
        }
        self.bytes = bytes;
        let group = self.groups.len();
        self.groups.push(ChangedGroup {
            change: key.change,
            principal: key.principal.clone(),
            resource: key.resource.clone(),
            scopes: key.scopes.clone(),
            reason: key.reason.clone(),
            decisions: 0,
            requests: Vec::new(),
        });
        self.known.insert(key.clone(), group);
        Some(group)
    }

    /// In the order in which people read it.
    pub(super) fn finish(mut self) -> Self {
        self.groups.sort_by(|one, other| {
            (other.decisions.cmp(&one.decisions))
                .then_with(|| one.change.as_str().cmp(other.change.as_str()))
                .then_with(|| one.principal.cmp(&other.principal))
                .then_with(|| one.resource.cmp(&other.resource))
                .then_with(|| one.scopes.cmp(&other.scopes))
                .then_with(|| one.reason.cmp(&other.reason))
        });
        self.known.clear();
        self
    }
}
