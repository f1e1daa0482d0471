//! Calls of two parts, many at a time: governed calls, and sessions from start to end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::task::JoinSet;

use crate::{
    fixture::{Agent, Fixture, GatewayRequest},
    http::{Connection, HttpError},
    latency::Latencies,
    pace::Arrivals,
    scan::text_member,
};

/// Calls that may fail before a load gives up: by then there is nothing left to measure.
const MOST_FAILURES: u64 = 1_000;
/// Pause of a worker after a failed call, so that failing fast does not become the load.
const PAUSE: Duration = Duration::from_millis(5);
/// How long calls of an open loop that are late may still be made after its end.
const DRAIN: Duration = Duration::from_secs(5);

/// What workers did in the measured span.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    /// Whole calls; in an open loop from when they were due.
    pub calls: Latencies,
    /// The first part of each call: the mint, or the start of a session.
    pub first: Latencies,
    /// The second part: the request through the Gateway, or the end of the session.
    pub second: Latencies,
    /// Successful calls since the start, measured or not.
    pub completed: u64,
    /// Calls of an open loop that were due but could not be made in time; they count in `calls` with the time
    /// they had waited.
    pub unserved: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.calls.add(&other.calls);
        self.first.add(&other.first);
        self.second.add(&other.second);
        self.unserved += other.unserved;
    }
}

/// A load in progress. Dropping it ends its workers.
#[derive(Debug)]
pub struct Load {
    shared: Arc<LoadState>,
    workers: JoinSet<Tally>,
}

#[derive(Debug, Default)]
struct LoadState {
    completed: AtomicU64,
    failed: AtomicU64,
    stop: AtomicBool,
    /// What is recorded: calls that are due (closed loop: end) in here.
    measured: Mutex<Option<(Instant, Option<Instant>)>>,
    first_failure: Mutex<Option<String>>,
}

impl Load {
    /// Starts `workers` that call as the fixture's agents in turn: in a closed loop, or when `arrivals` come due.
    pub fn start(fixture: &Fixture, workers: usize, arrivals: Option<&Arc<Arrivals>>) -> Self {
        let agents = fixture.agents.iter().cycle().take(workers);
        Self::of(agents.map(|agent| LoadCaller::new(fixture, agent)), arrivals)
    }

    /// Starts these callers.
    pub fn of<C: Caller>(callers: impl Iterator<Item = C>, arrivals: Option<&Arc<Arrivals>>) -> Self {
        let shared = Arc::new(LoadState::default());
        let mut set = JoinSet::new();
        for caller in callers {
            let (shared, arrivals) = (shared.clone(), arrivals.cloned());
            set.spawn(async move {
                match arrivals {
                    None => closed_loop(caller, &shared).await,
                    Some(arrivals) => open_loop(caller, &shared, &arrivals).await,
                }
            });
        }
        Self { shared, workers: set }
    }

    /// Successful calls since the start.
    pub fn completed(&self) -> u64 {
        self.shared.completed.load(Ordering::Relaxed)
    }

    /// Failed calls since the start.
    pub fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::Relaxed)
    }

    /// What went wrong first.
    pub fn first_failure(&self) -> Option<String> {
        self.shared.first_failure.lock().clone()
    }

    /// Whether so much failed that the workers gave up.
    pub fn gave_up(&self) -> bool {
        self.failed() >= MOST_FAILURES
    }

    /// Records calls that are due (or, in a closed loop, end) from `since` on.
    pub fn begin_measuring(&self, since: Instant) {
        *self.shared.measured.lock() = Some((since, None));
    }

    /// Records no calls that are due (or, in a closed loop, end) from now on.
    pub fn end_measuring(&self) {
        if let Some((_, end)) = self.shared.measured.lock().as_mut() {
            *end = Some(Instant::now());
        }
    }

    /// Waits for the calls in progress and returns what was measured.
    pub async fn finish(mut self) -> Tally {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut sum = Tally::default();
        while let Some(worker) = self.workers.join_next().await {
            if let Ok(tally) = worker {
                sum.add(&tally);
            }
        }
        sum.completed = self.completed();
        sum
    }
}

impl LoadState {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.failed.load(Ordering::Relaxed) >= MOST_FAILURES
    }

    fn records(&self, at: Instant) -> bool {
        match *self.measured.lock() {
            Some((begin, end)) => at >= begin && end.is_none_or(|end| at < end),
            None => false,
        }
    }

    async fn failed(&self, why: &CallError) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        self.first_failure.lock().get_or_insert_with(|| why.to_string());
        tokio::time::sleep(PAUSE).await;
    }
}

async fn closed_loop(mut caller: impl Caller, shared: &LoadState) -> Tally {
    let mut tally = Tally::default();
    while !shared.is_over() {
        let began = Instant::now();
        match caller.call().await {
            Ok(times) => {
                shared.completed.fetch_add(1, Ordering::Relaxed);
                if shared.records(times.ended) {
                    tally.record(began, began, times);
                }
            }
            Err(error) => shared.failed(&error).await,
        }
    }
    tally
}

async fn open_loop(mut caller: impl Caller, shared: &LoadState, arrivals: &Arrivals) -> Tally {
    let mut tally = Tally::default();
    let mut late_since = None;
    while let Some(due) = arrivals.next().await {
        // The arrivals end by themselves; what is still due then is made late rather than forgotten.
        if shared.is_over() {
            let since = *late_since.get_or_insert_with(Instant::now);
            if shared.failed.load(Ordering::Relaxed) >= MOST_FAILURES || since.elapsed() > DRAIN {
                if shared.records(due) {
                    tally.calls.record(due.elapsed());
                    tally.unserved += 1;
                }
                continue;
            }
        }
        let began = Instant::now();
        match caller.call().await {
            Ok(times) => {
                shared.completed.fetch_add(1, Ordering::Relaxed);
                if shared.records(due) {
                    tally.record(due, began, times);
                }
            }
            Err(error) => shared.failed(&error).await,
        }
    }
    tally
}

impl Tally {
    fn record(&mut self, due: Instant, began: Instant, times: Times) {
        self.calls.record(times.ended.saturating_duration_since(due));
        self.first.record(times.between.saturating_duration_since(began));
        self.second
            .record(times.ended.saturating_duration_since(times.between));
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The STS gave no mandate.
    #[error("mint: {0}")]
    Mint(String),
    /// The Gateway did not answer 200.
    #[error("gateway: {0}")]
    Gateway(String),
    /// The Coordinator started no session.
    #[error("start: {0}")]
    Start(String),
    /// The Coordinator did not end the session.
    #[error("end: {0}")]
    End(String),
}

/// When the parts of a call ended.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The first was answered.
    pub between: Instant,
    /// The second was answered.
    pub ended: Instant,
}

/// Whoever makes calls, one after the other.
pub trait Caller: Send + 'static {
    /// One call.
    fn call(&mut self) -> impl Future<Output = Result<Times, CallError>> + Send;
}

/// One caller: its connections and its prepared requests.
#[derive(Debug)]
pub struct LoadCaller {
    sts: Connection,
    gateway: Connection,
    mint: Vec<u8>,
    request: GatewayRequest,
    buffer: Vec<u8>,
}

impl LoadCaller {
    /// A caller with the lasting authority of `agent`.
    pub fn new(fixture: &Fixture, agent: &Agent) -> Self {
        Self {
            sts: Connection::new(agent.sts()),
            gateway: fixture.gateway_connection(),
            mint: agent.mint_request(&agent.grant),
            request: fixture.gateway_request(agent),
            buffer: Vec::new(),
        }
    }
}

impl Caller for LoadCaller {
    /// One governed call.
    async fn call(&mut self) -> Result<Times, CallError> {
        let refused = |error: HttpError| CallError::Mint(error.to_string());
        let answer = self.sts.exchange(&self.mint).await.map_err(refused)?;
        if answer.status != 200 {
            return Err(CallError::Mint(answer.summary()));
        }
        let mandate = text_member(answer.body, "access_token")
            .ok_or_else(|| CallError::Mint(String::from("no access_token in the answer")))?;
        self.request.write(mandate, &mut self.buffer);
        let between = Instant::now();
        let refused = |error: HttpError| CallError::Gateway(error.to_string());
        let answer = self.gateway.exchange(&self.buffer).await.map_err(refused)?;
        if answer.status != 200 {
            return Err(CallError::Gateway(answer.summary()));
        }
        Ok(Times {
            between,
            ended: Instant::now(),
        })
    }
}
