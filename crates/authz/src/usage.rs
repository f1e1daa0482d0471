//! Which grants of a policy are needed: by what was decided in a window, and what the policy would be without the others.
//!
//! A grant is needed when a request that the policy allows would be denied without it. Where two labels of a session both
//! hold what it asked for, one of them is needed and not the other; which, the demands of all requests decide together. The
//! policy that is left allows what was allowed, and no scope can be left out of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use caracal_core::{
    Timestamp,
    audit::{DecisionRecord, RecordedInput},
};
use serde_json::value::RawValue;

pub use self::tight::{Tightened, Unneeded};
use crate::{
    decide::{Shape, decide, shape},
    document::PolicyDocuments,
    memory::Memory,
    record::recorded_input,
    recorded::RecordedEvent,
    snapshot::{PolicyIdentity, PolicySnapshot},
};

#[cfg(test)]
mod tests;
mod tight;

/// Most demands that differ, and most bytes of them, before a window is too varied to be summed up.
const DEMANDS: usize = 5000;
const BYTES: usize = 16 * 1024 * 1024;

/// What a request needs of the grant of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Demand {
    /// Labels of which any one would do; none where owning the grant is enough.
    labels: Vec<Box<str>>,
    /// Scopes that it has to hold.
    scopes: Vec<Box<str>>,
}

/// The needs of what was decided in a window.
#[derive(Debug)]
pub struct Usage {
    documents: Arc<PolicyDocuments>,
    policy: PolicySnapshot,
    zone: Box<str>,
    within: Range<Timestamp>,
    known: Memory<Use>,
    /// By resource.
    demands: BTreeMap<Box<str>, BTreeSet<Demand>>,
    count: usize,
    bytes: usize,
    /// Decisions that the policy allows, and those that it does not.
    pub allowed: u64,
    /// Those that it denies.
    pub denied: u64,
    /// Those that cannot be made again.
    pub undecidable: u64,
    /// Whether there were more demands than can be held, so that the rest was not taken.
    pub overflowed: bool,
}

/// What a record came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Allowed,
    Denied,
    Undecidable,
}

impl Usage {
    /// Of `documents`, by decisions of `zone` that were made in `within`, its end excluded.
    pub fn new(documents: Arc<PolicyDocuments>, zone: &str, within: Range<Timestamp>) -> Self {
        Self {
            policy: PolicySnapshot::build(PolicyIdentity::default(), &documents),
            documents,
            zone: zone.into(),
            within,
            known: Memory::default(),
            demands: BTreeMap::new(),
            count: 0,
            bytes: 0,
            allowed: 0,
            denied: 0,
            undecidable: 0,
            overflowed: false,
        }
    }

    /// Takes an event of the ledger, as it stands there.
    pub fn event(&mut self, body: &str) {
        let told = serde_json::from_str::<RecordedEvent<'_>>(body);
        let found = match told {
            Ok(told) if !self.within.contains(&told.occurred_at) => return,
            Ok(RecordedEvent {
                record: Some(raw), ..
            }) => self.found(raw),
            Ok(RecordedEvent {
                manifest_sha: None, ..
            }) => return,
            Ok(_) | Err(_) => Use::Undecidable,
        };
        let count = match found {
            Use::Allowed => &mut self.allowed,
            Use::Denied => &mut self.denied,
            Use::Undecidable => &mut self.undecidable,
        };
        *count = count.saturating_add(1);
    }

    /// What is needed, and what is not.
    pub fn finish(&self) -> Tightened {
        tight::tightened(&self.documents, &self.demands)
    }

    fn found(&mut self, raw: &RawValue) -> Use {
        if let Some(found) = self.known.get(raw.get()) {
            return found;
        }
        let found = self.take(raw);
        self.known.keep(raw.get(), found);
        found
    }

    fn take(&mut self, raw: &RawValue) -> Use {
        let Ok(recorded) = DecisionRecord::read(raw) else {
            return Use::Undecidable;
        };
        let input = recorded_input(&recorded.input, &self.zone);
        if !decide(&self.policy, &input).is_allow() {
            return Use::Denied;
        }
        let by_label = match shape(&input) {
            Shape::Bootstrap => false,
            Shape::Mint(_) | Shape::Use(_) => true,
            // No grant is asked.
            Shape::Workload | Shape::Other => return Use::Allowed,
        };
        if let Some(demand) = self.demand(&recorded.input, by_label) {
            self.note(&recorded.input.resource, demand);
        }
        Use::Allowed
    }

    fn demand(&self, input: &RecordedInput<'_>, by_label: bool) -> Option<Demand> {
        if !by_label {
            return Some(Demand {
                labels: Vec::new(),
                scopes: Vec::new(),
            });
        }
        let scopes = match &input.presented {
            Some(mandate) => &mandate.scopes,
            None => &input.requested_scopes,
        };
        let grant = self.policy.grants.get(input.resource.as_ref())?;
        let holds = |label: &&Arc<str>| {
            let role = grant.roles.get(label.as_ref());
            role.is_some_and(|held| scopes.is_subset(held))
        };
        let labels: BTreeSet<Box<str>> = (input.principal.labels.iter().filter(holds))
            .map(|label| label.as_ref().into())
            .collect();
        Some(Demand {
            labels: labels.into_iter().collect(),
            scopes: scopes.iter().map(Into::into).collect(),
        })
    }

    fn note(&mut self, resource: &str, demand: Demand) {
        let known = self.demands.get(resource);
        if known.is_some_and(|known| known.contains(&demand)) {
            return;
        }
        let texts = demand.labels.iter().chain(&demand.scopes);
        let bytes = texts.fold(resource.len(), |sum, text| sum.saturating_add(text.len()));
        let bytes = self.bytes.saturating_add(bytes);
        if self.count >= DEMANDS || bytes > BYTES {
            self.overflowed = true;
            return;
        }
        self.count = self.count.saturating_add(1);
        self.bytes = bytes;
        self.demands.entry(resource.into()).or_default().insert(demand);
    }
}
