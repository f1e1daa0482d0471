//! A zone's events on their way into the ledger.
//!
//! Each zone has its own line: it is stored, fails and waits alone. An event that the ledger refuses is looked for by
//! halves, so that its neighbours are stored. That it *can never* be stored is believed only when a neighbour could be
//! at the same moment; else it is the zone, or the database, that cannot take it *now*. An event that has no neighbour
//! and that trying again is said to be of no use for is compared with one made up for the purpose, which is not kept.

use std::{collections::VecDeque, time::Duration};

use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_events::Delivery;
use caracal_storage::{Access, AppendOutcome, Error, LedgerEntry, LogId};
use metrics::{counter, histogram};
use tokio::time::Instant;

use crate::{AuditDeps, metrics as names};

/// Most events of one ledger transaction.
pub(crate) const BATCH: usize = 1024;
/// Longest wait for one ledger transaction, so that one that hangs gives its place to other zones.
const STORE_WITHIN: Duration = Duration::from_secs(20);
/// Pause after storage refused, doubled up to the limit.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often an event is refused beside a neighbour that is stored, before it counts as one that never can be. An error
/// that says that trying again is of no use counts as all of them.
const STRIKES: u8 = 8;

/// An event that waits for the ledger.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) delivery: Delivery,
    pub(crate) entry: LedgerEntry,
    strikes: u8,
}

impl Waiting {
    pub(crate) const fn new(delivery: Delivery, entry: LedgerEntry) -> Self {
        Self {
            delivery,
            entry,
            strikes: 0,
        }
    }
}

/// The line of one zone.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) waiting: VecDeque<Waiting>,
    /// A batch of it is being stored.
    pub(crate) under_way: bool,
    pub(crate) failures: u32,
    next_at: Instant,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            under_way: false,
            failures: 0,
            next_at: Instant::now(),
        }
    }

    /// When it can be tried, if there is something to try.
    pub(crate) fn due(&self) -> Option<Instant> {
        (!self.under_way && !self.waiting.is_empty()).then_some(self.next_at)
    }

    /// The next batch, taken off the line.
    pub(crate) fn take(&mut self) -> Vec<Waiting> {
        self.under_way = true;
        let count = self.waiting.len().min(BATCH);
        self.waiting.drain(..count).collect()
    }

    /// What is left of a batch comes back to the front.
    pub(crate) fn put_back(&mut self, left: Vec<Waiting>) {
        for waiting in left.into_iter().rev() {
            self.waiting.push_front(waiting);
        }
    }

    /// The last attempt worked, or pauses before the next.
    pub(crate) fn attempted(&mut self, worked: bool) {
        self.under_way = false;
        if worked {
            self.failures = 0;
            self.next_at = Instant::now();
            return;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        self.next_at = Instant::now() + pause.min(LONGEST_PAUSE);
    }
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// In the ledger.
    pub(crate) done: Vec<String>,
    /// Never to be stored, with the reason.
    pub(crate) refused: Vec<(Delivery, String)>,
    /// To be tried again.
    pub(crate) left: Vec<Waiting>,
    /// Why, when something is left.
    pub(crate) error: Option<String>,
}

/// Stores a batch of a zone. `isolate`: look for the events that are in the way, instead of trying all of them again.
pub(crate) async fn store(deps: &AuditDeps, zone: &ZoneId, batch: Vec<Waiting>, isolate: bool) -> Stored {
    let mut stored = Stored::default();
    let mut parts = vec![batch];
    let mut alone: Vec<(Waiting, bool)> = Vec::new();
    while let Some(mut part) = parts.pop() {
        let failed = match append(deps, zone, &part).await {
            Ok(outcome) => {
                conclude(deps, &mut stored, zone, part, &outcome);
                continue;
            }
            Err(error) => error,
        };
        let never = failed.as_ref().is_some_and(|error| !error.is_retryable());
        let text = failed.map_or_else(
            || String::from("the ledger did not answer in time"),
            |error| caracal_service::error_chain(&error),
        );
        stored.error = Some(text);
        if part.len() > 1 && (never || isolate) {
            // The first half is tried first, so that a zone's events keep their order.
            let second = part.split_off(part.len() / 2);
            parts.push(second);
            parts.push(part);
        } else if part.len() > 1 {
            stored.left.append(&mut part);
        } else {
            alone.extend(part.into_iter().map(|waiting| (waiting, never)));
        }
    }
    let neighbour = !stored.done.is_empty();
    for (mut waiting, never) in alone {
        if neighbour {
            waiting.strikes = if never {
                STRIKES
            } else {
                waiting.strikes.saturating_add(1)
            };
        } else if never && takes_another(deps, zone).await {
            // Again, after its neighbour: what was in its way may have passed between the two.
            match append(deps, zone, std::slice::from_ref(&waiting)).await {
                Ok(outcome) => {
                    conclude(deps, &mut stored, zone, vec![waiting], &outcome);
                    continue;
                }
                Err(Some(error)) if !error.is_retryable() => waiting.strikes = STRIKES,
                Err(_) => {}
            }
        }
        if waiting.strikes >= STRIKES {
            let reason = format!("cannot_be_stored:{}", stored.error.as_deref().unwrap_or_default());
            stored.refused.push((waiting.delivery, reason));
        } else {
            stored.left.push(waiting);
        }
    }
    if stored.left.is_empty() {
        stored.error = None;
    }
    stored
}

/// Whether the ledger of `zone` would take an event now. Nothing is kept of it. What a commit would say is not asked, so
/// this tells nothing of events that may be stored later.
async fn takes_another(deps: &AuditDeps, zone: &ZoneId) -> bool {
    let made_up = AuditEvent::new(&deps.world, zone.clone(), "", "", "");
    let tried = async {
        let entry = LedgerEntry::written(&made_up, None)?;
        let mut work = deps.store.zone(zone, Access::Write).await?;
        work.ledger().append(&[entry], deps.world.now()).await
    };
    matches!(tokio::time::timeout(STORE_WITHIN, tried).await, Ok(Ok(_)))
}

/// One ledger transaction. `None`: it took too long, and was given up.
async fn append(deps: &AuditDeps, zone: &ZoneId, part: &[Waiting]) -> Result<AppendOutcome, Option<Error>> {
    let entries: Vec<LedgerEntry> = part.iter().map(|waiting| waiting.entry.clone()).collect();
    append_entries(deps, zone, &entries).await
}

/// As [`append`]; also for dead letters.
pub(crate) async fn append_entries(
    deps: &AuditDeps,
    zone: &ZoneId,
    entries: &[LedgerEntry],
) -> Result<AppendOutcome, Option<Error>> {
    let appended = async {
        let mut work = deps.store.zone(zone, Access::Write).await?;
        let outcome = work.ledger().append(entries, deps.world.now()).await?;
        work.commit().await?;
        Ok::<_, Error>(outcome)
    };
    let appended = tokio::time::timeout(STORE_WITHIN, appended).await;
    // What took too long may have been committed.
    if !matches!(appended, Ok(Err(_))) {
        deps.tails.grew(zone);
    }
    if let Some(checkpoints) = &deps.checkpoints
        && !matches!(appended, Ok(Err(_)))
    {
        checkpoints.grew(&LogId::Ledger(zone.clone()));
    }
    match appended {
        Ok(outcome) => outcome.map_err(Some),
        Err(_) => Err(None),
    }
}

fn conclude(
    deps: &AuditDeps,
    stored: &mut Stored,
    zone: &ZoneId,
    part: Vec<Waiting>,
    outcome: &AppendOutcome,
) {
    let (now, lag) = (deps.world.now(), histogram!(names::LAG));
    counter!(names::INSERTS).increment(outcome.inserted);
    counter!(names::DUPLICATES).increment(outcome.duplicates);
    for Waiting { delivery, entry, .. } in part {
        if outcome.mismatches.contains(&entry.event.id) {
            counter!(names::MISMATCHES).increment(1);
            tracing::error!(event.id = entry.event.id, zone.id = %zone, "an audit event came again with other content");
            stored.refused.push((delivery, String::from("tamper_on_replay")));
        } else {
            lag.record(now.since(entry.event.occurred_at).as_secs_f64());
            stored.done.push(delivery.id);
        }
    }
}
