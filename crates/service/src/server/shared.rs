//! What the two sides of hyper know of one connection.

use std::{
    sync::Arc,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    task::Waker,
};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use super::head::Fault;

/// What the guard and the answers of one connection tell each other.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Whether a request is being answered.
    busy: AtomicBool,
    /// How many answers ended.
    answers: AtomicU64,
    /// Whether the latest answer gave the connection to another protocol.
    switched: AtomicBool,
    /// Told when the socket is let go, by whatever protocol had it last.
    let_go: Notify,
    /// When the latest answer ended.
    answered_at: Mutex<Option<Instant>>,
    /// A reader that waits for the end of the answer: hyper does not read again by itself then.
    reader: AtomicWaker,
    /// Why the latest head or body was refused.
    fault: Mutex<Option<Fault>>,
    faulted: AtomicBool,
    /// Whether answers say that the connection ends.
    ending: AtomicBool,
    /// Whether to end as soon as no request waits.
    end_when_idle: AtomicBool,
}

impl Shared {
    pub(super) fn begin(&self) {
        self.busy.store(true, Ordering::Release);
    }

    fn answered(&self) {
        *self.answered_at.lock() = Some(Instant::now());
        self.answers.fetch_add(1, Ordering::AcqRel);
        self.busy.store(false, Ordering::Release);
        self.reader.wake();
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }

    /// The answer that is about to be sent is the last of HTTP here.
    pub(super) fn switch(&self) {
        self.switched.store(true, Ordering::Release);
    }

    pub(super) fn is_switched(&self) -> bool {
        self.switched.load(Ordering::Acquire)
    }

    /// How many answers ended.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Acquire)
    }

    /// When the latest answer ended.
    pub(super) fn answered_at(&self) -> Option<Instant> {
        *self.answered_at.lock()
    }

    /// Whom to wake at the end of an answer.
    pub(super) fn register(&self, waker: &Waker) {
        self.reader.register(waker);
    }

    /// Nobody has the socket any more.
    pub(super) fn lets_go(&self) {
        self.let_go.notify_one();
    }

    pub(super) fn ends_when_idle(&self) -> bool {
        self.end_when_idle.load(Ordering::Acquire)
    }

    /// Resolves when the socket is let go.
    pub(super) async fn let_go(&self) {
        self.let_go.notified().await;
    }

    pub(super) fn fault(&self) -> Option<Fault> {
        if self.faulted.load(Ordering::Acquire) {
            *self.fault.lock()
        } else {
            None
        }
    }

    pub(super) fn refuse(&self, fault: Fault) {
        self.fault.lock().get_or_insert(fault);
        self.faulted.store(true, Ordering::Release);
    }

    /// From now on answers close the connection.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Release);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Ends the connection once it is idle; poll it to let it notice.
    pub(super) fn end_when_idle(&self) {
        self.end_when_idle.store(true, Ordering::Release);
    }
}

/// The body of an answer has one; its end is the end of the answer.
pub(super) struct Answered(pub(super) Arc<Shared>);

impl Drop for Answered {
    fn drop(&mut self) {
        self.0.answered();
    }
}
