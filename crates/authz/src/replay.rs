//! Recorded decisions made again with another policy: what would change if that were in force.
//!
//! Each decision is taken by itself, as it was asked: whether a call would still have been made after its mint was
//! denied, nobody can know. Parts of a window may be looked at side by side, and are added up in the order of the log. What
//! is kept is bounded, whatever the evidence holds: groups by number and bytes, and a memory of records that were seen
//! before, since most of what a session asks repeats word for word.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use caracal_core::{
    ScopeSet, Timestamp,
    audit::{DecisionChange, DecisionRecord, Effect, Undecidable, UnreadableRecord},
};
use serde_json::value::RawValue;

pub use self::report::{ChangedGroup, ReplayBounds, ReplayReport};
use self::report::{Key, one_more};
use crate::{
    decide::{DenyReason, decide},
    memory::SharedMemory,
    record::{record, recorded_input},
    recorded::RecordedEvent,
    snapshot::PolicySnapshot,
};

mod report;
#[cfg(test)]
mod tests;

/// A policy against which recorded decisions are made again.
#[derive(Debug)]
pub struct Replay {
    policy: Arc<PolicySnapshot>,
    zone: Box<str>,
    within: Range<Timestamp>,
    known: SharedMemory<ReplayedRecord>,
    report: ReplayReport,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ReplayedRecord {
    Same,
    Undecidable(Undecidable),
    /// Alike with all that have this key.
    Changed(Arc<Key>),
}

/// What was found in a part of a window. It holds a member for each decision that would change, and no more.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ReplayPart {
    same: u64,
    others: u64,
    undecidable: BTreeMap<&'static str, u64>,
    /// With the requests, in the order of the log.
    changed: Vec<(Arc<Key>, Box<str>)>,
}

impl Replay {
    /// Takes decisions of `zone` that were made in `within`, its end excluded.
    pub fn new(
        policy: Arc<PolicySnapshot>,
        zone: &str,
        within: Range<Timestamp>,
        bounds: ReplayBounds,
    ) -> Self {
        Self {
            policy,
            zone: zone.into(),
            within,
            known: SharedMemory::default(),
            report: ReplayReport::new(bounds),
        }
    }

    /// Looks at an event of the ledger, as it stands there. Any number of threads may, each with a part of its own.
    pub fn event(&self, body: &str, part: &mut ReplayPart) {
        let Ok(told) = serde_json::from_str::<RecordedEvent<'_>>(body) else {
            return part.cannot(Undecidable::EventUnreadable);
        };
        if !self.within.contains(&told.occurred_at) {
            return;
        }
        let Some(raw) = told.record else {
            if told.manifest_sha.is_some() {
                part.cannot(Undecidable::NoRecord);
            } else {
                one_more(&mut part.others);
            }
            return;
        };
        let judged = self.known.get_or(raw.get(), || self.judge(raw));
        match judged {
            ReplayedRecord::Same => one_more(&mut part.same),
            ReplayedRecord::Undecidable(why) => part.cannot(why),
            ReplayedRecord::Changed(key) => part.changed.push((key, told.request_id.as_ref().into())),
        }
    }

    /// Adds up a part. Parts come in the order of the log.
    pub fn take(&mut self, part: ReplayPart) {
        let report = &mut self.report;
        report.same(part.same);
        report.pass(part.others);
        for (why, count) in part.undecidable {
            report.cannot(why, count);
        }
        for (key, request) in part.changed {
            report.changed(&key, &request);
        }
    }

    /// What came of it.
    pub fn finish(self) -> ReplayReport {
        self.report.finish()
    }

    fn judge(&self, raw: &RawValue) -> ReplayedRecord {
        let recorded = match DecisionRecord::read(raw) {
            Ok(recorded) => recorded,
            Err(UnreadableRecord::Newer(_)) => return ReplayedRecord::Undecidable(Undecidable::RecordNewer),
            Err(UnreadableRecord::Form(_)) => {
                return ReplayedRecord::Undecidable(Undecidable::RecordUnreadable);
            }
        };
        let was = &recorded.decision;
        if was.reason.as_deref() == Some(DenyReason::PolicyUnusable.as_str()) {
            return ReplayedRecord::Undecidable(Undecidable::PolicyWasUnusable);
        }
        match difference(&self.policy, &recorded, &self.zone) {
            None => ReplayedRecord::Same,
            Some(differs) => ReplayedRecord::Changed(Arc::new(Key::of(&differs, &recorded.input))),
        }
    }
}

impl ReplayPart {
    fn cannot(&mut self, why: Undecidable) {
        one_more(self.undecidable.entry(why.as_str()).or_default());
    }
}
/// How a decision that was made again differs from what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<'r> {
    /// How.
    pub change: DecisionChange,
    /// The scopes asked for, or those of the mandate that was presented.
    pub scopes: &'r ScopeSet,
    /// Why it would be denied, else why it was.
    pub reason: Option<String>,
    /// Whether it would be allowed, with no approval to wait for.
    pub allows: bool,
}

/// Makes a decision of `zone` again with `policy`; nothing when nobody who asked would notice.
pub fn difference<'r>(
    policy: &PolicySnapshot,
    recorded: &'r DecisionRecord<'_>,
    zone: &str,
) -> Option<Difference<'r>> {
    let was = &recorded.decision;
    let input = recorded_input(&recorded.input, zone);
    let decision = decide(policy, &input);
    let now = record(&input, &decision).decision;
    let change = change_between((was.effect, &was.gates), (now.effect, &now.gates))?;
    let presented = recorded.input.presented.as_ref();
    Some(Difference {
        change,
        scopes: presented.map_or(&recorded.input.requested_scopes, |mandate| &mandate.scopes),
        reason: now.reason.as_deref().or(was.reason.as_deref()).map(str::to_owned),
        allows: verdict((now.effect, &now.gates)) == Verdict::Allow,
    })
}

/// How far a decision came.
#[derive(PartialEq, Eq)]
enum Verdict {
    Deny,
    Hold,
    Allow,
}

fn verdict<G>((effect, gates): (Effect, &[G])) -> Verdict {
    match (effect, gates.is_empty()) {
        (Effect::Deny, _) => Verdict::Deny,
        (Effect::Allow, false) => Verdict::Hold,
        (Effect::Allow, true) => Verdict::Allow,
    }
}

/// How a decision differs from another, each with the approvals that hold it, as far as anybody who asks would notice.
pub(crate) fn change_between<G: PartialEq>(
    was: (Effect, &[G]),
    now: (Effect, &[G]),
) -> Option<DecisionChange> {
    match (verdict(was), verdict(now)) {
        (Verdict::Hold, Verdict::Hold) => (was.1 != now.1).then_some(DecisionChange::HeldOtherwise),
        (was, now) if was == now => None,
        (_, Verdict::Deny) => Some(DecisionChange::NewlyDenied),
        (_, Verdict::Hold) => Some(DecisionChange::NewlyHeld),
        (_, Verdict::Allow) => Some(DecisionChange::NewlyAllowed),
    }
}
