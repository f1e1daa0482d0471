//! `caracal-bench governed`: governed calls a second, their latencies, what they cost, and what they could cost.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    es256::{self, Limit},
    fixture::{Fixture, MOST_APPLICATIONS},
    latency::rounded,
    ledger::{self, Drained},
    load::Load,
    pace::Arrivals,
    process,
    prometheus::growth,
    span::{Reading, as_float, per, watch},
    stack::Stack,
};
use anyhow::{Context as _, ensure};
use caracal_core::World;

mod report;

pub use self::report::{GovernedReport, LedgerUse};

/// How long each ES256 operation is measured.
const ES256_SPAN: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Debug, Clone, clap::Args)]
pub struct GovernedPlan {
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

impl GovernedPlan {
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

/// Sets up a fixture and measures.
///
/// # Errors
/// When setting up fails, or no call succeeds.
pub async fn run(stack: &Stack, world: &World, plan: &GovernedPlan) -> anyhow::Result<GovernedReport> {
    // Before any load, on a quiet machine.
    let limit = es256::measure(world, ES256_SPAN)?;
    let payload = usize::try_from(plan.payload)?;
    let fixture = Fixture::set_up(stack, world, usize::from(plan.apps), payload)
        .await
        .context("setting up")?;
    let report = measure(stack, &fixture, plan, limit).await?;
    ensure!(
        fixture.upstream.refused() == 0,
        "{} requests reached the upstream without its key or with a mandate",
        fixture.upstream.refused()
    );
    Ok(report)
}

async fn measure(
    stack: &Stack,
    fixture: &Fixture,
    plan: &GovernedPlan,
    limit: Limit,
) -> anyhow::Result<GovernedReport> {
    let (warmup, span) = (
        Duration::from_secs(plan.warmup.into()),
        Duration::from_secs(plan.seconds.into()),
    );
    let workers = usize::from(plan.workers);
    let (start, entries) = (Reading::take(stack, 0)?, ledger::entries(stack).await);
    let arrivals = plan
        .rate
        .map(|rate| Arrivals::begin(rate, warmup + span, workers))
        .transpose()?;
    let load = Load::start(fixture, workers, arrivals.as_ref());
    watch(&load, warmup).await?;

    // SQL is counted around the span, CPU exactly in it: rendering metrics costs CPU as well.
    let (statements_before, calls_before) = (stack.statements().await, load.completed());
    load.begin_measuring(Instant::now());
    let before = Reading::take(stack, load.completed())?;
    watch(&load, span).await?;
    let after = Reading::take(stack, load.completed())?;
    load.end_measuring();
    let (statements_after, calls_after) = (stack.statements().await, load.completed());

    let (failed, first_failure) = (load.failed(), load.first_failure());
    let tally = load.finish().await;
    let finished = Instant::now();
    let settled = match entries {
        Some(entries) => ledger::drain(stack, entries).await?,
        None => None,
    };
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
    let under_load = rounded(per(micros(after.ours, before.ours), calls), 1);
    let whole = settled.map(|settled| rounded(per(micros(settled.ours, start.ours), tally.completed), 1));
    let cores = process::cores();
    Ok(GovernedReport {
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
        mint_p50_ms: tally.first.percentile_ms(50.0),
        mint_p99_ms: tally.first.percentile_ms(99.0),
        gateway_p50_ms: tally.second.percentile_ms(50.0),
        gateway_p99_ms: tally.second.percentile_ms(99.0),
        cpu_us_per_call: whole.unwrap_or(under_load),
        cpu_us_per_call_under_load: under_load,
        ledger: settled.map(|settled| ledger_of(&settled, &start, finished, tally.completed)),
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

fn ledger_of(settled: &Drained, start: &Reading, finished: Instant, calls: u64) -> LedgerUse {
    let whole = settled.at.max(finished).duration_since(start.at).as_secs_f64();
    LedgerUse {
        ledger_entries_per_call: rounded(per(settled.entries, calls), 2),
        ledger_lag_seconds: rounded(settled.at.saturating_duration_since(finished).as_secs_f64(), 2),
        sustained_calls_per_second: rounded(as_float(calls) / whole, 1),
        ledger_caught_up: settled.caught_up,
    }
}
