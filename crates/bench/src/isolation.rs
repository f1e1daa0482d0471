//! `caracal-bench isolation`: what a governed call of zone B takes while zone A does its worst.
//!
//! Zone B calls in an open loop, so a stall shows in every call that was due in it. Each case has zone A (or a
//! stranger) do one thing that once stopped the fleet, from a thread of its own, at a stated rate: the question is
//! whether the others wait for it, not whether two cores can do the work of three. The answer is B's p99 as a multiple
//! of what it was when nobody else was there. What zone A left behind counts too: B is measured once more, alone.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use caracal_core::{World, ZoneId, json};
use caracal_wire::control::{
    Name,
    admin_tokens::{CreateToken, TokenCapability, TokenScope},
};

use crate::{
    fixture::Fixture,
    json_client::{JsonClient, text},
    latency::{Latencies, rounded},
    load::Load,
    pace::Arrivals,
    stack::Stack,
};

mod attack;
mod case;
mod control;
mod did;
mod policies;
mod report;
mod strangers;
mod worst;
mod zones;

use self::attack::Attack;
pub use self::{
    case::Case,
    did::Did,
    report::{CaseReport, IsolationReport},
    worst::Worst,
};

/// Pause between two looks at a running load.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Pause after a case, so that what it left behind is not counted for the next.
const SETTLE: Duration = Duration::from_secs(2);

/// What to run.
#[derive(Debug, Clone, clap::Args)]
pub struct IsolationPlan {
    /// Governed calls of zone B that are due each second
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// Callers of zone B at the same time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: u16,
    /// Measured span of each case, and of quiet before and after, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub seconds: u16,
    /// Span in which zone A is busy before anything is measured, in seconds
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=60))]
    pub warmup: u16,
    /// Most that B's p99 may be, as a multiple of its quiet value
    #[arg(long, default_value_t = 2.0)]
    pub at_most: f64,
    /// Cases to run [default: all]
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<Case>,
    /// How bad zone A is
    #[command(flatten)]
    pub worst: Worst,
}

impl IsolationPlan {
    /// The cases that `stack` allows, and those that it does not.
    fn cases(&self, stack: &Stack) -> anyhow::Result<(Vec<Case>, Vec<Case>)> {
        let wanted = if self.only.is_empty() {
            Case::ALL.to_vec()
        } else {
            self.only.clone()
        };
        let allowed = |case: &Case| !case.needs_own_daemon() || stack.own_home().is_some();
        let (made, left_out): (Vec<Case>, Vec<Case>) = wanted.into_iter().partition(allowed);
        if let Some(case) = left_out.first().filter(|_| !self.only.is_empty()) {
            bail!("{case} writes to the daemon's store: it needs --spawn");
        }
        Ok((made, left_out))
    }
}

/// Sets two zones up and measures the second.
///
/// # Errors
/// When setting up fails, zone A cannot do its worst, or no call of zone B succeeds.
pub async fn run(stack: &Stack, world: &World, plan: &IsolationPlan) -> anyhow::Result<IsolationReport> {
    ensure!(
        plan.at_most.is_finite() && plan.at_most >= 1.0,
        "--at-most is a number from 1"
    );
    let (cases, left_out) = plan.cases(stack)?;
    let quiet_zone = Fixture::set_up(stack, world, 1, 0)
        .await
        .context("setting zone B up")?;
    // The same host upstream: its places are what they share.
    let busy_zone = Fixture::beside(stack, world, quiet_zone.upstream.clone())
        .await
        .context("setting zone A up")?;
    let agent = busy_zone
        .agents
        .first()
        .context("a fixture has an agent")?
        .clone();
    let token = read_token(stack, agent.zone()).await.context("zone A's token")?;
    let mut worst = worst::Attacker::new(stack, agent, token, plan.worst.clone());
    if let Some(home) = stack.own_home().filter(|_| cases.contains(&Case::UnreadableZone)) {
        let damaged = zones::unreadable(stack, world, quiet_zone.upstream.clone(), home);
        worst.unreadable = Some(damaged.await.context("making a zone unreadable")?);
    }

    let warm = Duration::from_secs(plan.warmup.into());
    let span = Duration::from_secs(plan.seconds.into());
    calls_of(&quiet_zone, plan, warm.max(POLL_INTERVAL)).await?;
    let quiet = calls_of(&quiet_zone, plan, span).await.context("quiet, before")?;
    let mut rows = Vec::with_capacity(cases.len().saturating_add(1));
    for case in cases {
        eprintln!("caracal-bench: {case}");
        let attack = Attack::start(case, &worst).context("starting a case")?;
        tokio::time::sleep(warm).await;
        let calls = calls_of(&quiet_zone, plan, span).await;
        let did = attack.end().with_context(|| format!("zone A: {case}"))?;
        let calls = calls.with_context(|| format!("zone B: {case}"))?;
        rows.push(row(&quiet, Some(case), did, calls));
        tokio::time::sleep(SETTLE).await;
    }
    let after = calls_of(&quiet_zone, plan, span).await.context("quiet, after")?;
    rows.push(row(&quiet, None, Did::default(), after));
    Ok(IsolationReport {
        rate: plan.rate,
        at_most: plan.at_most,
        quiet: (&quiet.latencies).into(),
        quiet_failed: quiet.failed,
        rows,
        left_out,
    })
}

fn row(quiet: &Calls, case: Option<Case>, zone_a: Did, calls: Calls) -> CaseReport {
    let quiet_p99_ms = quiet.latencies.percentile_ms(99.0);
    let worst_p99_ms = calls.latencies.percentile_ms(99.0);
    CaseReport {
        case,
        quiet_p99_ms,
        worst_p99_ms,
        ratio: rounded(worst_p99_ms / quiet_p99_ms.max(f64::MIN_POSITIVE), 2),
        zone_a,
        zone_b: (&calls.latencies).into(),
        failed: calls.failed,
        first_failure: calls.first_failure,
    }
}

/// What zone B's calls took.
struct Calls {
    latencies: Latencies,
    failed: u64,
    first_failure: Option<String>,
}

async fn calls_of(fixture: &Fixture, plan: &IsolationPlan, span: Duration) -> anyhow::Result<Calls> {
    let workers = usize::from(plan.workers);
    // Before the first arrival: on a busy machine all of a short span may be due by the time that the load has started.
    let since = Instant::now();
    let arrivals = Arrivals::begin(plan.rate, span, workers)?;
    let load = Load::start(fixture, workers, Some(&arrivals));
    load.begin_measuring(since);
    let until = tokio::time::Instant::now() + span;
    while tokio::time::Instant::now() < until {
        if load.gave_up() {
            bail!(
                "too many calls fail: {}",
                load.first_failure().unwrap_or_default()
            );
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    load.end_measuring();
    let (failed, first_failure) = (load.failed(), load.first_failure());
    let latencies = load.finish().await.calls;
    ensure!(
        latencies.count() > 0,
        "no call succeeded: {}",
        first_failure.as_deref().unwrap_or("none was made")
    );
    Ok(Calls {
        latencies,
        failed,
        first_failure,
    })
}

/// What makes a token that reads `zone`.
fn reader(name: String, zone: &str) -> anyhow::Result<CreateToken> {
    Ok(CreateToken {
        name: Name(name),
        scope: TokenScope::Zone,
        zone_id: Some(ZoneId::parse(zone)?),
        capability: Some(TokenCapability::Read),
        reveals: None,
        expires_at: None,
    })
}

/// What whoever may read zone A has.
async fn read_token(stack: &Stack, zone: &str) -> anyhow::Result<caracal_core::Secret> {
    let api = JsonClient::new(stack.api, Some(stack.admin_token.clone()));
    let body = json::tree(&reader(String::from("bench"), zone)?);
    let made = api.call(201, "POST", "/v1/admin-tokens", Some(&body)).await?;
    Ok(caracal_core::Secret::new(text(&made, "token")?))
}
