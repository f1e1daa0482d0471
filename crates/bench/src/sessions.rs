//! `caracal-bench sessions`: how many sessions of one zone the Coordinator starts and ends, and what a first call takes.
//!
//! Callers do nothing else than start a session and end it. Each of them is another application, so that what they wait
//! for is the zone's or the deployment's and not an application's own.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use caracal_core::{World, json};
use serde::Serialize;

use crate::{
    fixture::{Agent, Fixture},
    http::{Connection, HttpError},
    json_client::JsonClient,
    latency::{Latencies, Percentiles, rounded},
    load::{CallError, Caller, Load, LoadCaller, Times},
    prometheus::{STATEMENTS, growth},
    scan::text_member,
    span::{Reading, as_float, per, watch},
    stack::Stack,
};

/// What to run.
#[derive(Debug, Clone, clap::Args)]
pub struct SessionsPlan {
    /// Callers at the same time, each another application
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: u16,
    /// Measured span, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub seconds: u16,
    /// Span before it, in seconds
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=60))]
    pub warmup: u16,
    /// First calls of applications that nobody has used; 0 measures none
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(0..=200))]
    pub cold: u16,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct SessionsReport {
    /// Callers at the same time.
    pub workers: u16,
    /// Measured span.
    pub seconds: f64,
    /// Sessions that were started and ended in it.
    pub sessions: u64,
    /// The same for each second.
    pub sessions_per_second: f64,
    /// A start.
    pub start: Percentiles,
    /// An end.
    pub end: Percentiles,
    /// CPU time of our processes for each session, in microseconds.
    pub cpu_us_per_session: f64,
    /// CPU time of the generator for each session, in microseconds. Not ours, but on the same cores.
    pub generator_cpu_us_per_session: f64,
    /// SQL statements for each session by what they were for; empty when the Coordinator does not tell.
    pub statements_per_session: BTreeMap<String, f64>,
    /// From the request for a lifecycle token by an application that nobody has used to its first answer of an upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_call: Option<Percentiles>,
    /// Starts and ends that failed, warm-up included.
    pub failed: u64,
    /// What went wrong first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
}

impl SessionsReport {
    /// Whether every session was started and ended.
    pub fn is_clean(&self) -> bool {
        self.failed == 0
    }
}

/// Sets up a fixture and measures.
///
/// # Errors
/// When setting up fails, or no session is started and ended.
pub async fn run(stack: &Stack, world: &World, plan: &SessionsPlan) -> anyhow::Result<SessionsReport> {
    // Before any load, and as the first that happens.
    let first_call = match usize::from(plan.cold) {
        0 => None,
        rounds => {
            let latencies = first_calls(stack, world, rounds).await;
            Some(Percentiles::from(&latencies.context("first calls")?))
        }
    };
    let fixture = Fixture::set_up(stack, world, usize::from(plan.workers), 0)
        .await
        .context("setting up")?;
    let mut callers = Vec::with_capacity(fixture.agents.len());
    for agent in &fixture.agents {
        callers.push(SessionCaller::new(stack, agent).await?);
    }
    let load = Load::of(callers.into_iter(), None);
    watch(&load, Duration::from_secs(plan.warmup.into())).await?;

    // SQL is counted around the span, CPU exactly in it: rendering metrics costs CPU as well.
    let (statements_before, sessions_before) = (statements(stack).await, load.completed());
    load.begin_measuring(Instant::now());
    let before = Reading::take(stack, load.completed())?;
    watch(&load, Duration::from_secs(plan.seconds.into())).await?;
    let after = Reading::take(stack, load.completed())?;
    load.end_measuring();
    let (statements_after, sessions_after) = (statements(stack).await, load.completed());

    let (failed, first_failure) = (load.failed(), load.first_failure());
    let tally = load.finish().await;
    let sessions = after.calls - before.calls;
    ensure!(
        sessions > 0,
        "no session was started and ended: {}",
        first_failure.as_deref().unwrap_or("none was asked for")
    );
    let seconds = after.at.duration_since(before.at).as_secs_f64();
    let micros = |later: Duration, earlier: Duration| later.saturating_sub(earlier).as_secs_f64() * 1e6;
    Ok(SessionsReport {
        workers: plan.workers,
        seconds: rounded(seconds, 3),
        sessions,
        sessions_per_second: rounded(as_float(sessions) / seconds, 1),
        start: (&tally.first).into(),
        end: (&tally.second).into(),
        cpu_us_per_session: rounded(per(micros(after.ours, before.ours), sessions), 1),
        generator_cpu_us_per_session: rounded(per(micros(after.generator, before.generator), sessions), 1),
        statements_per_session: growth(&statements_before, &statements_after)
            .into_iter()
            .map(|(labels, grown)| (labels, rounded(per(grown, sessions_after - sessions_before), 2)))
            .collect(),
        first_call,
        failed,
        first_failure,
    })
}

/// The first calls of applications that nobody has used, each over connections of its own: from the request for the lifecycle
/// token over two sessions, the delegation between them and a mandate to the upstream's answer.
async fn first_calls(stack: &Stack, world: &World, rounds: usize) -> anyhow::Result<Latencies> {
    let (fixture, unused) = Fixture::unused(stack, world, rounds).await?;
    let mut latencies = Latencies::default();
    for application in unused {
        let began = Instant::now();
        let agent = application.start(stack).await?;
        LoadCaller::new(&fixture, &agent).call().await?;
        latencies.record(began.elapsed());
    }
    Ok(latencies)
}

/// SQL statements so far of the process behind the Coordinator.
async fn statements(stack: &Stack) -> BTreeMap<String, f64> {
    let counted = stack.counter(stack.coordinator, STATEMENTS).await;
    counted.unwrap_or_default()
}

/// Starts sessions and ends them.
struct SessionCaller {
    coordinator: Connection,
    client: JsonClient,
    start: Vec<u8>,
    sessions: String,
}

impl SessionCaller {
    async fn new(stack: &Stack, agent: &Agent) -> anyhow::Result<Self> {
        let client = agent.coordinator_client().await?;
        let sessions = agent.sessions_path();
        Ok(Self {
            coordinator: Connection::new(stack.coordinator),
            start: client.request("POST", &sessions, Some(&json::tree(&agent.session()))),
            client,
            sessions,
        })
    }
}

impl Caller for SessionCaller {
    async fn call(&mut self) -> Result<Times, CallError> {
        let failed = |error: HttpError| CallError::Start(error.to_string());
        let answer = self.coordinator.exchange(&self.start).await.map_err(failed)?;
        if answer.status != 201 {
            return Err(CallError::Start(answer.summary()));
        }
        let session = text_member(answer.body, "agent_session_id")
            .ok_or_else(|| CallError::Start(String::from("no agent_session_id in the answer")))?;
        let end = self
            .client
            .request("DELETE", &format!("{}/{session}", self.sessions), None);
        let between = Instant::now();
        let failed = |error: HttpError| CallError::End(error.to_string());
        let answer = self.coordinator.exchange(&end).await.map_err(failed)?;
        if answer.status != 204 {
            return Err(CallError::End(answer.summary()));
        }
        Ok(Times {
            between,
            ended: Instant::now(),
        })
    }
}

impl fmt::Display for SessionsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "sessions a second    {} ({} started and ended by {} callers in {} s, {} failed)",
            self.sessions_per_second, self.sessions, self.workers, self.seconds, self.failed
        )?;
        writeln!(f, "  start              {}", self.start)?;
        writeln!(f, "  end                {}", self.end)?;
        write!(
            f,
            "CPU a session        {} µs ours, {} µs generator",
            self.cpu_us_per_session, self.generator_cpu_us_per_session
        )?;
        for (labels, statements) in &self.statements_per_session {
            write!(f, "\nSQL a session        {labels}: {statements}")?;
        }
        if let Some(first_call) = &self.first_call {
            write!(f, "\nfirst call           {first_call}")?;
        }
        if let Some(failure) = &self.first_failure {
            write!(f, "\nfirst failure        {failure}")?;
        }
        Ok(())
    }
}
