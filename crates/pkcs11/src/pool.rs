//! Threads that wait for a token, so that nobody else does.

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use caracal_service::{
    turns::{TurnLimits, Turns},
    zone_keys::KeyStoreError,
};
use parking_lot::Mutex;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use crate::{
    session::TokenSession,
    worker::{Shared, Worker},
};

/// Requests of one zone that wait for a session, and of all zones.
const WAITING: (usize, usize) = (256, 1024);
/// How long the end of the process waits for the module to be ended.
const GOODBYE: Duration = Duration::from_secs(1);

type Job = Box<dyn FnOnce(&mut Worker<'_>) + Send>;

/// Sessions, each with a thread. Those that wait for one are taken one from each zone in their order.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Absent once the pool is dropped, which ends the threads.
    jobs: Option<mpsc::Sender<Job>>,
    turns: Turns,
    timeout: Duration,
    /// Ends with the last thread.
    gone: Mutex<mpsc::Receiver<()>>,
}

impl Pool {
    /// Starts the threads; the first one has `session`.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn start(shared: Shared, session: TokenSession) -> io::Result<Self> {
        let sessions = shared.settings.sessions.max(1);
        let timeout = shared.settings.timeout;
        let (jobs, queue) = mpsc::channel::<Job>();
        let (alive, gone) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let shared = Arc::new(shared);
        let mut session = Some(session);
        for number in 1..=sessions {
            let (queue, shared, session) = (queue.clone(), shared.clone(), session.take());
            let alive: mpsc::Sender<()> = alive.clone();
            thread::Builder::new()
                .name(format!("token-{number}"))
                .spawn(move || {
                    serve(&queue, &shared, session);
                    // The module is ended by the last of them, and only then nobody is waited for any more.
                    drop(shared);
                    drop(alive);
                })?;
        }
        Ok(Self {
            jobs: Some(jobs),
            turns: Turns::new(TurnLimits {
                in_all: sessions,
                of_one: sessions.saturating_sub(1),
                waiting: WAITING.0,
                waiting_in_all: WAITING.1,
                wait: timeout,
            }),
            timeout,
            gone: Mutex::new(gone),
        })
    }

    /// Does `work` for `zone` in a session.
    ///
    /// # Errors
    /// [`KeyStoreError`]; [`KeyStoreError::Busy`] when there is no answer in time. What was begun goes on then, and keeps its
    /// session until it ends.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        zone: &str,
        work: impl FnOnce(&mut Worker<'_>) -> Result<T, KeyStoreError> + Send + 'static,
    ) -> Result<T, KeyStoreError> {
        let deadline = Instant::now() + self.timeout;
        let turn = self.turns.take(zone).await.map_err(|_| KeyStoreError::Busy)?;
        // Nothing is begun that nobody would wait for.
        if Instant::now() >= deadline {
            return Err(KeyStoreError::Busy);
        }
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |worker| {
            // Whoever has gone meanwhile wants nothing.
            if !answer.is_closed() {
                // It may go in the middle, too.
                let _ = answer.send(work(worker));
            }
            drop(turn);
        });
        let jobs = self.jobs.as_ref().ok_or(KeyStoreError::Library)?;
        jobs.send(job).map_err(|_| KeyStoreError::Library)?;
        match timeout_at(deadline, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(KeyStoreError::Library),
            Err(_) => Err(KeyStoreError::Busy),
        }
    }
}

fn serve(queue: &Mutex<mpsc::Receiver<Job>>, shared: &Shared, session: Option<TokenSession>) {
    let mut worker = Worker::new(shared, session);
    loop {
        // One of them waits, and the others for it.
        let next = queue.lock().recv();
        let Ok(job) = next else { return };
        job(&mut worker);
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs = None;
        // A module that is not ended before the process is may not survive it; one that hangs must not keep it.
        let _ = self.gone.lock().recv_timeout(GOODBYE);
    }
}
