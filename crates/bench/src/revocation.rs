//! `caracal-bench revocation`: how soon after a session ended or a delegation was revoked the Gateway refuses.
//!
//! Each round makes a session and a delegation of its own and mints mandates under it ahead of time. Probes then
//! spend the mandates at the Gateway one after the other while, in the background, other agents make governed
//! calls; in the middle of it the authority ends. What counts is the time from the answer to that request until
//! the first refusal, and that nothing begun afterwards gets through.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use caracal_core::World;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::{
    fixture::{Agent, DelegatedSession, Fixture, GatewayRequest, mint},
    http::Connection,
    json_client::JsonClient,
    latency::{Latencies, Percentiles},
    load::Load,
    stack::Stack,
};

/// Mandates minted ahead in each round.
const MANDATES: usize = 160;
/// Of these, kept for after the authority ended, so that a refusal is seen however long the request takes.
const RESERVED: usize = 32;
/// Calls that must have got through before the authority is ended.
const GOOD_BEFORE: usize = 4;
/// Probes at the same time.
const PROBES: usize = 2;
/// Longest wait for the first good calls.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What to run.
#[derive(Debug, Clone, clap::Args)]
pub struct RevocationPlan {
    /// Rounds of each kind
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub rounds: u16,
    /// Callers that make governed calls in the background
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(0..=256))]
    pub workers: u16,
}

/// How authority ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Session,
    Delegation,
}

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct RevocationReport {
    /// Sessions that were ended.
    pub session_end: EndingReport,
    /// Delegations that were revoked.
    pub delegation_revoke: EndingReport,
    /// Governed calls made in the background meanwhile.
    pub background_calls: u64,
    /// Background calls that failed.
    pub background_failed: u64,
}

/// One kind of ending.
#[derive(Debug, Clone, Serialize)]
pub struct EndingReport {
    /// From the answer of the ending request to the first refusal at the Gateway; 0 when it came before.
    pub to_first_refusal: Percentiles,
    /// The ending request itself.
    pub request: Percentiles,
    /// Calls begun after the answer that got through. Should be 0.
    pub allowed_after_answer: u64,
    /// Calls begun after the first refusal that got through. Should be 0.
    pub allowed_after_refusal: u64,
    /// Mints after the answer that succeeded. Should be 0.
    pub minted_after_answer: u64,
    /// Rounds in which no call was refused. Should be 0.
    pub never_refused: u64,
}

impl EndingReport {
    fn is_clean(&self) -> bool {
        self.allowed_after_answer == 0
            && self.allowed_after_refusal == 0
            && self.minted_after_answer == 0
            && self.never_refused == 0
    }
}

impl RevocationReport {
    /// Whether every ending held.
    pub fn is_clean(&self) -> bool {
        self.session_end.is_clean() && self.delegation_revoke.is_clean() && self.background_failed == 0
    }
}

/// Sets up a fixture and measures.
///
/// # Errors
/// When setting up fails, or a call ends neither allowed nor refused.
pub async fn run(stack: &Stack, world: &World, plan: &RevocationPlan) -> anyhow::Result<RevocationReport> {
    let fixture = Fixture::set_up(stack, world, 1, 0).await.context("setting up")?;
    let agent = fixture.agents.first().context("a fixture has an agent")?.clone();
    let load = Load::start(&fixture, usize::from(plan.workers), None);
    let session_end = rounds(&fixture, &agent, Ending::Session, plan.rounds)
        .await
        .context("ending sessions")?;
    let delegation_revoke = rounds(&fixture, &agent, Ending::Delegation, plan.rounds)
        .await
        .context("revoking delegations")?;
    let (background_calls, background_failed) = (load.completed(), load.failed());
    load.finish().await;
    Ok(RevocationReport {
        session_end,
        delegation_revoke,
        background_calls,
        background_failed,
    })
}

async fn rounds(
    fixture: &Fixture,
    agent: &Agent,
    ending: Ending,
    rounds: u16,
) -> anyhow::Result<EndingReport> {
    let (mut delays, mut requests) = (Latencies::default(), Latencies::default());
    let (mut after_answer, mut after_refusal, mut minted, mut never) = (0, 0, 0, 0);
    for _ in 0..rounds {
        let round = one_round(fixture, agent, ending).await?;
        requests.record(round.request);
        match round.verdict.first_refusal {
            Some(delay) => delays.record(delay),
            None => never += 1,
        }
        after_answer += round.verdict.allowed_after_answer;
        after_refusal += round.verdict.allowed_after_refusal;
        minted += u64::from(round.minted_after);
    }
    Ok(EndingReport {
        to_first_refusal: (&delays).into(),
        request: (&requests).into(),
        allowed_after_answer: after_answer,
        allowed_after_refusal: after_refusal,
        minted_after_answer: minted,
        never_refused: never,
    })
}

struct Round {
    request: Duration,
    verdict: Verdict,
    minted_after: bool,
}

async fn one_round(fixture: &Fixture, agent: &Agent, ending: Ending) -> anyhow::Result<Round> {
    let coordinator = agent.coordinator_client().await?;
    let grant = agent.new_grant(&coordinator).await?;
    let mint_request = agent.mint_request(&grant);
    let mut sts = Connection::new(agent.sts());
    let mut mandates = Vec::with_capacity(MANDATES);
    for _ in 0..MANDATES {
        mandates.push(mint(&mut sts, &mint_request).await?);
    }

    let shared = Arc::new(MandateReserve {
        mandates: Mutex::new(mandates),
        ..MandateReserve::default()
    });
    let mut probes = JoinSet::new();
    for _ in 0..PROBES {
        let (connection, request) = (fixture.gateway_connection(), fixture.gateway_request(agent));
        probes.spawn(probe(connection, request, shared.clone()));
    }
    let waiting_since = Instant::now();
    while shared.good.load(Ordering::Relaxed) < GOOD_BEFORE {
        if waiting_since.elapsed() > TIMEOUT || probes.is_empty() {
            bail!("the calls before the ending do not get through");
        }
        if let Some(Ok(Err(error))) = probes.try_join_next() {
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    let asked = Instant::now();
    end(&coordinator, agent, &grant, ending).await?;
    let answered = Instant::now();
    shared.ended.store(true, Ordering::Relaxed);

    let mut calls = Vec::with_capacity(MANDATES);
    while let Some(probe) = probes.join_next().await {
        calls.extend(probe.context("a probe ended early")??);
    }
    let minted_after = sts.exchange(&mint_request).await?.status == 200;
    Ok(Round {
        request: answered.duration_since(asked),
        verdict: judge(&calls, answered),
        minted_after,
    })
}

async fn end(
    coordinator: &JsonClient,
    agent: &Agent,
    grant: &DelegatedSession,
    ending: Ending,
) -> anyhow::Result<()> {
    match ending {
        Ending::Session => {
            coordinator
                .call(204, "DELETE", &agent.session_path(grant), None)
                .await?
        }
        Ending::Delegation => {
            coordinator
                .call(200, "PATCH", &agent.revocation_path(grant), None)
                .await?
        }
    };
    Ok(())
}

/// What the probes of a round share.
#[derive(Debug, Default)]
struct MandateReserve {
    mandates: Mutex<Vec<String>>,
    good: std::sync::atomic::AtomicUsize,
    ended: AtomicBool,
}

impl MandateReserve {
    /// The next mandate to spend. Before the end the reserve stays.
    fn take(&self) -> Option<String> {
        let mut mandates = self.mandates.lock();
        let spendable = self.ended.load(Ordering::Relaxed) || mandates.len() > RESERVED;
        if spendable { mandates.pop() } else { None }
    }

    fn is_spent(&self) -> bool {
        self.mandates.lock().is_empty()
    }
}

/// One call at the Gateway.
#[derive(Debug, Clone, Copy)]
struct Call {
    began: Instant,
    ended: Instant,
    allowed: bool,
}

async fn probe(
    mut connection: Connection,
    request: GatewayRequest,
    shared: Arc<MandateReserve>,
) -> anyhow::Result<Vec<Call>> {
    let (mut calls, mut buffer) = (Vec::with_capacity(MANDATES), Vec::new());
    while !shared.is_spent() {
        let Some(mandate) = shared.take() else {
            tokio::time::sleep(Duration::from_millis(1)).await;
            continue;
        };
        request.write(&mandate, &mut buffer);
        let began = Instant::now();
        let answer = connection.exchange(&buffer).await?;
        let allowed = match answer.status {
            200 => true,
            401 | 403 => false,
            _ => bail!("a probe was neither allowed nor refused: {}", answer.summary()),
        };
        calls.push(Call {
            began,
            ended: Instant::now(),
            allowed,
        });
        if allowed {
            shared.good.fetch_add(1, Ordering::Relaxed);
        }
        ensure!(
            allowed || shared.good.load(Ordering::Relaxed) > 0,
            "the first call was refused: {}",
            answer.summary()
        );
    }
    Ok(calls)
}

/// What the calls of a round say.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    first_refusal: Option<Duration>,
    allowed_after_answer: u64,
    allowed_after_refusal: u64,
}

fn judge(calls: &[Call], answered: Instant) -> Verdict {
    let first_refusal = calls
        .iter()
        .filter(|call| !call.allowed)
        .map(|call| call.ended)
        .min();
    let allowed_since = |instant: Instant| {
        let late = calls
            .iter()
            .filter(|call| call.allowed && call.began >= instant)
            .count();
        u64::try_from(late).unwrap_or(u64::MAX)
    };
    Verdict {
        first_refusal: first_refusal.map(|refused| refused.saturating_duration_since(answered)),
        allowed_after_answer: allowed_since(answered),
        allowed_after_refusal: first_refusal.map_or(0, allowed_since),
    }
}

impl fmt::Display for EndingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  answer to first refusal  {}", self.to_first_refusal)?;
        writeln!(f, "  the request itself       {}", self.request)?;
        write!(
            f,
            "  got through: {} after the answer, {} after a refusal; {} mints after the answer; {} never refused",
            self.allowed_after_answer,
            self.allowed_after_refusal,
            self.minted_after_answer,
            self.never_refused
        )
    }
}

impl fmt::Display for RevocationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ending a session\n{}", self.session_end)?;
        writeln!(f, "revoking a delegation\n{}", self.delegation_revoke)?;
        write!(
            f,
            "meanwhile {} governed calls of others, {} failed",
            self.background_calls, self.background_failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls from (begin, end, allowed), in milliseconds; the answer comes at 100.
    fn verdict(calls: &[(u64, u64, bool)]) -> Verdict {
        let zero = Instant::now();
        let at = |millis| zero + Duration::from_millis(millis);
        let calls: Vec<Call> = calls
            .iter()
            .map(|(began, ended, allowed)| Call {
                began: at(*began),
                ended: at(*ended),
                allowed: *allowed,
            })
            .collect();
        judge(&calls, at(100))
    }

    #[test]
    fn a_call_that_gets_through_after_the_answer_is_counted() {
        let found = verdict(&[(0, 10, true), (101, 105, true), (106, 110, false)]);
        assert_eq!((found.allowed_after_answer, found.allowed_after_refusal), (1, 0));
        assert_eq!(found.first_refusal, Some(Duration::from_millis(10)));
    }

    #[test]
    fn a_call_that_gets_through_after_a_refusal_is_counted() {
        let found = verdict(&[(90, 95, false), (96, 99, true), (100, 104, false)]);
        assert_eq!((found.allowed_after_answer, found.allowed_after_refusal), (0, 1));
        assert_eq!(found.first_refusal, Some(Duration::ZERO));
    }

    #[test]
    fn calls_that_began_before_may_get_through() {
        let found = verdict(&[(99, 130, true), (100, 101, false), (101, 102, false)]);
        assert_eq!((found.allowed_after_answer, found.allowed_after_refusal), (0, 0));
        assert_eq!(found.first_refusal, Some(Duration::from_millis(1)));
    }

    #[test]
    fn no_refusal_is_not_a_delay_of_zero() {
        assert_eq!(verdict(&[(101, 102, true)]).first_refusal, None);
    }

    #[test]
    fn the_reserve_is_kept_until_the_end() {
        let shared = MandateReserve {
            mandates: Mutex::new(vec![String::from("m"); RESERVED + 1]),
            ..MandateReserve::default()
        };
        assert!(shared.take().is_some());
        assert!(shared.take().is_none());
        shared.ended.store(true, Ordering::Relaxed);
        assert!(shared.take().is_some() && !shared.is_spent());
    }
}
