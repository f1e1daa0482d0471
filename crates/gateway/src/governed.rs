//! What a call is carried under, whatever carries it.
//!
//! [`Governed`] holds the authority behind one call, looked at again at every change, how long either side may be
//! silent, the permit among the calls to its upstream, what was passed on, and the one event about its end. A transport
//! asks it before and between pieces, through [`Governed::answer`] and [`Governed::poll`], and obeys; none of them knows
//! what a revocation is.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use caracal_core::ZoneId;
use caracal_service::{Refusal, exchange::UpstreamDirective, fair::Permit};
use http::StatusCode;
use tokio::{
    sync::watch,
    time::{Instant, Sleep, sleep, sleep_until},
};

use crate::{
    GatewayConfig,
    failure::Failure,
    gateway::Gateway,
    link::Link,
    outcome::{End, FailureKind, Outcome},
    routes::hold,
};

/// How long a call waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For the upstream's head, once the request is sent.
    answer: Duration,
    /// For the next piece of a body, in either direction.
    idle: Duration,
}

impl Timeouts {
    /// The resource's own, where it has one. It lengthens both waits or shortens the first: a resource whose answers
    /// take long is quiet before its head and within its body.
    pub(crate) fn of(config: &GatewayConfig, directive: &UpstreamDirective) -> Self {
        let own = directive
            .timeout_seconds
            .map(|seconds| Duration::from_secs(u64::from(seconds)));
        Self {
            answer: own.unwrap_or(config.upstream_timeout),
            idle: own.map_or(config.stream_idle_timeout, |own| {
                own.max(config.stream_idle_timeout)
            }),
        }
    }
}

/// Why a transport must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The authority behind the call ended.
    Revoked,
    /// Nothing moved for too long.
    Idle,
}

/// One call under governance. It ends once; dropped before, its caller went away.
pub(crate) struct Governed {
    pub(crate) outcome: Outcome,
    link: Arc<Link>,
    revocations: watch::Receiver<u64>,
    /// Wakes a stream that waits. Made when first needed: most responses never wait.
    change: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    idle: Option<Pin<Box<Sleep>>>,
    idle_runs: bool,
    timeouts: Timeouts,
    permit: Option<Permit<ZoneId>>,
    streams: bool,
    ended: bool,
}

impl Governed {
    /// From here on no end of authority goes unseen, once [`Self::is_revoked`] was asked.
    pub(crate) fn new(outcome: Outcome, link: Arc<Link>, timeouts: Timeouts) -> Self {
        Self {
            revocations: outcome.gateway().deps.revocations.watch(),
            outcome,
            link,
            change: None,
            idle: None,
            idle_runs: false,
            timeouts,
            permit: None,
            streams: false,
            ended: false,
        }
    }

    pub(crate) fn gateway(&self) -> &Arc<Gateway> {
        self.outcome.gateway()
    }

    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    pub(crate) const fn idle_timeout(&self) -> Duration {
        self.timeouts.idle
    }

    /// Keeps a permit among the calls to the upstream until the end.
    pub(crate) fn hold(&mut self, permit: Permit<ZoneId>) {
        self.permit = Some(permit);
    }

    /// Whether the authority behind the call has ended.
    pub(crate) fn is_revoked(&mut self) -> bool {
        // Mark the change as seen before looking, so that a later one is seen again.
        self.revocations.mark_unchanged();
        self.outcome.is_revoked()
    }

    /// Waits for the upstream's answer, or for a reason to wait no longer.
    ///
    /// # Errors
    /// [`Failure::Revoked`], [`Failure::CallerStalled`], [`Failure::TimedOut`].
    pub(crate) async fn answer<T>(&mut self, asked: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            answered = asked => Ok(answered),
            () = authority_ends(&mut self.revocations, &self.outcome) => Err(Failure::Revoked),
            stalled = silence(&self.link, self.timeouts) => {
                Err(if stalled { Failure::CallerStalled } else { Failure::TimedOut })
            }
        }
    }

    /// The answer begins to stream.
    pub(crate) fn begin_stream(&mut self) {
        self.streams = true;
        self.gateway().metrics.stream_began();
    }

    /// The next piece of `transport`, or the order to stop. It is called again when something of it may have come.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut transport: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<Result<T, Cut>> {
        loop {
            // An atomic load on most polls: has anything been revoked since the last look?
            if self.revocations.has_changed().unwrap_or(false) && self.is_revoked() {
                return Poll::Ready(Err(Cut::Revoked));
            }
            if let Poll::Ready(piece) = transport(cx) {
                self.idle_runs = false;
                return Poll::Ready(Ok(piece));
            }
            if self.poll_change(cx) {
                continue;
            }
            return if self.poll_idle(cx) {
                Poll::Ready(Err(Cut::Idle))
            } else {
                Poll::Pending
            };
        }
    }

    /// Ends the call as it had to, and tells the other direction.
    pub(crate) fn cut(&mut self, cut: Cut) {
        self.link.cut();
        self.end(match cut {
            Cut::Revoked => End::Revoked,
            Cut::Idle => End::Failed(FailureKind::ResponseIdle),
        });
    }

    /// Records the end, once, and lets go of the upstream.
    pub(crate) fn end(&mut self, end: End) {
        self.end_with(end, None);
    }

    /// Ends a call that brought no answer; gives the refusal to answer with.
    pub(crate) fn refuse(&mut self, failure: &Failure) -> Refusal {
        let refusal = failure.refusal();
        hold(&refusal);
        self.end_with(failure.end(), Some(refusal.status));
        refusal
    }

    fn end_with(&mut self, end: End, status: Option<StatusCode>) {
        self.permit = None;
        self.change = None;
        self.idle = None;
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        if self.streams {
            self.gateway().metrics.stream_ended(end == End::Revoked);
        }
        self.outcome.record(end, status);
    }

    /// Registers for a change of the revocations; says whether one happened.
    fn poll_change(&mut self, cx: &mut Context<'_>) -> bool {
        let change = self.change.get_or_insert_with(|| {
            let mut revocations = self.revocations.clone();
            Box::pin(async move { changed(&mut revocations).await })
        });
        let changed = change.as_mut().poll(cx).is_ready();
        if changed {
            self.change = None;
        }
        changed
    }

    /// Lets the idle timer run; says whether it ran out.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> bool {
        let deadline = || Instant::now() + self.timeouts.idle;
        match &mut self.idle {
            Some(idle) if !self.idle_runs => idle.as_mut().reset(deadline()),
            Some(_) => {}
            None => self.idle = Some(Box::pin(sleep_until(deadline()))),
        }
        self.idle_runs = true;
        self.idle
            .as_mut()
            .is_some_and(|idle| idle.as_mut().poll(cx).is_ready())
    }
}

impl Drop for Governed {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        // The caller went away: the upstream must not be fed on.
        self.link.cut();
        if self.streams {
            self.end(End::Failed(FailureKind::ResponseCopyFailed));
        } else {
            self.end_with(
                End::Failed(FailureKind::ClientCancelled),
                StatusCode::from_u16(499).ok(),
            );
        }
    }
}

async fn changed(revocations: &mut watch::Receiver<u64>) {
    if revocations.changed().await.is_err() {
        // The process is ending; its streams end with it.
        std::future::pending::<()>().await;
    }
}

/// Resolves when the authority behind the call ends.
async fn authority_ends(revocations: &mut watch::Receiver<u64>, outcome: &Outcome) {
    loop {
        changed(revocations).await;
        if outcome.is_revoked() {
            return;
        }
    }
}

/// Resolves when the call makes no progress: `true` when the caller stopped sending, `false` when the upstream
/// stopped taking or does not answer. The wait for an answer begins when the request is sent whole, so that slow
/// uploads are not cut.
async fn silence(link: &Link, timeouts: Timeouts) -> bool {
    while !link.is_finished() {
        let before = link.progress();
        tokio::select! {
            () = link.finished() => break,
            () = sleep(timeouts.idle) => {
                if link.progress() == before {
                    return link.waits_for_caller();
                }
            }
        }
    }
    sleep(timeouts.answer).await;
    false
}
