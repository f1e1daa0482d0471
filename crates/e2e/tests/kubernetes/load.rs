//! Governed calls that go on while something is done to the release.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use caracal_e2e::{Agent, Call, Fixture, READ, Reply};
use futures_util::future::join_all;
use tokio::time::{Duration, Instant, sleep};

/// Callers, each one call after the other.
const CALLERS: usize = 4;
/// As many failures are told.
const TOLD: usize = 5;

/// What became of the calls.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    /// Minted, honoured, answered by the upstream.
    pub(crate) passed: AtomicUsize,
    /// Anything else.
    pub(crate) lost: AtomicUsize,
    told: Mutex<Vec<String>>,
}

impl Outcomes {
    fn lose(&self, what: String) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        let mut told = self.told.lock().expect("nobody panics with it");
        if told.len() < TOLD {
            told.push(what);
        }
    }

    /// No call was lost.
    pub(crate) fn assert_none_lost(&self, during: &str) {
        let (passed, lost) = (
            self.passed.load(Ordering::Relaxed),
            self.lost.load(Ordering::Relaxed),
        );
        println!("figure: {during}: {passed} governed calls, {lost} lost");
        assert!(passed > 0, "{during}: no call passed");
        let told = self.told.lock().expect("nobody panics with it");
        assert_eq!(lost, 0, "{during}: {told:#?}");
    }
}

/// Does `work` while calls go on; what became of them.
pub(crate) async fn during(fixture: &Fixture<'_>, work: impl Future<Output = ()>) -> Outcomes {
    let agents = join_all((0..CALLERS).map(|_| fixture.agent())).await;
    let (over, outcomes) = (AtomicBool::new(false), Outcomes::default());
    let started = Instant::now();
    let working = async {
        // Calls are on their way before anything happens.
        sleep(Duration::from_millis(500)).await;
        work.await;
        over.store(true, Ordering::Relaxed);
    };
    let calling = join_all(
        agents
            .iter()
            .map(|agent| call_until(fixture, agent, &over, &outcomes)),
    );
    tokio::join!(working, calling);
    println!("figure: it took {} s", started.elapsed().as_secs());
    outcomes
}

async fn call_until(fixture: &Fixture<'_>, agent: &Agent, over: &AtomicBool, outcomes: &Outcomes) {
    while !over.load(Ordering::Relaxed) {
        match once(fixture, agent).await {
            Ok(()) => {
                outcomes.passed.fetch_add(1, Ordering::Relaxed);
            }
            Err(what) => outcomes.lose(what),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn once(fixture: &Fixture<'_>, agent: &Agent) -> Result<(), String> {
    let minted = answered("mint", fixture.mint_request(agent, READ, &[])).await?;
    let mandate = minted.text_of("access_token");
    answered("call", fixture.call_request(&mandate, &Call::default()))
        .await
        .map(|_| ())
}

async fn answered(what: &str, request: reqwest::RequestBuilder) -> Result<Reply, String> {
    match Reply::attempt(request).await {
        Some(reply) if reply.status == 200 => Ok(reply),
        Some(reply) => Err(format!("{what}: {} {}", reply.status, reply.text)),
        None => Err(format!("{what}: no answer")),
    }
}
