//! `caracal-bench ended`: what it takes to remember two million ended ids, and how long whoever asks meanwhile waits.
//!
//! In this process, on the memory that every role asks before each call, over a store of its own. Ids end as fast as they
//! can be marked, a day's of them within seconds; a read of storage looks through all that is remembered, and a later
//! one forgets it. One thread asks all the while, and every answer is checked. The longest wait stands beside that of a
//! control, in which another memory is filled: a busy machine makes anybody wait.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow};
use caracal_core::{Clock as _, ManualClock, World};
use caracal_service::revocation::{REMEMBER, Revocations};
use caracal_storage_sql::SqliteStore;
use serde::Serialize;

use crate::{
    latency::{Latencies, rounded},
    process,
};

/// How many ids end at a time, as when a session ends with what hangs on it.
const AT_A_TIME: usize = 64;
/// Where the numbers of ids begin that never end.
const STRANGERS: u64 = 1 << 32;

/// What to run.
#[derive(Debug, Clone, clap::Args)]
pub struct EndedPlan {
    /// Ids that end
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    pub ids: u32,
    /// Most that remembering them may take, in megabytes
    #[arg(long, default_value_t = 100.0)]
    pub at_most_mb: f64,
}

impl Default for EndedPlan {
    fn default() -> Self {
        Self {
            ids: 2_000_000,
            at_most_mb: 100.0,
        }
    }
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct EndedReport {
    /// Ids that ended.
    pub ids: u32,
    /// Of these, remembered. Should be all.
    pub remembered: usize,
    /// Resident memory that they take, in megabytes.
    pub resident_mb: f64,
    /// Most that it may be.
    pub at_most_mb: f64,
    /// How long it took to mark them all, in milliseconds.
    pub marked_in_ms: f64,
    /// Questions while they were marked.
    pub while_marked: Asked,
    /// Questions while a read of storage looked through all of them.
    pub while_looked_through: Asked,
    /// Questions while they were forgotten.
    pub while_forgotten: Asked,
    /// Questions while as many were marked in a memory that nobody asked.
    pub control: Asked,
    /// Still remembered when no live mandate could name them. Should be 0.
    pub left: usize,
    /// Answers that were wrong. Should be 0.
    pub wrong: u64,
}

/// How long those waited who asked whether an id has ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Asked {
    /// How many were asked.
    pub count: u64,
    /// 99 of 100 took no longer, in microseconds.
    pub p99_us: f64,
    /// The longest, in milliseconds.
    pub longest_ms: f64,
}

impl EndedReport {
    /// Whether nothing was forgotten too early or late, no answer was wrong, and memory stayed within bounds.
    pub fn is_clean(&self) -> bool {
        u32::try_from(self.remembered) == Ok(self.ids)
            && self.left == 0
            && self.wrong == 0
            && self.resident_mb <= self.at_most_mb
    }
}

/// Measures in this process.
///
/// # Errors
/// When there can be no store, or `/proc` is not there.
pub async fn run(world: &World, plan: &EndedPlan) -> anyhow::Result<EndedReport> {
    let clock = Arc::new(ManualClock::at(world.now()));
    let world = World::new(clock.clone(), world.random.clone());
    let home = tempfile::tempdir()?;
    let store = SqliteStore::open(&home.path().join("ended.db"), None, clock.now())
        .await
        .context("a store")?;
    let memory = Arc::new(Revocations::new(world.clone()));
    memory.reload(&store).await?;

    let resident = || process::resident_bytes(std::process::id());
    let before = resident()?;
    let begun = Instant::now();
    let asker = Asker::start(&memory, 0);
    mark(&memory, plan.ids, &asker.ended);
    let marked_in = begun.elapsed();
    let (while_marked, mut wrong) = asker.stop()?;
    let taken = resident()?.saturating_sub(before);
    let remembered = memory.len();

    let asker = Asker::start(&memory, plan.ids);
    memory.reload(&store).await?;
    let (while_looked_through, more) = asker.stop()?;
    wrong = wrong.saturating_add(more);

    // What is being forgotten may be known or not; what has not ended has not.
    let asker = Asker::start(&memory, 0);
    clock.advance(REMEMBER + Duration::from_secs(2));
    memory.reload(&store).await?;
    let (while_forgotten, more) = asker.stop()?;
    wrong = wrong.saturating_add(more);
    let left = memory.len();

    let asker = Asker::start(&memory, 0);
    mark(&Revocations::new(world), plan.ids, &AtomicU32::new(0));
    let (control, more) = asker.stop()?;
    Ok(EndedReport {
        ids: plan.ids,
        remembered,
        resident_mb: megabytes(taken),
        at_most_mb: plan.at_most_mb,
        marked_in_ms: rounded(marked_in.as_secs_f64() * 1e3, 0),
        while_marked,
        while_looked_through,
        while_forgotten,
        control,
        left,
        wrong: wrong.saturating_add(more),
    })
}

#[expect(clippy::cast_precision_loss, reason = "bytes of one process")]
fn megabytes(bytes: u64) -> f64 {
    rounded(bytes as f64 / 1e6, 1)
}

/// An id as we make them: unlike any other of another number below 2^48, and spread over all shards.
fn id(number: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) & 0xffff_ffff_ffff;
    format!("0196f0c4-0000-7000-8000-{mixed:012x}")
}

/// Marks the first `count` ids as ended, and says in `ended` how many are.
fn mark(memory: &Revocations, count: u32, ended: &AtomicU32) {
    let mut batch = Vec::with_capacity(AT_A_TIME);
    for number in 0..count {
        batch.push(id(number.into()));
        if batch.len() == AT_A_TIME || number + 1 == count {
            memory.mark(batch.iter().map(String::as_str));
            ended.store(number + 1, Ordering::Release);
            batch.clear();
        }
    }
}

/// Asks, on a thread of its own, whether ids have ended: now one that has, now one that never does.
struct Asker {
    /// How many of the first ids have ended.
    ended: Arc<AtomicU32>,
    over: Arc<AtomicBool>,
    thread: thread::JoinHandle<(Latencies, u64)>,
}

impl Asker {
    /// Of the ids in `memory`, the first `ended` have ended.
    fn start(memory: &Arc<Revocations>, ended: u32) -> Self {
        let ended = Arc::new(AtomicU32::new(ended));
        let over = Arc::new(AtomicBool::new(false));
        let (of, until, memory) = (ended.clone(), over.clone(), memory.clone());
        let thread = thread::spawn(move || {
            let (mut latencies, mut wrong) = (Latencies::default(), 0_u64);
            let mut turn = 0_u64;
            while !until.load(Ordering::Acquire) {
                turn = turn.wrapping_add(1);
                let known = u64::from(of.load(Ordering::Acquire));
                let has_ended = turn.is_multiple_of(2) && known > 0;
                let number = if has_ended {
                    turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % known
                } else {
                    STRANGERS + turn
                };
                let id = id(number);
                let begun = Instant::now();
                let answer = memory.is_revoked(&id);
                latencies.record(begun.elapsed());
                wrong = wrong.saturating_add(u64::from(answer != has_ended));
            }
            (latencies, wrong)
        });
        Self { ended, over, thread }
    }

    /// What it found, and how many answers were wrong.
    fn stop(self) -> anyhow::Result<(Asked, u64)> {
        self.over.store(true, Ordering::Release);
        let (latencies, wrong) = self
            .thread
            .join()
            .map_err(|_| anyhow!("the thread that asks panicked"))?;
        let asked = Asked {
            count: latencies.count(),
            p99_us: rounded(latencies.percentile_ms(99.0) * 1e3, 1),
            longest_ms: latencies.max_ms(),
        };
        Ok((asked, wrong))
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "longest {} ms  p99 {} µs ({} asked)",
            self.longest_ms, self.p99_us, self.count
        )
    }
}

impl fmt::Display for EndedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} of {} ended ids remembered in {} MB, at most {}; marked in {} ms",
            self.remembered, self.ids, self.resident_mb, self.at_most_mb, self.marked_in_ms
        )?;
        writeln!(f, "asked while they are marked          {}", self.while_marked)?;
        writeln!(
            f,
            "asked while they are looked through  {}",
            self.while_looked_through
        )?;
        writeln!(f, "asked while they are forgotten       {}", self.while_forgotten)?;
        writeln!(f, "asked while others are, elsewhere    {}", self.control)?;
        write!(f, "{} left at the end, {} wrong answers", self.left, self.wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_has_ended_is_known_at_once_and_forgotten_in_time() {
        let plan = EndedPlan {
            ids: 20_000,
            // What else this process does meanwhile is not the question.
            at_most_mb: 1e6,
        };
        let report = run(&World::for_tests(), &plan).await.unwrap();
        assert!(report.is_clean(), "{report}");
        let tight = EndedReport {
            resident_mb: 2.0,
            at_most_mb: 1.0,
            ..report.clone()
        };
        assert!(!tight.is_clean());
        for broken in [
            EndedReport {
                wrong: 1,
                ..report.clone()
            },
            EndedReport {
                left: 1,
                ..report.clone()
            },
            EndedReport {
                remembered: 19_999,
                ..report
            },
        ] {
            assert!(!broken.is_clean(), "{broken}");
        }
    }
}
