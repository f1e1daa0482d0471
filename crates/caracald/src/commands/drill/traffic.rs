//! Governed calls and ended sessions, while something is broken.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use caracal_crypto::system_world;
use serde::Deserialize;

use super::super::{
    canary::zone::{CanaryZone, Minted, Session},
    client::Answer,
};

/// Between two calls, and between two ends of sessions.
const PAUSE: Duration = Duration::from_millis(100);
const ENDS: Duration = Duration::from_millis(500);
/// Most calls whose evidence is looked for.
const MOST: usize = 5_000;
/// Most wrong answers that are kept in words.
const MOST_WRONG: usize = 20;
/// Longest wait for the ledger to have a call.
const LEDGER: Duration = Duration::from_mins(1);

/// Where the drill is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Before,
    Fault,
    Back,
}

/// What became of calls in one phase.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) passed: usize,
    /// Refused with when to come again.
    pub(super) refused: usize,
    /// No answer at all.
    pub(super) unanswered: usize,
}

/// What became of everything.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    phases: [Tally; 3],
    /// Ids of calls that passed.
    pub(super) passed_ids: Vec<String>,
    /// What was answered and should not have been.
    pub(super) wrong: Vec<String>,
    pub(super) ended: usize,
    /// What was good afterwards, in words.
    pub(super) used_after_end: Vec<String>,
}

impl Counts {
    pub(super) const fn of(&self, phase: Phase) -> Tally {
        match phase {
            Phase::Before => self.phases[0],
            Phase::Fault => self.phases[1],
            Phase::Back => self.phases[2],
        }
    }

    fn in_phase(&mut self, phase: Phase) -> &mut Tally {
        match phase {
            Phase::Before => &mut self.phases[0],
            Phase::Fault => &mut self.phases[1],
            Phase::Back => &mut self.phases[2],
        }
    }
}

/// Callers in the drill's zone.
pub(super) struct Traffic<'z> {
    zone: &'z CanaryZone<'z>,
    session: Session,
    phase: Cell<Phase>,
    over: Cell<bool>,
    counts: RefCell<Counts>,
}

#[derive(Deserialize)]
struct Event {
    decision: String,
}

impl<'z> Traffic<'z> {
    pub(super) async fn start(zone: &'z CanaryZone<'z>) -> anyhow::Result<Self> {
        Ok(Self {
            session: zone.session().await?,
            zone,
            phase: Cell::new(Phase::Before),
            over: Cell::new(false),
            counts: RefCell::default(),
        })
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
    }

    pub(super) fn stop(&self) {
        self.over.set(true);
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts.borrow().clone()
    }

    /// Mints and calls until it is stopped.
    pub(super) async fn call(&self) {
        for number in 0_usize.. {
            if self.over.get() {
                return;
            }
            // Counted where it began: an answer that began in the fault is of the fault.
            let phase = self.phase.get();
            let id = format!("drill-{}-{number}", self.zone.id());
            if let Some(mandate) = self.minted(phase).await {
                let called = self.zone.call_as(&mandate, self.zone.declared(), Some(&id)).await;
                if self.judged(phase, &called, "a call") {
                    let mut counts = self.counts.borrow_mut();
                    if counts.passed_ids.len() < MOST {
                        counts.passed_ids.push(id);
                    }
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn minted(&self, phase: Phase) -> Option<String> {
        let answer = self.zone.mint(&self.session).await;
        match &answer {
            Ok(minted) if minted.status == 200 => {
                let minted: Minted = minted.read().ok()?;
                Some(minted.access_token)
            }
            _ => {
                self.judged(phase, &answer, "a mint");
                None
            }
        }
    }

    /// Whether it passed; counts it.
    fn judged(&self, phase: Phase, answer: &anyhow::Result<Answer>, what: &str) -> bool {
        let mut counts = self.counts.borrow_mut();
        match answer {
            Err(_) => counts.in_phase(phase).unanswered += 1,
            Ok(answer) if answer.status == 200 => {
                counts.in_phase(phase).passed += 1;
                return true;
            }
            Ok(answer) if matches!(answer.status, 429 | 503) && answer.retry_after => {
                counts.in_phase(phase).refused += 1;
            }
            Ok(answer) => {
                if counts.wrong.len() < MOST_WRONG {
                    counts.wrong.push(format!("{what}: {answer}"));
                }
            }
        }
        false
    }

    /// Ends sessions until it is stopped, and tries at once what they had.
    pub(super) async fn end_sessions(&self) {
        while !self.over.get() {
            // What cannot be begun or ended now is no promise broken: only an end that was acknowledged counts.
            if let Ok(used) = self.end_one().await {
                let mut counts = self.counts.borrow_mut();
                counts.ended += 1;
                counts.used_after_end.extend(used);
            }
            tokio::time::sleep(ENDS).await;
        }
    }

    /// What of a session was good after its end, if anything was.
    async fn end_one(&self) -> anyhow::Result<Option<String>> {
        let session = self.zone.session().await?;
        let minted: Minted = self.zone.mint(&session).await?.expect(200)?.read()?;
        self.zone.end(&session).await?;
        let ended_at = system_world().now();
        let called = self
            .zone
            .call_as(&minted.access_token, self.zone.declared(), None)
            .await;
        let again = self.zone.mint(&session).await;
        let good = |answer: anyhow::Result<Answer>| answer.is_ok_and(|answer| answer.status == 200);
        // Both are tried, whatever the first says.
        let what = match (good(called), good(again)) {
            (false, false) => return Ok(None),
            (true, false) => "a call",
            (false, true) => "a mint",
            (true, true) => "a call and a mint",
        };
        Ok(Some(format!("{what} of {}, ended by {ended_at}", session.id())))
    }

    /// Waits until so many calls passed that began in `phase`.
    pub(super) async fn until_passed(&self, phase: Phase, enough: usize) {
        while self.counts.borrow().of(phase).passed < enough {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ids of calls that passed and of which the ledger does not have the decision.
    pub(super) async fn lost(&self) -> anyhow::Result<Vec<String>> {
        let ids = self.counts.borrow().passed_ids.clone();
        let ends = tokio::time::Instant::now().checked_add(LEDGER);
        let mut lost = Vec::new();
        for id in ids {
            loop {
                let path = format!("/audit/by-request/{id}");
                let answer = self.zone.read(&path).await?;
                let events: Vec<Event> = if answer.status == 200 {
                    answer.read()?
                } else {
                    Vec::new()
                };
                if events.iter().any(|event| event.decision == "allow") {
                    break;
                }
                if ends.is_none_or(|ends| tokio::time::Instant::now() >= ends) {
                    lost.push(id);
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(lost)
    }
}
