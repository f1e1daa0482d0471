//! Reading and evaluating policies: work for a processor rather than for a connection, on threads of its own, bounded
//! for one caller, for one zone and for all.

use std::time::Duration;

use caracal_authz::document::Interrupt;
use caracal_service::{
    Refusal,
    turns::{NoTurn, TurnLimits, Turns},
};
use caracal_wire::ErrorCode;

use crate::long_reads::LongReads;

/// How many policies of one principal are read at once.
const AT_ONCE: usize = 2;

/// How many more of its requests may wait.
const WAITING: usize = 14;

/// How many of a zone may wait, whoever asks.
const WAITING_OF_ZONE: usize = 64;

/// How many of all may wait: each holds a request.
const WAITING_IN_ALL: usize = 2_048;

/// How long they wait.
const WAIT: Duration = Duration::from_secs(10);

/// How many zones are read whole at once: each takes some ten times the memory of the largest document.
const WHOLE_ZONES: TurnLimits = TurnLimits {
    in_all: 4,
    of_one: 1,
    waiting: 64,
    waiting_in_all: WAITING_IN_ALL,
    wait: Duration::from_secs(30),
};

/// What [`PolicyWork::run`] refuses with.
pub(crate) const REFUSES: [ErrorCode; 2] = [
    ErrorCode::TooManyPolicyChecks,
    ErrorCode::PolicyVerificationUnavailable,
];

/// Bounds what policies may cost. Clones share it.
#[derive(Debug, Clone)]
pub struct PolicyWork {
    principals: Turns,
    threads: Turns,
    /// Those that go through much evidence, bounded for themselves: they last too long to be waited for.
    pub(crate) long: LongReads,
    /// Those that read a zone whole, with all sources of its policies.
    pub(crate) whole_zones: Turns,
}

/// Whose work it is.
#[derive(Debug, Clone)]
pub(crate) struct WorkOwner {
    /// Who.
    pub(crate) principal: String,
    /// Whose part of what all share it takes.
    pub(crate) share: String,
}

impl PolicyWork {
    /// Uses at most `threads` threads at once. Where there are several, one zone leaves one to the others.
    pub fn new(threads: usize) -> Self {
        Self {
            principals: Turns::new(TurnLimits {
                in_all: usize::MAX,
                of_one: AT_ONCE,
                waiting: WAITING,
                waiting_in_all: WAITING_IN_ALL,
                wait: WAIT,
            }),
            threads: Turns::new(TurnLimits {
                in_all: threads,
                of_one: threads.saturating_sub(1),
                waiting: WAITING_OF_ZONE,
                waiting_in_all: WAITING_IN_ALL,
                wait: WAIT,
            }),
            long: LongReads::default(),
            whole_zones: Turns::new(WHOLE_ZONES),
        }
    }

    /// Runs `work` for `asker` on a thread that may block. It is told to end when this future is dropped.
    ///
    /// # Errors
    /// 429 `too_many_policy_checks` when the caller or its zone has too many of them under way, 503
    /// `policy_verification_unavailable` when others do.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        asker: WorkOwner,
        work: impl FnOnce(&Interrupt) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let own = self.principals.take(&asker.principal).await;
        let own = own.map_err(|_| too_many("this caller has too many policies being checked"))?;
        let thread = match self.threads.take(&asker.share).await {
            Ok(thread) => thread,
            Err(NoTurn::OfOne) => return Err(too_many("this zone has too many policies being checked")),
            Err(NoTurn::InAll) => return Err(unavailable()),
        };
        let interrupt = Interrupt::default();
        let _nobody_waits = InterruptOnDrop(interrupt.clone());
        let work = tokio::task::spawn_blocking(move || {
            let outcome = work(&interrupt);
            // Held until the work has ended, whoever still waits for it.
            drop((thread, own));
            outcome
        });
        work.await.map_err(|error| {
            tracing::error!(%error, "reading a policy did not finish");
            unavailable()
        })
    }
}

fn too_many(sentence: &'static str) -> Refusal {
    Refusal::of(ErrorCode::TooManyPolicyChecks)
        .describe(sentence)
        .retry_after(1)
}

fn unavailable() -> Refusal {
    Refusal::of(ErrorCode::PolicyVerificationUnavailable)
}

struct InterruptOnDrop(Interrupt);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use futures_util::{FutureExt as _, future::join_all};
    use http::StatusCode;
    use parking_lot::Mutex;
    use tokio::task::JoinHandle;

    use super::*;

    fn asker(principal: &str, share: &str) -> WorkOwner {
        WorkOwner {
            principal: principal.to_owned(),
            share: share.to_owned(),
        }
    }

    /// Work that goes on until it is let go.
    struct Held {
        let_go: mpsc::Sender<()>,
        wait: Arc<Mutex<mpsc::Receiver<()>>>,
        running: Arc<Mutex<usize>>,
    }

    impl Held {
        fn new() -> Self {
            let (let_go, wait) = mpsc::channel();
            Self {
                let_go,
                wait: Arc::new(Mutex::new(wait)),
                running: Arc::default(),
            }
        }

        fn begin(&self, work: &PolicyWork, asker: WorkOwner) -> JoinHandle<Result<bool, StatusCode>> {
            let (work, wait, running) = (work.clone(), self.wait.clone(), self.running.clone());
            tokio::spawn(async move {
                let held = work.run(asker, move |_| {
                    *running.lock() += 1;
                    wait.lock().recv().is_ok()
                });
                held.await.map_err(|refusal| refusal.status)
            })
        }

        async fn until_running(&self, count: usize) {
            while *self.running.lock() < count {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn one_callers_policies_do_not_hold_up_anothers() {
        let work = PolicyWork::new(AT_ONCE + 1);
        let held = Held::new();
        let mut greedy = Vec::new();
        for _ in 0..AT_ONCE + WAITING {
            let wait = held.wait.clone();
            let mut one = Box::pin(work.run(asker("greedy", "a"), move |_| wait.lock().recv().is_ok()));
            assert!((&mut one).now_or_never().is_none(), "it runs, or waits");
            greedy.push(one);
        }
        // Each of them is admitted; the next is not, and another caller's policy is read meanwhile.
        let refused = work.run(asker("greedy", "a"), |_| ()).await.unwrap_err();
        assert_eq!(
            (refused.status, refused.retry_after),
            (StatusCode::TOO_MANY_REQUESTS, Some(1))
        );
        assert_eq!(work.run(asker("other", "b"), |_| 1).await.ok(), Some(1));
        for _ in &greedy {
            held.let_go.send(()).unwrap();
        }
        for outcome in join_all(greedy).await {
            assert_eq!(outcome.ok(), Some(true));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_callers_of_one_zone_leave_a_thread_to_the_others() {
        let work = PolicyWork::new(3);
        let held = Held::new();
        let names = ["t0", "t1", "t2", "t3", "t4", "t5"];
        let greedy: Vec<_> = names
            .iter()
            .flat_map(|name| (0..AT_ONCE).map(|_| held.begin(&work, asker(name, "a"))))
            .collect();
        held.until_running(2).await;
        assert_eq!(work.run(asker("other", "b"), |_| 1).await.ok(), Some(1));
        assert_eq!(*held.running.lock(), 2);
        for _ in &greedy {
            held.let_go.send(()).unwrap();
        }
        for one in greedy {
            assert_eq!(one.await.unwrap(), Ok(true));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn work_that_nobody_waits_for_is_told_to_end() {
        let work = PolicyWork::new(1);
        let (started, starts) = tokio::sync::oneshot::channel();
        let (ended, ends) = tokio::sync::oneshot::channel();
        let task = tokio::spawn({
            let work = work.clone();
            async move {
                let run = work.run(asker("gone", "a"), move |interrupt| {
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
        assert!(work.run(asker("next", "a"), |_| ()).await.is_ok());
    }
}
