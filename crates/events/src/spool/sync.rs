//! When written bytes are forced to the disk, by one thread per spool.

use std::{
    io,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use super::{DiskOperation, Spool, SpoolError, segment};

/// When an append is safe against a power cut. A crash of the process loses nothing in either mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncMode {
    /// Before the append returns. Appends in progress share one sync.
    Always,
    /// At the latest this long afterwards.
    Interval(Duration),
}

/// Failed syncs remembered for those who still wait for them.
const FAILURES_KEPT: usize = 64;

#[derive(Debug, Default)]
struct State {
    wanted: u64,
    closing: bool,
}

/// Answers of the sync thread.
#[derive(Debug, Clone, Default)]
pub(super) struct Synced {
    /// Everything written up to here was handed to a sync.
    upto: u64,
    /// Ranges `(from, upto]` whose sync failed, and why.
    failed: Vec<(u64, u64, Arc<str>)>,
}

impl Synced {
    fn result(&self, position: u64) -> Option<Result<(), SpoolError>> {
        let failed = self
            .failed
            .iter()
            .find(|(from, upto, _)| *from < position && position <= *upto);
        if let Some((_, _, why)) = failed {
            return Some(Err(SpoolError::Sync(why.clone())));
        }
        (self.upto >= position).then_some(Ok(()))
    }
}

/// The two ends of the sync thread.
#[derive(Debug)]
pub(super) struct Syncer {
    state: Mutex<State>,
    work: Condvar,
    done: Mutex<Synced>,
    done_changed: Condvar,
    answers: watch::Sender<Synced>,
}

impl Syncer {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            work: Condvar::new(),
            done: Mutex::default(),
            done_changed: Condvar::new(),
            answers: watch::Sender::new(Synced::default()),
        })
    }

    pub(super) fn start(self: &Arc<Self>, spool: &Arc<Spool>, mode: SyncMode) -> io::Result<()> {
        let (syncer, spool) = (self.clone(), Arc::downgrade(spool));
        std::thread::Builder::new()
            .name("audit-spool-sync".into())
            .spawn(move || syncer.run(&spool, mode))
            .map(drop)
    }

    /// Asks for a sync of everything written up to `position`.
    pub(super) fn request(&self, position: u64) {
        let mut state = self.state.lock();
        state.wanted = state.wanted.max(position);
        self.work.notify_one();
    }

    /// Blocks until `position` is on the disk.
    pub(super) fn wait(&self, position: u64) -> Result<(), SpoolError> {
        let mut done = self.done.lock();
        loop {
            if let Some(result) = done.result(position) {
                return result;
            }
            self.done_changed.wait(&mut done);
        }
    }

    /// Waits until `position` is on the disk.
    pub(super) async fn wait_async(&self, position: u64) -> Result<(), SpoolError> {
        let mut answers = self.answers.subscribe();
        loop {
            if let Some(result) = answers.borrow_and_update().result(position) {
                return result;
            }
            answers
                .changed()
                .await
                .map_err(|_| SpoolError::Sync(Arc::from("the spool was closed")))?;
        }
    }

    pub(super) fn close(&self) {
        self.state.lock().closing = true;
        self.work.notify_one();
    }

    fn run(&self, spool: &Weak<Spool>, mode: SyncMode) {
        let mut synced = 0;
        loop {
            {
                let mut state = self.state.lock();
                match mode {
                    SyncMode::Always => {
                        while state.wanted <= synced && !state.closing {
                            self.work.wait(&mut state);
                        }
                    }
                    SyncMode::Interval(span) => {
                        // Asked for while the last one was under way, it is due at once.
                        if state.wanted <= synced && !state.closing {
                            self.work.wait_for(&mut state, span);
                        }
                    }
                }
                if state.closing {
                    return;
                }
            }
            let Some(spool) = spool.upgrade() else { return };
            synced = self.sync(&spool, synced);
        }
    }

    /// Syncs what was written since `from`; returns up to where.
    fn sync(&self, spool: &Spool, from: u64) -> u64 {
        let job = spool.take_sync_job();
        if job.upto == from && job.retired.is_empty() && !job.new_names {
            return from;
        }
        let mut result = job.retired.iter().chain(&job.active).try_for_each(|segment| {
            spool
                .disk
                .before(DiskOperation::Sync)
                .and_then(|()| segment.file.sync_data())
        });
        if job.new_names {
            result = result.and_then(|()| segment::sync_dir(&spool.dir));
        }
        let failed = result.err().map(|error| {
            // The kernel forgets dirty pages it could not write, so this segment is not to be trusted further.
            tracing::error!(%error, "could not sync the audit spool");
            spool.sync_failed(job.active.as_deref());
            Arc::from(error.to_string())
        });
        let mut done = self.done.lock();
        done.upto = job.upto;
        if let Some(why) = failed {
            done.failed.push((from, job.upto, why));
            let surplus = done.failed.len().saturating_sub(FAILURES_KEPT);
            done.failed.drain(..surplus);
        }
        self.answers.send_replace(done.clone());
        self.done_changed.notify_all();
        job.upto
    }
}
