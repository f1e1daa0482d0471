//! `caracal-bench governed`: governed calls a second, their latencies, what they cost, and what they could cost.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use caracal_core::World;
use serde::Serialize;

use crate::{
    es256::{self, Limit},
    latency::rounded,
    load::Load,
    pace::Arrivals,
    process,
    prometheus::growth,
    scene::{MOST_APPLICATIONS, Scene},
    stack::Stack,
};

/// How long each ES256 operation is measured.
const ES256_SPAN: Duration = Duration::from_millis(500);
/// Pause between two looks at a running load.
const GLANCE: Duration = Duration::from_millis(50);

/// What to run.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// Callers at the same time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: u16,
    /// Measured span, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub seconds: u16,
    /// Span before it, in seconds
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=60))]
    pub warmup: u16,
    /// Open loop: calls that are due each second, whoever is busy; latencies count from when a call was due
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
    /// Bytes each call carries to the upstream and back
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_048_576))]
    pub payload: u32,
    /// Applications that call, each with its resource, sessions and delegation
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=MOST_APPLICATIONS as i64))]
    pub apps: u16,
}

impl Plan {
    /// A closed loop of `workers` with the defaults for everything else.
    pub fn closed(workers: u16, seconds: u16) -> Self {
        Self {
            workers,
            seconds,
            warmup: 2,
            rate: None,
            payload: 0,
            apps: 1,
        }
    }
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `closed` or `open`.
    pub r#loop: &'static str,
    /// Callers at the same time.
    pub workers: u16,
    /// Calls due each second, in an open loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Bytes each call carried each way.
    pub payload_bytes: u32,
    /// Applications that called.
    pub apps: u16,
    /// Measured span.
    pub seconds: f64,
    /// Successful calls in it.
    pub calls: u64,
    /// Successful calls a second.
    pub calls_per_second: f64,
    /// Latencies of whole calls, in milliseconds.
    pub p50_ms: f64,
    /// 95 of 100 calls took no longer.
    pub p95_ms: f64,
    /// 99 of 100 calls took no longer.
    pub p99_ms: f64,
    /// The longest call.
    pub max_ms: f64,
    /// The mint alone.
    pub mint_p50_ms: f64,
    /// The mint alone.
    pub mint_p99_ms: f64,
    /// The request through the Gateway alone.
    pub gateway_p50_ms: f64,
    /// The request through the Gateway alone.
    pub gateway_p99_ms: f64,
    /// CPU time of our processes for each call, in microseconds.
    pub cpu_us_per_call: f64,
    /// CPU time of generator and upstream for each call, in microseconds. Not ours, but on the same cores.
    pub generator_cpu_us_per_call: f64,
    /// SQL statements for each call; absent when the stack does not tell.
    pub statements_per_call: Option<f64>,
    /// The same by the counter's labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub statements_per_call_by_label: BTreeMap<String, f64>,
    /// Cores the machine gives to all of it.
    pub cores: usize,
    /// What the machine can sign and verify.
    #[serde(flatten)]
    pub limit: Limit,
    /// `calls_per_second` in parts of what all cores could sign and verify.
    pub ratio_to_limit: f64,
    /// Failed calls, warm-up included.
    pub failed: u64,
    /// What went wrong first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
    /// Calls of an open loop that could not be made in time.
    pub unserved: u64,
}

/// Sets up a scene and measures.
///
/// # Errors
/// When setting up fails, or no call succeeds.
pub async fn run(stack: &Stack, world: &World, plan: &Plan) -> anyhow::Result<Report> {
    // Before any load, on a quiet machine.
    let limit = es256::measure(world, ES256_SPAN)?;
    let payload = usize::try_from(plan.payload)?;
    let scene = Scene::set_up(stack, world, usize::from(plan.apps), payload)
        .await
        .context("setting up")?;
    let report = measure(stack, &scene, plan, limit).await?;
    ensure!(
        scene.upstream.refused() == 0,
        "{} requests reached the upstream without its key or with a mandate",
        scene.upstream.refused()
    );
    Ok(report)
}

async fn measure(stack: &Stack, scene: &Scene, plan: &Plan, limit: Limit) -> anyhow::Result<Report> {
    let (warmup, span) = (
        Duration::from_secs(plan.warmup.into()),
        Duration::from_secs(plan.seconds.into()),
    );
    let workers = usize::from(plan.workers);
    let arrivals = plan
        .rate
        .map(|rate| Arrivals::begin(rate, warmup + span, workers))
        .transpose()?;
    let load = Load::start(scene, workers, arrivals.as_ref());
    watch(&load, warmup).await?;

    // SQL is counted around the span, CPU exactly in it: rendering metrics costs CPU as well.
    let (statements_before, calls_before) = (stack.statements().await, load.completed());
    load.begin_measuring();
    let before = Reading::take(stack, &load)?;
    watch(&load, span).await?;
    let after = Reading::take(stack, &load)?;
    load.end_measuring();
    let (statements_after, calls_after) = (stack.statements().await, load.completed());

    let (failed, first_failure) = (load.failed(), load.first_failure());
    let tally = load.finish().await;
    let calls = after.calls - before.calls;
    ensure!(
        calls > 0,
        "no call succeeded: {}",
        first_failure.as_deref().unwrap_or("none was made")
    );
    let by_label: BTreeMap<String, f64> = match (&statements_before, &statements_after) {
        (Some(before), Some(after)) => growth(before, after)
            .into_iter()
            .map(|(labels, grown)| (labels, rounded(per(grown, calls_after - calls_before), 4)))
            .collect(),
        _ => BTreeMap::new(),
    };
    let seconds = after.at.duration_since(before.at).as_secs_f64();
    let calls_per_second = rounded(as_float(calls) / seconds, 1);
    let micros = |later: Duration, earlier: Duration| later.saturating_sub(earlier).as_secs_f64() * 1e6;
    let cores = process::cores();
    Ok(Report {
        r#loop: if plan.rate.is_some() { "open" } else { "closed" },
        workers: plan.workers,
        rate: plan.rate,
        payload_bytes: plan.payload,
        apps: plan.apps,
        seconds: rounded(seconds, 3),
        calls,
        calls_per_second,
        p50_ms: tally.calls.percentile_ms(50.0),
        p95_ms: tally.calls.percentile_ms(95.0),
        p99_ms: tally.calls.percentile_ms(99.0),
        max_ms: tally.calls.max_ms(),
        mint_p50_ms: tally.mints.percentile_ms(50.0),
        mint_p99_ms: tally.mints.percentile_ms(99.0),
        gateway_p50_ms: tally.gateway.percentile_ms(50.0),
        gateway_p99_ms: tally.gateway.percentile_ms(99.0),
        cpu_us_per_call: rounded(per(micros(after.ours, before.ours), calls), 1),
        generator_cpu_us_per_call: rounded(per(micros(after.generator, before.generator), calls), 1),
        statements_per_call: statements_after.map(|_| rounded(by_label.values().sum(), 4)),
        statements_per_call_by_label: by_label,
        cores,
        limit,
        ratio_to_limit: limit.ratio(calls_per_second, cores),
        failed,
        first_failure,
        unserved: tally.unserved,
    })
}

/// Everything that is read at both ends of the span.
struct Reading {
    at: Instant,
    calls: u64,
    ours: Duration,
    generator: Duration,
}

impl Reading {
    fn take(stack: &Stack, load: &Load) -> anyhow::Result<Self> {
        Ok(Self {
            ours: process::cpu_time_of_all(&stack.pids)?,
            generator: process::cpu_time(std::process::id())?,
            calls: load.completed(),
            at: Instant::now(),
        })
    }
}

/// Lets the load run for `span`.
async fn watch(load: &Load, span: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + span;
    loop {
        if load.gave_up() {
            bail!(
                "too many calls fail: {}",
                load.first_failure().unwrap_or_default()
            );
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        tokio::time::sleep(left.min(GLANCE)).await;
    }
}

fn per(value: f64, calls: u64) -> f64 {
    value / as_float(calls.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "counts of minutes, far below 2^52")]
fn as_float(count: u64) -> f64 {
    count as f64
}

impl Report {
    /// Whether every call was made and succeeded.
    pub fn is_clean(&self) -> bool {
        self.failed == 0 && self.unserved == 0
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let pace = match self.rate {
            Some(rate) => format!("open loop, {rate} due a second, {} workers", self.workers),
            None => format!("closed loop, {} workers", self.workers),
        };
        writeln!(f, "governed calls       {pace}, {} s", self.seconds)?;
        writeln!(
            f,
            "calls a second       {} ({} calls, {} failed)",
            self.calls_per_second, self.calls, self.failed
        )?;
        writeln!(
            f,
            "latency ms           p50 {}  p95 {}  p99 {}  max {}",
            self.p50_ms, self.p95_ms, self.p99_ms, self.max_ms
        )?;
        writeln!(
            f,
            "  mint               p50 {}  p99 {}",
            self.mint_p50_ms, self.mint_p99_ms
        )?;
        writeln!(
            f,
            "  through the Gateway p50 {}  p99 {}",
            self.gateway_p50_ms, self.gateway_p99_ms
        )?;
        writeln!(
            f,
            "CPU a call           {} µs ours, {} µs generator and upstream",
            self.cpu_us_per_call, self.generator_cpu_us_per_call
        )?;
        match self.statements_per_call {
            Some(statements) => writeln!(f, "SQL a call           {statements} statements")?,
            None => writeln!(f, "SQL a call           not told by this stack")?,
        }
        for (labels, statements) in &self.statements_per_call_by_label {
            if !labels.is_empty() {
                writeln!(f, "  {labels}: {statements}")?;
            }
        }
        write!(
            f,
            "ES256 limit          {} calls a second and core (sign {} µs, verify {} µs); {} of it on {} cores",
            self.limit.es256_limit_per_core,
            self.limit.es256_sign_us,
            self.limit.es256_verify_us,
            self.ratio_to_limit,
            self.cores
        )?;
        if self.unserved > 0 {
            write!(
                f,
                "\nunserved             {} calls were due but could not be made in time",
                self.unserved
            )?;
        }
        if let Some(failure) = &self.first_failure {
            write!(f, "\nfirst failure        {failure}")?;
        }
        Ok(())
    }
}
