//! What the two directions of one call know of each other.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    task::Waker,
};

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

/// Shared by the upload and whoever waits for the upstream.
#[derive(Debug, Default)]
pub(crate) struct Link {
    cut: AtomicBool,
    too_large: AtomicBool,
    broken: AtomicBool,
    late: AtomicBool,
    waits_for_caller: AtomicBool,
    finished: AtomicBool,
    frames: AtomicU64,
    done: Notify,
    waker: AtomicWaker,
}

impl Link {
    /// Ends the upload from the other side.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.waker.wake();
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Whom to wake when the other side cuts.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// The body grew past its limit.
    pub(crate) fn mark_too_large(&self) {
        self.too_large.store(true, Ordering::Release);
    }

    pub(crate) fn is_too_large(&self) -> bool {
        self.too_large.load(Ordering::Acquire)
    }

    /// The caller's body broke off or was malformed.
    pub(crate) fn mark_broken(&self) {
        self.broken.store(true, Ordering::Release);
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// The caller's body did not come in time.
    pub(crate) fn mark_late(&self) {
        self.late.store(true, Ordering::Release);
    }

    pub(crate) fn is_late(&self) -> bool {
        self.late.load(Ordering::Acquire)
    }

    /// Whether the upload was last seen waiting for the caller, as opposed to the upstream.
    pub(crate) fn set_waits_for_caller(&self, waits: bool) {
        self.waits_for_caller.store(waits, Ordering::Release);
    }

    pub(crate) fn waits_for_caller(&self) -> bool {
        self.waits_for_caller.load(Ordering::Acquire)
    }

    /// A piece of the body was passed on.
    pub(crate) fn progressed(&self) {
        self.frames.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn progress(&self) -> u64 {
        self.frames.load(Ordering::Acquire)
    }

    /// The body was passed on whole, or will not be.
    pub(crate) fn finish(&self) {
        if !self.finished.swap(true, Ordering::AcqRel) {
            self.done.notify_one();
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// Resolves when the body was passed on whole. One waiter.
    pub(crate) async fn finished(&self) {
        if !self.is_finished() {
            self.done.notified().await;
        }
    }
}
