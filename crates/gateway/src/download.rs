//! The response body on its way down, until its end or until the authority behind it ends.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use parking_lot::Mutex;
use tokio::{sync::watch, time::Sleep};

use crate::{
    link::Link,
    outcome::{End, Outcome},
    places::Place,
    readers::Readers,
    upload::safe,
};

/// Says that a response was cut because authority ended.
pub(crate) const REVOKED: HeaderName = HeaderName::from_static("x-caracal-revoked");

/// Why a response stopped short. The caller sees a broken transfer, never a complete one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    #[error("the upstream's response broke off")]
    Upstream(#[source] hyper::Error),
    #[error("the upstream fell silent")]
    Idle,
    #[error("authority ended")]
    Revoked,
    #[error("the caller stopped reading")]
    Stalled,
}

/// A response body under governance. Its caller's connection polls it; who stopped reading is noticed by [`Readers`].
pub(crate) struct Download(Arc<Mutex<Stream>>);

/// What is governed.
pub(crate) struct Stream {
    inner: Option<Incoming>,
    outcome: Option<Outcome>,
    link: Arc<Link>,
    revocations: watch::Receiver<u64>,
    /// Wakes a stream that waits for its upstream. Made when first needed: most responses never wait.
    change: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    idle: Option<Pin<Box<Sleep>>>,
    idle_runs: bool,
    idle_timeout: Duration,
    /// Whether the caller gets to see trailers; without them a cut must break the transfer.
    trailers: bool,
    place: Option<Place>,
    /// When the caller was given a piece, while it has not asked for the next.
    given_at: Option<Instant>,
    /// Whether [`Readers`] knows of it.
    watched: bool,
    /// Whether it was ended because the caller does not read.
    stalled: bool,
}

/// What a [`Download`] is made of.
pub(crate) struct Parts {
    pub(crate) body: Incoming,
    pub(crate) outcome: Outcome,
    pub(crate) link: Arc<Link>,
    /// Subscribed before the last look at the revocations, so that no change falls between.
    pub(crate) revocations: watch::Receiver<u64>,
    pub(crate) idle_timeout: Duration,
    pub(crate) trailers: bool,
    pub(crate) place: Place,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl Download {
    pub(crate) fn new(parts: Parts) -> Self {
        parts.outcome.gateway().metrics.stream_began();
        let ended = parts.body.is_end_stream();
        let mut stream = Stream {
            trailers: parts.trailers && parts.body.size_hint().exact().is_none(),
            inner: Some(parts.body),
            outcome: Some(parts.outcome),
            link: parts.link,
            revocations: parts.revocations,
            change: None,
            idle: None,
            idle_runs: false,
            idle_timeout: parts.idle_timeout,
            place: Some(parts.place),
            given_at: None,
            watched: false,
            stalled: false,
        };
        if ended {
            // Nobody polls an empty body.
            stream.finish(End::Executed);
        }
        Self(Arc::new(Mutex::new(stream)))
    }
}

impl Stream {
    /// Ends the stream if its caller has taken nothing for too long: neither a place nor a connection of the upstream
    /// is held for who does not read. Says whether it goes on.
    pub(crate) fn goes_on_with_its_reader(&mut self) -> bool {
        if self.inner.is_none() {
            return false;
        }
        if self.given_at.is_none_or(|at| at.elapsed() < self.idle_timeout) {
            return true;
        }
        self.stalled = true;
        self.link.cut();
        self.finish(End::Failed("reader_stalled"));
        false
    }

    /// Records the end once, and lets go of the upstream.
    fn finish(&mut self, end: End) {
        self.inner = None;
        self.place = None;
        self.change = None;
        self.idle = None;
        if let Some(outcome) = self.outcome.take() {
            outcome.gateway().metrics.stream_ended(end == End::Revoked);
            outcome.end(end, None);
        }
    }

    fn is_revoked(&mut self) -> bool {
        // Mark the change as seen before looking, so that a later one is seen again.
        self.revocations.mark_unchanged();
        self.outcome
            .as_ref()
            .is_some_and(|outcome| outcome.gateway().deps.revocations.covers(outcome.claims()))
    }

    fn cut(&mut self) -> Result<Frame<Bytes>, DownloadError> {
        self.link.cut();
        self.finish(End::Revoked);
        if self.trailers {
            let trailers = HeaderMap::from_iter([(REVOKED, HeaderValue::from_static("true"))]);
            Ok(Frame::trailers(trailers))
        } else {
            Err(DownloadError::Revoked)
        }
    }

    fn pass_on(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        self.idle_runs = false;
        if let (Some(data), Some(outcome)) = (frame.data_ref(), &mut self.outcome) {
            outcome.passed_on(data.len());
        }
        let frame = match frame.into_trailers() {
            Ok(trailers) => Frame::trailers(safe(trailers)),
            Err(frame) => frame,
        };
        if frame.is_trailers() || self.inner.as_ref().is_none_or(Body::is_end_stream) {
            // Before the last piece leaves, so that whoever has the whole response finds its event.
            self.finish(End::Executed);
        }
        frame
    }

    /// Registers for a change of the revocations; says whether one happened.
    fn poll_change(&mut self, cx: &mut Context<'_>) -> bool {
        let change = self.change.get_or_insert_with(|| {
            let mut revocations = self.revocations.clone();
            Box::pin(async move {
                if revocations.changed().await.is_err() {
                    // The process is ending; its streams end with it.
                    std::future::pending::<()>().await;
                }
            })
        });
        let changed = change.as_mut().poll(cx).is_ready();
        if changed {
            self.change = None;
        }
        changed
    }

    /// Lets the idle timer run; says whether it ran out.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> bool {
        let deadline = || tokio::time::Instant::now() + self.idle_timeout;
        match &mut self.idle {
            Some(idle) if !self.idle_runs => idle.as_mut().reset(deadline()),
            Some(_) => {}
            None => self.idle = Some(Box::pin(tokio::time::sleep_until(deadline()))),
        }
        self.idle_runs = true;
        self.idle
            .as_mut()
            .is_some_and(|idle| idle.as_mut().poll(cx).is_ready())
    }
}

impl Stream {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, DownloadError>>> {
        let this = self;
        this.given_at = None;
        loop {
            if std::mem::take(&mut this.stalled) {
                return Poll::Ready(Some(Err(DownloadError::Stalled)));
            }
            if this.inner.is_none() {
                return Poll::Ready(None);
            }
            // An atomic load on most polls: has anything been revoked since the last look?
            if this.revocations.has_changed().unwrap_or(false) && this.is_revoked() {
                return Poll::Ready(Some(this.cut()));
            }
            let Some(inner) = &mut this.inner else {
                return Poll::Ready(None);
            };
            match Pin::new(inner).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => return Poll::Ready(Some(Ok(this.pass_on(frame)))),
                Poll::Ready(Some(Err(error))) => {
                    this.link.cut();
                    this.finish(End::Failed("response_copy_failed"));
                    return Poll::Ready(Some(Err(DownloadError::Upstream(error))));
                }
                Poll::Ready(None) => {
                    this.finish(End::Executed);
                    return Poll::Ready(None);
                }
                Poll::Pending => {}
            }
            if this.poll_change(cx) {
                continue;
            }
            if this.poll_idle(cx) {
                this.link.cut();
                this.finish(End::Failed("response_idle"));
                return Poll::Ready(Some(Err(DownloadError::Idle)));
            }
            return Poll::Pending;
        }
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = DownloadError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, DownloadError>>> {
        let mut stream = self.0.lock();
        let polled = stream.poll_frame(cx);
        if matches!(polled, Poll::Ready(Some(Ok(_)))) && stream.inner.is_some() {
            stream.given_at = Some(Instant::now());
            if !std::mem::replace(&mut stream.watched, true)
                && let Some(outcome) = &stream.outcome
            {
                Readers::watch(outcome.gateway(), Arc::downgrade(&self.0));
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        let stream = self.0.lock();
        stream.inner.is_none() && !stream.stalled
    }

    fn size_hint(&self) -> SizeHint {
        self.0
            .lock()
            .inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let mut stream = self.0.lock();
        if stream.outcome.is_some() {
            // The caller went away: the upstream must not be fed on.
            stream.link.cut();
            stream.finish(End::Failed("response_copy_failed"));
        }
    }
}
