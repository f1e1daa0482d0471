//! A response body that tells when hyper is done with it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::shared::Shared;

/// A body; its end is the end of the answer.
#[derive(Debug)]
pub(super) struct Tracked {
    inner: axum::body::Body,
    shared: Arc<Shared>,
}

impl Tracked {
    pub(super) const fn new(inner: axum::body::Body, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.shared.answered();
    }
}
