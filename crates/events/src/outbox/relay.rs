//! Publishing the outbox.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use caracal_core::World;
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{Bus, Fields, Topic, metrics};

use super::{
    BoxError, OutboxQueue, OutboxRow, RelayOptions,
    gate::Gates,
    hand_over,
    held::{Outcome, Work},
};

/// How long the other topics wait for a slow one.
const SLOW_TOPIC_TIMEOUT: Duration = Duration::from_millis(20);
/// Pause between two looks at rows of others that a flush waits for.
const ELSEWHERE_PAUSE: Duration = Duration::from_millis(5);
/// Most rows of others that are looked at: a flush of more is looked at again, and given up by whoever asked for it.
const MAX_ELSEWHERE: usize = 1024;
/// How long publications in progress may take at shutdown.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Publishes what transactions left in the outbox, in order of creation within each topic.
///
/// At least once: rows published just before a crash are published again under the same `outbox_id`. A bus that
/// is away is waited for, for ever; only rows that no bus would take are put aside.
#[derive(Debug)]
pub struct OutboxRelay {
    world: World,
    queue: Arc<dyn OutboxQueue>,
    bus: Arc<dyn Bus>,
    options: RelayOptions,
    wake: Notify,
    /// Flushes asked for.
    asked: watch::Sender<u64>,
    /// Flushes whose rows are all published.
    answered: watch::Sender<u64>,
    /// Topics whose last publication failed.
    failing: Mutex<HashSet<Topic>>,
}

impl OutboxRelay {
    /// A relay from `queue` to `bus`. It works while [`OutboxRelay::run`] does.
    pub fn new(
        world: World,
        queue: Arc<dyn OutboxQueue>,
        bus: Arc<dyn Bus>,
        options: RelayOptions,
    ) -> Arc<Self> {
        Arc::new(Self {
            world,
            queue,
            bus,
            options,
            wake: Notify::new(),
            asked: watch::Sender::new(0),
            answered: watch::Sender::new(0),
            failing: Mutex::default(),
        })
    }

    /// Whether what is committed reaches the bus: `false` from a failure until the topic works again, or until somebody
    /// else has taken the rows. Evidence that waits for the spool is no matter of the bus: the spool tells about itself.
    pub fn is_publishing(&self) -> bool {
        let spooled = |topic: &Topic| topic.is_evidence() && self.options.spool.is_some();
        self.failing.lock().iter().all(spooled)
    }

    /// Says that a transaction with outbox rows was committed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Says that a transaction with outbox rows was committed, and gives other processes a moment to hear of it, so
    /// that what is acknowledged is as a rule in force everywhere. Bounded by [`RelayOptions::announce`], for example
    /// while one of them hangs; while the bus takes nothing, by the longest pause between two attempts as well. Immediate where no other
    /// process follows the bus.
    pub async fn announce(&self) {
        if !self.bus.reaches_others() {
            self.wake();
        } else if !self.flush(self.options.announce).await && !self.is_publishing() {
            // Others refuse while the bus takes nothing. Once it does again they decide, on what storage says then: what
            // is committed between that and the next attempt to publish it must not have been acknowledged.
            self.flush(self.options.pause.1).await;
        }
    }

    /// Waits, at most `within`, until everything committed before the call was published and handled by the
    /// subscriptions that the bus knows; says whether it was published. Needs [`OutboxRelay::run`] to be running.
    pub async fn flush(&self, within: Duration) -> bool {
        let started = Instant::now();
        let mut answered = self.answered.subscribe();
        let mut ticket = 0;
        self.asked.send_modify(|asked| {
            *asked += 1;
            ticket = *asked;
        });
        self.wake();
        // The guard that `wait_for` answers with must not live across the next wait: it is not `Send`.
        let published = {
            let reached = tokio::time::timeout(within, answered.wait_for(|done| *done >= ticket)).await;
            matches!(reached, Ok(Ok(_)))
        };
        if published {
            self.bus
                .wait_in_sync(within.saturating_sub(started.elapsed()))
                .await;
        }
        published
    }

    /// Publishes until `shutdown`. What is not published by then is given back.
    pub async fn run(&self, shutdown: CancellationToken) {
        let reporting = async {
            for round in 1_u32.. {
                self.report(round.is_multiple_of(64)).await;
                tokio::time::sleep(self.options.report).await;
            }
        };
        tokio::select! {
            () = self.publish_until(&shutdown) => {}
            () = reporting => {}
        }
    }

    async fn publish_until(&self, shutdown: &CancellationToken) {
        let mut work = Work {
            gates: Gates::new(self.world.clone(), self.options.pause),
            publishing: FuturesUnordered::new(),
            held: HashMap::new(),
            flushes: VecDeque::new(),
            owed_until: Instant::now(),
        };
        while !shutdown.is_cancelled() {
            let asked = *self.asked.borrow();
            let more = self.claim_and_start(&mut work, asked).await;
            self.collect(&mut work, SLOW_TOPIC_TIMEOUT).await;
            if more || *self.asked.borrow() > asked {
                continue;
            }
            let opening = work.gates.next_opening(Instant::now());
            let mut pause = opening.unwrap_or(self.options.poll).min(self.options.poll);
            if work.has_elsewhere() {
                pause = pause.min(ELSEWHERE_PAUSE);
            }
            tokio::select! {
                () = self.wake.notified() => {}
                Some(outcome) = work.publishing.next() => self.conclude(outcome, &mut work).await,
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => {}
            }
        }
        self.collect(&mut work, LAST_WAIT).await;
        for (_, held) in std::mem::take(&mut work.held) {
            self.give_back(&held.into_ids(), Duration::ZERO, "the relay stopped", &mut work)
                .await;
        }
    }

    /// Claims rows and starts publishing them; says whether there may be more.
    async fn claim_and_start<'a>(&'a self, work: &mut Work<'a>, asked: u64) -> bool {
        let now = Instant::now();
        let rows = match self.queue.claim(self.options.batch, self.options.lease).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(error = &*error, "could not claim outbox rows");
                return false;
            }
        };
        // With what was claimed, everything is here that was committed before the flushes were asked for, unless it was
        // given back.
        let all_here = rows.len() < self.options.batch && now >= work.owed_until;
        if rows.is_empty() {
            if work.publishing.is_empty() && all_here {
                // What failed here is due again, and another relay has it.
                self.failing.lock().clear();
            }
        } else {
            self.start(&rows, work).await;
        }
        // Starting may have given some back.
        if all_here && now >= work.owed_until {
            self.look_elsewhere(work, asked).await;
            self.answer(work);
        }
        !rows.is_empty()
    }

    /// Lets flushes wait for what other relays have in their hands, which nobody could claim here, and no longer for what
    /// these have published.
    async fn look_elsewhere(&self, work: &mut Work<'_>, asked: u64) {
        let looked = async {
            let waited_for = work.elsewhere();
            if !waited_for.is_empty() {
                work.still_elsewhere(&self.queue.unpublished_of(&waited_for).await?);
            }
            if work.awaits(asked) || *self.answered.borrow() >= asked {
                return Ok(());
            }
            // Where no other process follows the bus, none has rows of it either.
            let mut unpublished = Vec::new();
            if self.bus.reaches_others() {
                unpublished = self.queue.unpublished(MAX_ELSEWHERE).await?;
            }
            if unpublished.len() < MAX_ELSEWHERE {
                unpublished.retain(|id| !work.has(id));
                work.await_flushes(asked, unpublished);
            }
            Ok::<(), BoxError>(())
        };
        if let Err(error) = looked.await {
            tracing::warn!(error = &*error, "could not look at the outbox rows of others");
        }
    }

    /// Answers the flushes whose rows are published.
    fn answer(&self, work: &mut Work<'_>) {
        while let Some(flushes) = work.flushes.front().filter(|flushes| work.has_published(flushes)) {
            let asked = flushes.asked;
            work.flushes.pop_front();
            self.answered.send_if_modified(|done| {
                let grew = *done < asked;
                *done = asked.max(*done);
                grew
            });
        }
    }

    /// Starts publishing claimed rows, queues or puts off those of a busy topic, puts malformed ones aside.
    async fn start<'a>(&'a self, rows: &[OutboxRow], work: &mut Work<'a>) {
        for topic in Topic::ALL {
            let mut sound = Vec::new();
            for row in rows.iter().filter(|row| row.topic == topic) {
                if work.held.get(&topic).is_some_and(|held| held.has(&row.id)) {
                    continue;
                }
                let fields = Self::fields(row);
                if let Err(why) = hand_over::check(topic, &fields, self.options.spool.as_deref()) {
                    self.put_aside(row, &why).await;
                } else {
                    sound.push((row.id.clone(), fields));
                }
            }
            if sound.is_empty() {
                continue;
            }
            if let Some(pause) = work.gates.closed_for(topic, Instant::now()) {
                let ids: Vec<String> = sound.into_iter().map(|(id, _)| id).collect();
                self.give_back(&ids, pause, "an earlier publication of the topic failed", work)
                    .await;
                continue;
            }
            let held = work.held.entry(topic).or_default();
            if held.queued.len() >= self.options.batch.saturating_mul(4) {
                // The open publication hangs, and what waits for it must not outlive its lease.
                let pause = work.gates.close(topic, Instant::now());
                let ids: Vec<String> = sound.into_iter().map(|(id, _)| id).collect();
                self.give_back(&ids, pause, "an earlier publication of the topic is open", work)
                    .await;
                continue;
            }
            held.taken += sound.len() as u64;
            held.queued.append(&mut sound);
            self.publish_next(topic, work);
        }
    }

    /// Publishes what is queued of a topic unless a publication of it is open.
    fn publish_next<'a>(&'a self, topic: Topic, work: &mut Work<'a>) {
        let Some(held) = work.held.get_mut(&topic) else {
            return;
        };
        if held.publishing.is_empty() && !held.queued.is_empty() {
            let (ids, entries) = std::mem::take(&mut held.queued).into_iter().unzip();
            held.publishing = ids;
            work.publishing.push(self.publish(topic, entries).boxed());
        }
    }

    fn fields(row: &OutboxRow) -> Fields {
        let mut fields = row.fields.clone();
        fields.insert("outbox_id", &*row.id);
        fields
    }

    async fn publish(&self, topic: Topic, entries: Vec<Fields>) -> Outcome {
        let (spool, within) = (self.options.spool.as_deref(), self.options.timeout);
        let result = hand_over::run(&*self.bus, spool, topic, entries, within).await;
        Outcome { topic, result }
    }

    /// Waits for publications in progress, but not for slow ones.
    async fn collect<'a>(&'a self, work: &mut Work<'a>, timeout: Duration) {
        let timeout = tokio::time::sleep(timeout);
        tokio::pin!(timeout);
        loop {
            tokio::select! {
                next = work.publishing.next() => match next {
                    Some(outcome) => self.conclude(outcome, work).await,
                    None => return,
                },
                () = &mut timeout => return,
            }
        }
    }

    async fn conclude<'a>(&'a self, outcome: Outcome, work: &mut Work<'a>) {
        let Outcome { topic, result } = outcome;
        let Some(held) = work.held.get_mut(&topic) else {
            return;
        };
        match result {
            Ok(()) => {
                work.gates.published(topic);
                self.failing.lock().remove(&topic);
                let ids = std::mem::take(&mut held.publishing);
                held.published += ids.len() as u64;
                metrics::count(metrics::OUTBOX_PUBLISHED, topic, ids.len() as u64);
                self.publish_next(topic, work);
                self.answer(work);
                if let Err(error) = self.queue.mark_published(&ids).await {
                    // They will be published again when their lease ends; receivers know them by `outbox_id`.
                    tracing::warn!(error = &*error, "could not mark outbox rows published");
                }
            }
            Err(error) => {
                let ids = std::mem::take(held).into_ids();
                // They wait until what is given back has come again.
                work.flushes.clear();
                metrics::count(metrics::OUTBOX_RETRIED, topic, ids.len() as u64);
                self.failing.lock().insert(topic);
                let pause = work.gates.close(topic, Instant::now());
                tracing::warn!(
                    %error,
                    %topic,
                    rows = ids.len(),
                    pause_ms = pause.as_millis(),
                    "could not publish outbox rows"
                );
                self.give_back(&ids, pause, &error.to_string(), work).await;
            }
        }
    }

    async fn give_back(&self, ids: &[String], pause: Duration, why: &str, work: &mut Work<'_>) {
        let mut back_in = pause;
        if let Err(error) = self.queue.release(ids, self.world.now().plus(pause), why).await {
            tracing::warn!(
                error = &*error,
                "could not give outbox rows back; they wait for their lease"
            );
            back_in = self.options.lease;
        }
        work.owed_until = work.owed_until.max(Instant::now() + back_in);
    }

    async fn put_aside(&self, row: &OutboxRow, why: &str) {
        metrics::count(metrics::OUTBOX_DEAD, row.topic, 1);
        tracing::error!(outbox.id = row.id, topic = %row.topic, why, "put a malformed outbox row aside");
        if let Err(error) = self.queue.mark_dead(&row.id, why).await {
            tracing::warn!(error = &*error, "could not put an outbox row aside");
        }
    }

    async fn report(&self, prune: bool) {
        let report = async {
            let stats = self.queue.pending().await?;
            stats.report();
            if prune {
                self.queue
                    .prune(self.world.now().minus(self.options.retention))
                    .await?;
            }
            Ok::<(), BoxError>(())
        };
        if let Err(error) = report.await {
            tracing::warn!(error = &*error, "could not look after the outbox");
        }
    }
}
