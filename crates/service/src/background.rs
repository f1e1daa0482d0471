//! Work that must not make callers wait: where it runs.
//!
//! In a process that answers calls, the ledger's packing, hashing and signing would hold a worker of the runtime for
//! milliseconds at a time. There it runs on one thread of its own, of lower priority; timers and sockets stay the
//! runtime's. A process that does nothing else uses all workers.
//!
//! What is asked of the other roles of such a process has a runtime of its own, of lower priority still.

use std::{
    io,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::OnceLock,
    task::{Context, Poll},
};

use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// How much of a core evidence leaves to others: as `nice` counts, from 0 to 19.
const NICE: i32 = 5;

/// The same for what runs beside calls: nobody's governed call waits for it.
const NICE_BESIDE: i32 = 10;

/// Where [`beside_calls`] works, in a process that set it.
static BESIDE: OnceLock<Handle> = OnceLock::new();

/// Lowers the priority of the calling thread, for good. Elsewhere than on Linux it would be the process's, and stays.
fn yield_to_calls(nice: i32) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(nice) {
        tracing::warn!(%error, "work beside calls has the priority of calls");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
}

/// A runtime for what shares a process with governed calls and may take a core for long: people's and programs'
/// administration, evidence that is read, the console, and every [`beside_calls`]. Its threads are of lower priority, so
/// that a core with both has calls first; where nobody calls they have it all.
///
/// There is one in a process; the first is where [`beside_calls`] works.
///
/// # Errors
/// When no thread can be started.
pub fn runtime_beside_calls() -> io::Result<Runtime> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_name("beside-calls")
        .on_thread_start(|| yield_to_calls(NICE_BESIDE))
        .build()?;
    BESIDE.get_or_init(|| runtime.handle().clone());
    Ok(runtime)
}

/// Does `work` that takes a core for a while, such as a key derivation or the evaluation of a policy set, on a thread
/// that nobody's call waits for, as [`tokio::task::spawn_blocking`] does where the process has no such runtime.
pub fn beside_calls<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match BESIDE.get() {
        Some(runtime) => runtime.spawn_blocking(work),
        None => tokio::task::spawn_blocking(work),
    }
}

type Job = BoxFuture<'static, ()>;

/// Where background work runs. Cheap to clone; the thread ends with the last clone.
#[derive(Debug, Clone, Default)]
pub struct Background(Option<mpsc::UnboundedSender<Job>>);

impl Background {
    /// On a thread of its own, called `name`, that belongs to the current runtime.
    ///
    /// # Errors
    /// When no thread can be started.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn on_thread(name: &str) -> io::Result<Self> {
        let (send, jobs) = mpsc::unbounded_channel();
        let runtime = Handle::current();
        std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            yield_to_calls(NICE);
            runtime.block_on(run(jobs));
        })?;
        Ok(Self(Some(send)))
    }

    /// Starts `work`. It is given up once its task is dropped.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Task<T> {
        let (mut done, task) = oneshot::channel();
        let job = async move {
            tokio::select! {
                result = work => drop(done.send(result)),
                () = done.closed() => {}
            }
        };
        match &self.0 {
            // A thread that is gone drops the job, and its task says so.
            Some(thread) => drop(thread.send(job.boxed())),
            None => drop(tokio::spawn(job)),
        }
        Task(task)
    }
}

async fn run(mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut running = FuturesUnordered::new();
    let mut open = true;
    while open || !running.is_empty() {
        tokio::select! {
            job = jobs.recv(), if open => match job {
                // One that panics takes no other with it.
                Some(job) => running.push(AssertUnwindSafe(job).catch_unwind()),
                None => open = false,
            },
            Some(_ended) = running.next() => {}
        }
    }
}

/// Work that was started.
#[derive(Debug)]
pub struct Task<T>(oneshot::Receiver<T>);

/// The work panicked, or its thread is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("background work ended without a result")]
pub struct TaskLost;

impl<T> Future for Task<T> {
    type Output = Result<T, TaskLost>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_unpin(context).map_err(|_| TaskLost)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use tokio::sync::Barrier;

    use super::*;

    fn name() -> Option<String> {
        thread::current().name().map(str::to_owned)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn work_runs_side_by_side_on_its_own_thread_and_leaves_workers_alone() {
        let background = Background::on_thread("evidence").unwrap();
        let both = Arc::new(Barrier::new(2));
        let work = |both: Arc<Barrier>| async move {
            both.wait().await;
            name()
        };
        let (one, other) = (background.spawn(work(both.clone())), background.spawn(work(both)));
        assert_eq!(one.await.unwrap().as_deref(), Some("evidence"));
        assert_eq!(other.await.unwrap().as_deref(), Some("evidence"));
        let shared = Background::default().spawn(async { name() }).await.unwrap();
        assert_ne!(shared.as_deref(), Some("evidence"));
    }

    #[tokio::test]
    async fn what_panics_or_is_dropped_ends_alone() {
        for background in [Background::default(), Background::on_thread("evidence").unwrap()] {
            let dropped = Arc::new(());
            let held = dropped.clone();
            drop(background.spawn(async move {
                std::future::pending::<()>().await;
                drop(held);
            }));
            let panics: Task<()> = background.spawn(async { panic!("on purpose") });
            assert_eq!(panics.await, Err(TaskLost));
            assert_eq!(background.spawn(async { 7 }).await, Ok(7));
            while Arc::strong_count(&dropped) > 1 {
                tokio::task::yield_now().await;
            }
        }
    }
}
