//! The response body on its way down, until its end or until the authority behind it ends.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use caracal_core::Operation;
use caracal_service::Refusal;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::{
    failure::Failure,
    governed::{Cut, Governed},
    outcome::{End, FailureKind},
    readers::Read,
    upload::safe,
};

/// Says that a response was cut because authority ended.
pub(crate) const REVOKED: HeaderName = HeaderName::from_static("x-caracal-revoked");

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

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

/// A response body under governance. Its caller's connection polls it; who stopped reading is noticed by
/// [`crate::readers::Readers`].
pub(crate) struct Download(Arc<Mutex<Stream>>);

/// What is governed, and by what.
struct Stream {
    inner: Option<Incoming>,
    /// The first piece, where it came before the caller asked for it.
    first: Option<Frame<Bytes>>,
    governed: Governed,
    /// Whether the caller gets to see trailers; without them a cut must break the transfer.
    trailers: bool,
    /// When the caller was given a piece, while it has not asked for the next.
    given_at: Option<Instant>,
    /// Whether [`crate::readers::Readers`] knows of it.
    watched: bool,
    /// Whether it was ended because the caller does not read.
    stalled: bool,
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl Download {
    /// `body` under `governed`. `trailers` says whether the caller gets to see any.
    pub(crate) fn new(body: Incoming, mut governed: Governed, trailers: bool) -> Self {
        governed.begin_stream();
        let ended = body.is_end_stream();
        let mut stream = Stream {
            trailers: trailers && body.size_hint().exact().is_none(),
            inner: Some(body),
            first: None,
            governed,
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

    /// Waits for the first piece, but no longer than `most`: who streams is silent for as long as they like. Until then the caller
    /// was told nothing, and an answer that breaks can still be refused.
    ///
    /// # Errors
    /// The refusal to answer with; the outcome is recorded.
    pub(crate) async fn begin(&self, most: Duration) -> Result<(), Refusal> {
        let first = poll_fn(|cx| self.0.lock().poll_first(cx));
        timeout(most, first).await.unwrap_or(Ok(()))
    }
}

impl Stream {
    fn finish(&mut self, end: End) {
        self.inner = None;
        self.governed.end(end);
    }

    fn cut(&mut self, cut: Cut) -> Result<Frame<Bytes>, DownloadError> {
        self.inner = None;
        self.governed.cut(cut);
        match cut {
            Cut::Revoked if self.trailers => {
                let mut trailers = HeaderMap::from_iter([(REVOKED, HeaderValue::from_static("true"))]);
                if matches!(self.governed.outcome.operation(), Operation::Grpc { .. }) {
                    // UNAUTHENTICATED: without a status its caller could not tell why the stream ended.
                    trailers.insert(GRPC_STATUS, HeaderValue::from_static("16"));
                    trailers.insert(GRPC_MESSAGE, HeaderValue::from_static("authority ended"));
                }
                Ok(Frame::trailers(trailers))
            }
            Cut::Revoked => Err(DownloadError::Revoked),
            Cut::Idle => Err(DownloadError::Idle),
        }
    }

    fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(Ok(()));
        };
        let failure = match ready!(self.governed.poll(cx, |cx| Pin::new(&mut *inner).poll_frame(cx))) {
            Ok(Some(Ok(frame))) => {
                self.first = Some(frame);
                return Poll::Ready(Ok(()));
            }
            Ok(None) => {
                self.finish(End::Executed);
                return Poll::Ready(Ok(()));
            }
            Ok(Some(Err(error))) => {
                tracing::debug!(error = %caracal_service::error_chain(&error), "the body of an answer broke before its first piece");
                Failure::BodyUnreadable
            }
            Err(Cut::Revoked) => Failure::Revoked,
            Err(Cut::Idle) => Failure::TimedOut,
        };
        self.inner = None;
        self.governed.link().cut();
        Poll::Ready(Err(self.governed.refuse(&failure)))
    }

    fn pass_on(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        if let Some(data) = frame.data_ref() {
            self.governed.outcome.passed_on(data.len());
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

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, DownloadError>>> {
        self.given_at = None;
        if std::mem::take(&mut self.stalled) {
            return Poll::Ready(Some(Err(DownloadError::Stalled)));
        }
        let Some(inner) = &mut self.inner else {
            return Poll::Ready(None);
        };
        let first = &mut self.first;
        let piece = ready!(self.governed.poll(cx, |cx| match first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => Pin::new(&mut *inner).poll_frame(cx),
        }));
        Poll::Ready(match piece {
            Err(cut) => Some(self.cut(cut)),
            Ok(Some(Ok(frame))) => Some(Ok(self.pass_on(frame))),
            Ok(Some(Err(error))) => {
                self.governed.link().cut();
                self.finish(End::Failed(FailureKind::ResponseCopyFailed));
                Some(Err(DownloadError::Upstream(error)))
            }
            Ok(None) => {
                self.finish(End::Executed);
                None
            }
        })
    }
}

impl Read for Stream {
    /// Neither a permit nor a connection of the upstream is held for who does not read.
    fn goes_on_with_its_reader(&mut self) -> bool {
        if self.inner.is_none() {
            return false;
        }
        let timeout = self.governed.idle_timeout();
        if self.given_at.is_none_or(|at| at.elapsed() < timeout) {
            return true;
        }
        self.stalled = true;
        self.governed.link().cut();
        self.finish(End::Failed(FailureKind::ReaderStalled));
        false
    }
}

/// The body of an answer to HEAD. There is none, and how long that of a GET would be says the upstream or nobody (RFC 9110
/// §9.3.2): an end that is known would be told as a length of nothing.
pub(crate) struct BodyOfHead(pub(crate) Download);

impl Body for BodyOfHead {
    type Data = Bytes;
    type Error = DownloadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, DownloadError>>> {
        Pin::new(&mut self.0).poll_frame(cx)
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
            if !std::mem::replace(&mut stream.watched, true) {
                let response = Arc::downgrade(&self.0);
                stream.governed.gateway().readers.watch(response);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        let stream = self.0.lock();
        stream.inner.is_none() && !stream.stalled
    }

    fn size_hint(&self) -> SizeHint {
        let stream = self.0.lock();
        let Some(inner) = &stream.inner else {
            return SizeHint::with_exact(0);
        };
        let mut size = inner.size_hint();
        if let Some(first) = stream.first.as_ref().and_then(Frame::data_ref) {
            let held = first.len() as u64;
            if let Some(upper) = size.upper() {
                size.set_upper(upper.saturating_add(held));
            }
            size.set_lower(size.lower().saturating_add(held));
        }
        size
    }
}
