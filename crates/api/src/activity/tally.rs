//! What happened in a zone, added up by the time at which it did.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    ops::Range,
    time::Duration,
};

use caracal_core::{
    Timestamp,
    audit::{EventFacts, EventType},
};
use caracal_wire::control::activity::{ActivityCounts, ApplicationCounted};
use hdrhistogram::Histogram;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The shortest slot there is.
pub(crate) const SLOT: Duration = Duration::from_mins(5);
/// Applications and reasons that a slot tells apart. Of the others it knows how many decisions there were, so that no zone
/// takes more memory because somebody registers many.
const APPLICATIONS: usize = 40;
const REASONS: usize = 16;
/// Longest name that is told apart, in bytes.
const NAME: usize = 128;

/// Something that is counted.
pub(crate) trait Count: Copy + Default {
    /// Adds another.
    fn add(&mut self, other: Self);
}

impl Count for u64 {
    fn add(&mut self, other: Self) {
        *self += other;
    }
}

impl Count for ApplicationCounted {
    fn add(&mut self, other: Self) {
        self.mandates += other.mandates;
        self.calls += other.calls;
        self.denied += other.denied;
    }
}

/// Counts by name, of as many names as `most` says; the others together.
#[derive(Debug, Clone)]
pub(crate) struct CountsByName<C> {
    most: usize,
    pub(crate) known: HashMap<Box<str>, C>,
    pub(crate) others: C,
}

impl<C: Count> CountsByName<C> {
    fn of(most: usize) -> Self {
        Self {
            most,
            known: HashMap::new(),
            others: C::default(),
        }
    }

    fn add(&mut self, name: &str, count: C) {
        if let Some(known) = self.known.get_mut(name) {
            known.add(count);
        } else if name.len() <= NAME && self.known.len() < self.most {
            self.known.insert(name.into(), count);
        } else {
            self.others.add(count);
        }
    }

    fn take(&mut self, other: &Self) {
        for (name, count) in &other.known {
            self.add(name, *count);
        }
        self.others.add(other.others);
    }
}

/// What happened within some time.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    allowed: u64,
    denied: u64,
    calls: u64,
    /// Milliseconds to the head of the upstream's answer.
    latency: Option<Histogram<u32>>,
    pub(crate) applications: CountsByName<ApplicationCounted>,
    pub(crate) reasons: CountsByName<u64>,
}

impl Default for Slot {
    fn default() -> Self {
        Self::of(APPLICATIONS, REASONS)
    }
}

impl Slot {
    fn of(applications: usize, reasons: usize) -> Self {
        Self {
            allowed: 0,
            denied: 0,
            calls: 0,
            latency: None,
            applications: CountsByName::of(applications),
            reasons: CountsByName::of(reasons),
        }
    }

    fn count(&mut self, event: &Seen<'_>) {
        let facts = EventFacts::of(event.metadata_json);
        let mut of_application = ApplicationCounted::default();
        match &*event.decision {
            "allow" => self.allowed += 1,
            "deny" => {
                self.denied += 1;
                of_application.denied = 1;
                self.reasons.add(&event.reason(&facts), 1);
            }
            // An approval on its way, or what a shadow would have said: nothing that was decided.
            _ => return,
        }
        if event.event_type == EventType::GatewayResourceRequest.as_str() {
            self.calls += 1;
            of_application.calls = 1;
            if let (Some(took), Some(_)) = (facts.latency_ms, facts.upstream_status) {
                self.took(took);
            }
        } else if event.event_type == EventType::TokenExchange.as_str() && event.decision == "allow" {
            of_application.mandates = 1;
        }
        if let Some(name) = facts.actor()
            && of_application != ApplicationCounted::default()
        {
            self.applications.add(name, of_application);
        }
    }

    fn took(&mut self, millis: u64) {
        if self.latency.is_none() {
            // One digit is as much as a chart shows, and takes half a kilobyte.
            self.latency = Histogram::new(1).ok();
        }
        if let Some(latency) = &mut self.latency {
            // A day is longer than any call; whatever says more is no figure of ours. It grows as it has to.
            if let Err(error) = latency.record(millis.min(86_400_000)) {
                tracing::warn!(%error, "a latency could not be counted");
            }
        }
    }

    fn take(&mut self, other: &Self) {
        self.allowed += other.allowed;
        self.denied += other.denied;
        self.calls += other.calls;
        match (&mut self.latency, &other.latency) {
            (Some(latency), Some(more)) => {
                // Both grow as they have to, so that nothing is out of bounds.
                if let Err(error) = latency.add(more) {
                    tracing::warn!(%error, "latencies could not be added up");
                }
            }
            (none, more) => {
                if none.is_none() {
                    none.clone_from(more);
                }
            }
        }
        self.applications.take(&other.applications);
        self.reasons.take(&other.reasons);
    }

    pub(crate) fn counts(&self) -> ActivityCounts {
        let quantile = |of: f64| {
            let latency = self.latency.as_ref().filter(|latency| !latency.is_empty());
            latency.map(|latency| latency.value_at_quantile(of))
        };
        ActivityCounts {
            allowed: self.allowed,
            denied: self.denied,
            calls: self.calls,
            p50_ms: quantile(0.5),
            p95_ms: quantile(0.95),
        }
    }
}

/// Slots by their number since 1970.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally(BTreeMap<i64, Slot>);

const MICROS: i64 = {
    let micros = SLOT.as_micros();
    assert!(micros <= 1 << 40);
    #[expect(clippy::cast_possible_truncation, reason = "just looked at")]
    let micros = micros as i64;
    micros
};

fn number(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(MICROS)
}

/// The begin of the slot of `width` slots that has `at`.
pub(crate) fn begin(at: Timestamp, width: u32) -> Timestamp {
    let wide = MICROS.saturating_mul(i64::from(width.max(1)));
    Timestamp::from_micros(at.as_micros().div_euclid(wide).saturating_mul(wide))
}

impl Tally {
    /// Counts an event of the ledger, if it happened in `within`. What is no event is none that was decided; whoever verifies the
    /// ledger is told of it.
    pub(crate) fn count(&mut self, body: &str, within: &Range<Timestamp>) {
        let Ok(event) = serde_json::from_str::<Seen<'_>>(body) else {
            return;
        };
        if within.contains(&event.occurred_at) {
            self.0.entry(number(event.occurred_at)).or_default().count(&event);
        }
    }

    /// Adds what another has.
    pub(crate) fn take(&mut self, other: &Self) {
        for (number, slot) in &other.0 {
            self.0.entry(*number).or_default().take(slot);
        }
    }

    /// Forgets what happened before.
    pub(crate) fn forget(&mut self, before: Timestamp) {
        self.0 = self.0.split_off(&number(before));
    }

    /// What happened in slots that begin in `within`, told apart as far as it was counted apart.
    pub(crate) fn over(&self, within: Range<Timestamp>) -> Slot {
        self.sum(within, Slot::of(usize::MAX, usize::MAX))
    }

    /// How much that was. No name is copied for it.
    pub(crate) fn counts(&self, within: Range<Timestamp>) -> ActivityCounts {
        self.sum(within, Slot::of(0, 0)).counts()
    }

    fn sum(&self, within: Range<Timestamp>, mut all: Slot) -> Slot {
        let range = number(within.start)..number(within.end).max(number(within.start));
        for slot in self.0.range(range).map(|(_, slot)| slot) {
            all.take(slot);
        }
        all
    }
}

/// What is read of an event, as it stands in the ledger. Nothing is copied that need not be.
#[derive(Deserialize)]
struct Seen<'e> {
    #[serde(borrow, default)]
    event_type: Cow<'e, str>,
    #[serde(borrow, default)]
    decision: Cow<'e, str>,
    #[serde(borrow, default)]
    evaluation_status: Cow<'e, str>,
    #[serde(borrow, default)]
    diagnostics_json: Option<&'e RawValue>,
    #[serde(borrow, default)]
    metadata_json: Option<&'e RawValue>,
    occurred_at: Timestamp,
}

#[derive(Deserialize)]
struct Diagnostic {
    reason: String,
}

impl Seen<'_> {
    /// Why it was denied, as the pages of evidence say it.
    fn reason(&self, facts: &EventFacts) -> Cow<'_, str> {
        if let Some(said) = facts.why() {
            return Cow::Owned(said.to_owned());
        }
        let diagnostics = self
            .diagnostics_json
            .map(|raw| serde_json::from_str::<Vec<Diagnostic>>(raw.get()));
        let first = diagnostics.and_then(Result::ok).into_iter().flatten().next();
        match (first, &*self.evaluation_status) {
            (Some(first), _) if !first.reason.is_empty() => Cow::Owned(first.reason),
            (_, "complete") => Cow::Borrowed("policy_denied"),
            (_, status) => Cow::Borrowed(status),
        }
    }
}

#[cfg(test)]
mod tests;
