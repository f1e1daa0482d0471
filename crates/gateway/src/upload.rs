//! The request body on its way up: counted, never collected.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::{Buf as _, Bytes};
use caracal_service::body::came_too_slowly;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::{link::Link, outbound::trailer_may_pass};

/// Why an upload stopped. The upstream sees an aborted request, never a complete one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UploadError {
    #[error("request body too large")]
    TooLarge,
    #[error("request body broke off")]
    Broken,
    #[error("request ended by the gateway")]
    Cut,
}

/// A request body that ends with an error past its limit. Pulls from the caller only as fast as the upstream takes.
#[derive(Debug)]
pub(crate) struct Upload {
    inner: Body,
    left: u64,
    link: Arc<Link>,
}

impl Upload {
    pub(crate) fn new(inner: Body, limit: u64, link: Arc<Link>) -> Self {
        if inner.is_end_stream() {
            link.finish();
        }
        Self {
            inner,
            left: limit,
            link,
        }
    }

    fn counted(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, UploadError> {
        let data = match frame.into_data() {
            Ok(data) => data,
            Err(other) => {
                return Ok(other
                    .into_trailers()
                    .map_or_else(|other| other, |trailers| Frame::trailers(safe(trailers))));
            }
        };
        let Some(left) = self.left.checked_sub(data.remaining() as u64) else {
            self.link.mark_too_large();
            return Err(UploadError::TooLarge);
        };
        self.left = left;
        self.link.progressed();
        Ok(Frame::data(data))
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = UploadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadError>>> {
        self.link.register(cx.waker());
        if self.link.is_cut() {
            return Poll::Ready(Some(Err(UploadError::Cut)));
        }
        let next = match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Pending => {
                self.link.set_waits_for_caller(true);
                return Poll::Pending;
            }
            Poll::Ready(next) => next,
        };
        self.link.set_waits_for_caller(false);
        let passed = match next {
            None => None,
            Some(Ok(frame)) => Some(self.counted(frame)),
            Some(Err(error)) => {
                if came_too_slowly(&error) {
                    self.link.mark_late();
                } else {
                    self.link.mark_broken();
                }
                Some(Err(UploadError::Broken))
            }
        };
        if !matches!(passed, Some(Ok(_))) || self.inner.is_end_stream() {
            self.link.finish();
        }
        Poll::Ready(passed)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        self.link.finish();
    }
}

/// Trailers without what must not arrive behind a body.
pub(crate) fn safe(mut trailers: HeaderMap) -> HeaderMap {
    if trailers.keys().all(trailer_may_pass) {
        return trailers;
    }
    let mut kept = HeaderMap::new();
    let mut name = None;
    for (next, value) in trailers.drain() {
        name = next.or(name);
        if let Some(name) = name.as_ref().filter(|name| trailer_may_pass(name)) {
            kept.append(name.clone(), value);
        }
    }
    kept
}
