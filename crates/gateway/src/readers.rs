//! Callers that stopped reading: nobody polls their response, so somebody else must notice.

use std::{
    fmt,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;

/// Bounds of the pause between two looks.
const LEAST_PAUSE: Duration = Duration::from_millis(10);
const MOST_PAUSE: Duration = Duration::from_secs(5);

/// A response whose caller may stop reading.
pub(crate) trait Read: fmt::Debug + Send {
    /// Ends it if its caller has taken nothing for too long; says whether it goes on.
    fn goes_on_with_its_reader(&mut self) -> bool;
}

/// The responses that went on past their first piece. One task looks at all of them, while there are any.
#[derive(Debug)]
pub(crate) struct Readers {
    watched: Mutex<Vec<Weak<Mutex<dyn Read>>>>,
    runs: AtomicBool,
    pause: Duration,
}

impl Readers {
    /// Looks several times within `idle_timeout`.
    pub(crate) fn new(idle_timeout: Duration) -> Self {
        Self {
            watched: Mutex::default(),
            runs: AtomicBool::default(),
            pause: (idle_timeout / 4).clamp(LEAST_PAUSE, MOST_PAUSE),
        }
    }

    /// Ends `response` once its caller takes nothing for as long as an upstream may be silent.
    pub(crate) fn watch(self: &Arc<Self>, response: Weak<Mutex<dyn Read>>) {
        self.watched.lock().push(response);
        if self.runs.swap(true, Ordering::AcqRel) {
            return;
        }
        let pause = self.pause;
        let readers = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                let Some(readers) = readers.upgrade() else { return };
                if readers.poll_all() {
                    continue;
                }
                readers.runs.store(false, Ordering::Release);
                // One may have come between the look and the word.
                if readers.watched.lock().is_empty() || readers.runs.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        });
    }

    /// Looks at every response once; says whether any is left. The list is free meanwhile: a response that is being
    /// polled may want to join it.
    fn poll_all(&self) -> bool {
        let mut watched = std::mem::take(&mut *self.watched.lock());
        watched.retain(|stream| {
            stream
                .upgrade()
                .is_some_and(|stream| stream.lock().goes_on_with_its_reader())
        });
        let mut joined = self.watched.lock();
        watched.append(&mut joined);
        *joined = watched;
        !joined.is_empty()
    }
}
