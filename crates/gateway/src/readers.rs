//! Callers that stopped reading: nobody polls their response, so somebody else must notice.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;

use crate::{download::Stream, gateway::Gateway};

/// Bounds of the pause between two looks.
const LEAST_PAUSE: Duration = Duration::from_millis(10);
const MOST_PAUSE: Duration = Duration::from_secs(5);

/// The responses that went on past their first piece. One task looks at all of them, while there are any.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    watched: Mutex<Vec<Weak<Mutex<Stream>>>>,
    runs: AtomicBool,
}

impl Readers {
    /// Ends `stream` once its caller takes nothing for as long as an upstream may be silent.
    pub(crate) fn watch(gateway: &Arc<Gateway>, stream: Weak<Mutex<Stream>>) {
        gateway.readers.watched.lock().push(stream);
        if gateway.readers.runs.swap(true, Ordering::AcqRel) {
            return;
        }
        let pause = (gateway.deps.config.stream_idle_timeout / 4).clamp(LEAST_PAUSE, MOST_PAUSE);
        let gateway = Arc::downgrade(gateway);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                let Some(gateway) = gateway.upgrade() else { return };
                if gateway.readers.look() {
                    continue;
                }
                gateway.readers.runs.store(false, Ordering::Release);
                // One may have come between the look and the word.
                if gateway.readers.watched.lock().is_empty()
                    || gateway.readers.runs.swap(true, Ordering::AcqRel)
                {
                    return;
                }
            }
        });
    }

    /// Looks at every response once; says whether any is left. The list is free meanwhile: a response that is being
    /// polled may want to join it.
    fn look(&self) -> bool {
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
