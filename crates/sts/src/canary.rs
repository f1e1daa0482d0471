//! What a version that decides for some applications denies, counted against what the version in force would.
//!
//! Both decide every request of an application on the canary's side; the canary's word is carried out. What each process
//! counts is added to the zone's row once a second, and whoever makes the count complete judges it in that transaction: so
//! a canary is taken back once, whoever counts, and what waits when a process dies is at most a second's worth.

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_authz::Decision;
use caracal_core::{
    CanaryId, World, ZoneId,
    entity::{CanaryCounts, CanaryOutcome},
};
use caracal_crypto::HmacRing;
use caracal_events::OutboxRelay;
use caracal_lifecycle::{approvals::EvidenceWriter, canaries};
use caracal_service::{error_chain, rounds::rounds, zones::ZoneState};
use caracal_storage::{Access, Error, Store};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::metrics;

/// How often what was counted is added up.
const EVERY: Duration = Duration::from_secs(1);
/// Longest that one zone's count may take, so that the others are counted.
const WITHIN: Duration = Duration::from_secs(5);

/// What a policy says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No.
    Deny,
    /// Yes, once somebody approves.
    Hold,
    /// Yes.
    Allow,
}

impl Verdict {
    pub(crate) fn of(decision: &Decision) -> Self {
        match (decision.is_allow(), decision.gates.is_empty()) {
            (false, _) => Self::Deny,
            (true, false) => Self::Hold,
            (true, true) => Self::Allow,
        }
    }
}

/// What is to be told of one canary.
#[derive(Debug, Clone, Copy)]
enum CanaryReading {
    Counts(CanaryCounts),
    Unreadable,
}

/// Counts what canaries decide, and takes them back.
#[derive(Debug)]
pub struct CanaryMonitor {
    world: World,
    store: Arc<dyn Store>,
    outbox: Arc<OutboxRelay>,
    audit_keys: Option<HmacRing>,
    /// By zone: at most one canary of a zone runs.
    noted: Mutex<HashMap<ZoneId, (CanaryId, CanaryReading)>>,
}

impl CanaryMonitor {
    /// Counts into `store`; evidence of what is taken back is signed with `audit_keys`.
    pub fn new(
        world: World,
        store: Arc<dyn Store>,
        outbox: Arc<OutboxRelay>,
        audit_keys: Option<HmacRing>,
    ) -> Self {
        Self {
            world,
            store,
            outbox,
            audit_keys,
            noted: Mutex::default(),
        }
    }

    /// Counts one request: what the `canary` said, which was carried out, and what the version in force says of it.
    pub(crate) fn decided(&self, zone: &ZoneId, canary: &CanaryId, said: Verdict, in_force: Verdict) {
        let mut counts = CanaryCounts {
            decisions: 1,
            ..CanaryCounts::default()
        };
        let outcome = match (said, in_force) {
            (Verdict::Deny, Verdict::Deny) => {
                counts.denied = 1;
                "unchanged"
            }
            (Verdict::Deny, Verdict::Hold | Verdict::Allow) => {
                (counts.denied, counts.newly_denied) = (1, 1);
                "newly_denied"
            }
            (Verdict::Hold, Verdict::Allow) => {
                counts.newly_held = 1;
                "newly_held"
            }
            (Verdict::Hold, Verdict::Deny) | (Verdict::Allow, Verdict::Deny | Verdict::Hold) => {
                counts.newly_allowed = 1;
                "newly_allowed"
            }
            (Verdict::Hold, Verdict::Hold) | (Verdict::Allow, Verdict::Allow) => "unchanged",
        };
        metrics::canary_decided(outcome);
        self.note(zone, canary, CanaryReading::Counts(counts));
    }

    /// Notes a canary of the zone that decides nothing here.
    pub(crate) fn met(&self, zone: &ZoneState) {
        if let Some(canary) = zone.canary().filter(|canary| canary.policy.is_none()) {
            self.note(&zone.zone.id, &canary.id, CanaryReading::Unreadable);
        }
    }

    fn note(&self, zone: &ZoneId, canary: &CanaryId, more: CanaryReading) {
        let mut noted = self.noted.lock();
        match noted.get_mut(zone) {
            Some((id, before)) if id == canary => *before = both(*before, more),
            _ => {
                noted.insert(zone.clone(), (canary.clone(), more));
            }
        }
    }

    /// Adds up what is counted until `shutdown`, and once more then.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        for outcome in [CanaryOutcome::TooManyDenials, CanaryOutcome::Unreadable] {
            metrics::no_canary_returned(outcome.as_str());
        }
        rounds(EVERY, &shutdown, || self.settle()).await;
        self.settle().await;
    }

    /// Adds up what was counted so far, and takes back what denies too much. What cannot be added now is added later.
    pub async fn settle(&self) {
        let noted = std::mem::take(&mut *self.noted.lock());
        for (zone, (canary, what)) in noted {
            let added = tokio::time::timeout(WITHIN, self.add(&zone, &canary, what)).await;
            let outcome = match added {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(error)) => {
                    if !error.is_retryable() {
                        // Said again would be refused again, each second.
                        tracing::error!(zone.id = %zone, error = %error_chain(&error), "decisions of a canary cannot be counted");
                        continue;
                    }
                    tracing::warn!(zone.id = %zone, error = %error_chain(&error), "decisions of a canary are counted later");
                    self.note_before(zone, canary, what);
                    continue;
                }
                Err(_) => {
                    tracing::warn!(zone.id = %zone, "decisions of a canary are counted later: storage takes too long");
                    self.note_before(zone, canary, what);
                    continue;
                }
            };
            if let Some(outcome) = outcome {
                metrics::canary_returned(outcome.as_str());
                tracing::error!(zone.id = %zone, canary.id = %canary, outcome = outcome.as_str(), "a canary was taken back; the version in force decides for everybody");
            }
        }
    }

    /// Puts back what could not be added, unless another canary was met meanwhile.
    fn note_before(&self, zone: ZoneId, canary: CanaryId, what: CanaryReading) {
        let mut noted = self.noted.lock();
        match noted.get_mut(&zone) {
            Some((id, since)) if *id == canary => *since = both(*since, what),
            Some(_) => {}
            None => {
                noted.insert(zone, (canary, what));
            }
        }
    }

    async fn add(
        &self,
        zone: &ZoneId,
        canary: &CanaryId,
        what: CanaryReading,
    ) -> Result<Option<CanaryOutcome>, Error> {
        let request_id = format!("canary-{canary}");
        let witness = EvidenceWriter {
            world: &self.world,
            keys: self.audit_keys.as_ref(),
            request_id: &request_id,
        };
        let mut work = self.store.zone(zone, Access::Write).await?;
        let outcome = match what {
            CanaryReading::Counts(counts) => {
                canaries::count(work.as_mut(), &witness, canary, &counts).await?
            }
            CanaryReading::Unreadable => canaries::unreadable(work.as_mut(), &witness, canary).await?,
        };
        work.commit().await?;
        if outcome.is_some() {
            self.outbox.wake();
        }
        Ok(outcome)
    }
}

/// Two things noted of one canary.
fn both(one: CanaryReading, other: CanaryReading) -> CanaryReading {
    match (one, other) {
        (CanaryReading::Unreadable, _) | (_, CanaryReading::Unreadable) => CanaryReading::Unreadable,
        (CanaryReading::Counts(one), CanaryReading::Counts(other)) => CanaryReading::Counts(CanaryCounts {
            decisions: one.decisions.saturating_add(other.decisions),
            denied: one.denied.saturating_add(other.denied),
            newly_denied: one.newly_denied.saturating_add(other.newly_denied),
            newly_held: one.newly_held.saturating_add(other.newly_held),
            newly_allowed: one.newly_allowed.saturating_add(other.newly_allowed),
        }),
    }
}
