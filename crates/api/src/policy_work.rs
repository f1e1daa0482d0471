//! Reading and evaluating policies: work for a processor rather than for a connection, on threads of its own, bounded
//! for one caller and for all.

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_authz::document::Interrupt;
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use parking_lot::Mutex;
use tokio::{sync::Semaphore, time::timeout};

use crate::long_reads::LongReads;

/// How many policies of one principal are read at once.
const AT_ONCE: usize = 2;

/// How many more of its requests may wait.
const WAITING: usize = 14;

/// How long they wait.
const WAIT: Duration = Duration::from_secs(10);

/// What [`PolicyWork::run`] refuses with.
pub(crate) const REFUSES: [ErrorCode; 2] = [
    ErrorCode::TooManyPolicyChecks,
    ErrorCode::PolicyVerificationUnavailable,
];

/// Bounds what policies may cost. Clones share it.
#[derive(Debug, Clone)]
pub struct PolicyWork {
    threads: Arc<Semaphore>,
    callers: Callers,
    /// Those that go through much evidence, bounded for themselves: they last too long to be waited for.
    pub(crate) long: LongReads,
}

type Callers = Arc<Mutex<HashMap<String, Caller>>>;

#[derive(Debug)]
struct Caller {
    requests: usize,
    turns: Arc<Semaphore>,
}

impl PolicyWork {
    /// Uses at most `threads` threads at once.
    pub fn new(threads: usize) -> Self {
        Self {
            threads: Arc::new(Semaphore::new(threads.max(1))),
            callers: Callers::default(),
            long: LongReads::default(),
        }
    }

    /// Runs `work` for `caller` on a thread that may block. It is told to end when this future is dropped.
    ///
    /// # Errors
    /// 429 `too_many_policy_checks` when the caller has too many of them under way, 503
    /// `policy_verification_unavailable` when others do.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        caller: String,
        work: impl FnOnce(&Interrupt) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (admission, turns) = Admission::take(&self.callers, caller).ok_or_else(too_many)?;
        let turn = match timeout(WAIT, turns.acquire_owned()).await {
            Ok(turn) => turn.map_err(|_| unavailable())?,
            Err(_) => return Err(too_many()),
        };
        let thread = match timeout(WAIT, self.threads.clone().acquire_owned()).await {
            Ok(thread) => thread.map_err(|_| unavailable())?,
            Err(_) => return Err(unavailable()),
        };
        let interrupt = Interrupt::default();
        let _nobody_waits = InterruptOnDrop(interrupt.clone());
        let work = tokio::task::spawn_blocking(move || {
            let outcome = work(&interrupt);
            // Held until the work has ended, whoever still waits for it.
            drop((turn, thread, admission));
            outcome
        });
        work.await.map_err(|error| {
            tracing::error!(%error, "reading a policy did not finish");
            unavailable()
        })
    }
}

fn too_many() -> Refusal {
    Refusal::of(ErrorCode::TooManyPolicyChecks)
        .describe("this caller has too many policies being checked")
        .retry_after(1)
}

fn unavailable() -> Refusal {
    Refusal::of(ErrorCode::PolicyVerificationUnavailable)
}

/// One request of a principal, running or waiting.
struct Admission {
    callers: Callers,
    key: String,
}

impl Admission {
    fn take(callers: &Callers, key: String) -> Option<(Self, Arc<Semaphore>)> {
        let mut known = callers.lock();
        let caller = known.entry(key.clone()).or_insert_with(|| Caller {
            requests: 0,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        });
        if caller.requests >= AT_ONCE + WAITING {
            return None;
        }
        caller.requests += 1;
        let turns = caller.turns.clone();
        drop(known);
        let callers = callers.clone();
        Some((Self { callers, key }, turns))
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut known = self.callers.lock();
        if let Some(caller) = known.get_mut(&self.key) {
            caller.requests = caller.requests.saturating_sub(1);
            if caller.requests == 0 {
                known.remove(&self.key);
            }
        }
    }
}

struct InterruptOnDrop(Interrupt);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use http::StatusCode;

    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_callers_policies_do_not_hold_up_anothers() {
        let work = PolicyWork::new(AT_ONCE + 1);
        let (let_go, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let greedy: Vec<_> = (0..AT_ONCE + WAITING)
            .map(|_| {
                let (work, wait) = (work.clone(), wait.clone());
                tokio::spawn(async move {
                    let held = work.run(String::from("greedy"), move |_| wait.lock().recv().is_ok());
                    held.await.map_err(|refusal| refusal.status)
                })
            })
            .collect();
        // Each of them is admitted; the next is not, and another caller's policy is read meanwhile.
        while work
            .callers
            .lock()
            .get("greedy")
            .is_none_or(|caller| caller.requests < AT_ONCE + WAITING)
        {
            tokio::task::yield_now().await;
        }
        let refused = work.run(String::from("greedy"), |_| ()).await.unwrap_err();
        assert_eq!(
            (refused.status, refused.retry_after),
            (StatusCode::TOO_MANY_REQUESTS, Some(1))
        );
        assert_eq!(work.run(String::from("other"), |_| 1).await.ok(), Some(1));
        for _ in &greedy {
            let_go.send(()).unwrap();
        }
        for held in greedy {
            assert_eq!(held.await.unwrap(), Ok(true));
        }
        assert!(work.callers.lock().is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn work_that_nobody_waits_for_is_told_to_end() {
        let work = PolicyWork::new(1);
        let (started, starts) = tokio::sync::oneshot::channel();
        let (ended, ends) = tokio::sync::oneshot::channel();
        let task = tokio::spawn({
            let work = work.clone();
            async move {
                let run = work.run(String::from("gone"), move |interrupt| {
                    let _ = started.send(());
                    while !interrupt.is_interrupted() {
                        std::thread::yield_now();
                    }
                    let _ = ended.send(());
                });
                run.await.is_ok()
            }
        });
        starts.await.unwrap();
        task.abort();
        ends.await.unwrap();
        // Its thread is free again.
        assert!(work.run(String::from("next"), |_| ()).await.is_ok());
    }
}
