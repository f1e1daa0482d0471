//! Governed calls, and what their clients were told.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::Duration,
};

use caracal_e2e::{Agent, Call, Fixture, READ, Role, Stack};
use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// Callers at the same time.
const WORKERS: usize = 8;
/// Pause of a caller between two calls: enough load to be there at every moment, not so much that a small machine is
/// busy with it alone.
const PAUSE: Duration = Duration::from_millis(15);
/// Pause after an answer that says to come back later.
const LATER: Duration = Duration::from_millis(50);

/// Where in the drill an answer was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    Before,
    Fault,
    After,
}

/// What a client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Mint,
    Call,
}

/// What a client was told, if anything.
#[derive(Debug, Clone)]
pub(crate) struct ClientAnswer {
    pub(crate) asked: RequestKind,
    pub(crate) id: String,
    pub(crate) phase: Phase,
    /// Absent when the connection was refused or lost.
    pub(crate) status: Option<u16>,
    pub(crate) timed_out: bool,
    pub(crate) retry_after: bool,
    pub(crate) reason: String,
    pub(crate) took: Duration,
}

/// The load of a drill.
#[derive(Debug)]
pub(crate) struct Load {
    answers: Mutex<Vec<ClientAnswer>>,
    phase: AtomicU8,
    stopped: AtomicBool,
    /// When a governed call last passed.
    passed_at: Mutex<Option<Instant>>,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            answers: Mutex::default(),
            phase: AtomicU8::new(Phase::Before as u8),
            stopped: AtomicBool::new(false),
            passed_at: Mutex::default(),
        }
    }
}

impl Load {
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::SeqCst);
    }

    fn phase(&self) -> Phase {
        match self.phase.load(Ordering::SeqCst) {
            0 => Phase::Before,
            1 => Phase::Fault,
            _ => Phase::After,
        }
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    pub(crate) fn answers(&self) -> Vec<ClientAnswer> {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until a governed call passed after `ended` and every role is ready; how long that took.
    pub(crate) async fn recovered(
        &self,
        stack: &Stack,
        ended: Instant,
        timeout: Duration,
    ) -> Option<Duration> {
        let passed_since = || {
            let passed = *self.passed_at.lock().unwrap_or_else(PoisonError::into_inner);
            passed.is_some_and(|at| at > ended)
        };
        while !passed_since() {
            if ended.elapsed() > timeout {
                return None;
            }
            sleep(Duration::from_millis(10)).await;
        }
        for role in Role::ALL {
            loop {
                let ready = stack.request(role, "GET", "/ready").send().await;
                if ready.is_ok_and(|ready| ready.status().is_success()) {
                    break;
                }
                if ended.elapsed() > timeout {
                    return None;
                }
                sleep(Duration::from_millis(10)).await;
            }
        }
        Some(ended.elapsed())
    }

    /// Sends and remembers what was told; the mandate of a mint, an empty text for a call that passed.
    async fn ask(&self, asked: RequestKind, id: String, request: reqwest::RequestBuilder) -> Option<String> {
        let (phase, began) = (self.phase(), Instant::now());
        let mut outcome = ClientAnswer {
            asked,
            id,
            phase,
            status: None,
            timed_out: false,
            retry_after: false,
            reason: String::new(),
            took: Duration::ZERO,
        };
        let mut good = None;
        match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                outcome.retry_after = answer.headers().contains_key("retry-after");
                match answer.bytes().await {
                    Ok(body) => {
                        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
                        outcome.status = Some(status);
                        let reason = body["reason"].as_str().or(body["error"].as_str());
                        reason.unwrap_or_default().clone_into(&mut outcome.reason);
                        if status == 200 {
                            good = Some(body["access_token"].as_str().unwrap_or_default().to_owned());
                        }
                    }
                    // The head alone is no answer.
                    Err(error) => outcome.timed_out = error.is_timeout(),
                }
            }
            Err(error) => outcome.timed_out = error.is_timeout(),
        }
        outcome.took = began.elapsed();
        if good.is_some() && asked == RequestKind::Call {
            *self.passed_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(outcome);
        good
    }
}

/// Whoever calls.
pub(crate) async fn agents(fixture: &Fixture<'_>) -> Vec<Agent> {
    let mut agents = Vec::new();
    for _ in 0..WORKERS {
        agents.push(fixture.agent().await);
    }
    agents
}

/// Calls until the load is stopped.
pub(crate) async fn work(load: &Load, fixture: &Fixture<'_>, agents: &[Agent]) {
    join_all(agents.iter().enumerate().map(|(worker, agent)| async move {
        for number in 0.. {
            if load.is_stopped() {
                return;
            }
            let id = format!("mint-{worker}-{number}");
            let request = fixture.mint_request(agent, READ, &[]).header("X-Request-Id", &id);
            let Some(mandate) = load.ask(RequestKind::Mint, id, request).await else {
                sleep(LATER).await;
                continue;
            };
            let id = format!("call-{worker}-{number}");
            let call = Call {
                request_id: Some(&id),
                ..Call::default()
            };
            let request = fixture.call_request(&mandate, &call);
            let passed = load.ask(RequestKind::Call, id.clone(), request).await;
            sleep(if passed.is_some() { PAUSE } else { LATER }).await;
        }
    }))
    .await;
}
