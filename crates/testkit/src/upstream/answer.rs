//! What an upstream answers.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use hyper::body::Frame;
use tokio::sync::{Mutex, mpsc, watch};

/// What to do with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// 200 with the request's body and content type.
    Echo,
    /// A whole answer.
    Fixed {
        /// Status.
        status: StatusCode,
        /// Headers.
        headers: HeaderMap,
        /// Body; its length is announced.
        body: Bytes,
    },
    /// 200 with chunks at a steady pace, headers and first chunk at once.
    Paced {
        /// Content type, for example `text/event-stream`.
        content_type: HeaderValue,
        /// The chunks.
        chunks: Vec<Bytes>,
        /// Time between two chunks.
        pause: Duration,
    },
    /// 200 whose chunks come from the test; see [`Live`].
    Live(LiveBody),
    /// 200 that announces more than `body` and cuts the connection after it.
    Cut {
        /// What is sent before the cut.
        body: Bytes,
    },
    /// Cuts the connection without an answer.
    Drop,
    /// Reads the request and never answers.
    Hang,
    /// Reads the request in its own time before answering `then`.
    ReadSlowly {
        /// Time before each read of the body.
        pause: Duration,
        /// The answer.
        then: Box<Answer>,
    },
    /// Reads nothing of the request's body until the gate opens, then answers `then`.
    Behind {
        /// The gate.
        gate: Gate,
        /// The answer.
        then: Box<Answer>,
    },
    /// 101, and from then on every byte comes back (RFC 9110 §7.8). The protocol is the one asked for.
    EchoUpgrade,
}

impl Answer {
    /// A whole answer without headers of its own.
    pub fn fixed(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::Fixed {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    /// A whole JSON answer.
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::fixed(status, body).with_header("content-type", "application/json")
    }

    /// Adds a header to an [`Answer::Fixed`] or [`Answer::Live`]; the same name may be added twice.
    ///
    /// # Panics
    /// On another answer, or when name or value is not one HTTP allows.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let (Self::Fixed { headers, .. } | Self::Live(LiveBody { headers, .. })) = &mut self else {
            panic!("only a fixed or a live answer takes headers")
        };
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        headers.append(name, HeaderValue::from_str(value).expect("a header value"));
        self
    }

    /// Server-sent events at a steady pace, each given without its final blank line.
    pub fn events<E: Into<String>>(events: impl IntoIterator<Item = E>, pause: Duration) -> Self {
        let chunks = events
            .into_iter()
            .map(|event| Bytes::from(event.into() + "\n\n"))
            .collect();
        Self::Paced {
            content_type: HeaderValue::from_static("text/event-stream"),
            chunks,
            pause,
        }
    }

    /// An answer whose chunks the test sends one by one. Serves one request.
    pub fn live(content_type: &'static str) -> (Self, Live) {
        // No slack: a chunk is accepted when the connection is ready for it, so back-pressure is visible.
        let (sender, receiver) = mpsc::channel(1);
        let content_type = HeaderValue::from_static(content_type);
        let body = LiveBody {
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
            frames: Arc::new(Mutex::new(receiver)),
        };
        (Self::Live(body), Live { sender })
    }
}

/// The receiving half of an [`Answer::Live`].
#[derive(Debug, Clone)]
pub struct LiveBody {
    pub(super) headers: HeaderMap,
    pub(super) frames: Arc<Mutex<mpsc::Receiver<Option<Frame<Bytes>>>>>,
}

/// The test's hand on a running answer. Dropping it ends the body properly.
#[derive(Debug)]
pub struct Live {
    sender: mpsc::Sender<Option<Frame<Bytes>>>,
}

impl Live {
    /// Sends a chunk; `false` when the client is gone. Waits while the connection takes no more.
    pub async fn send(&self, chunk: impl Into<Bytes>) -> bool {
        self.sender.send(Some(Frame::data(chunk.into()))).await.is_ok()
    }

    /// Ends the body with trailers, which a client gets that asked for them where a header `trailer` names them.
    pub async fn trailers(self, trailers: HeaderMap) {
        let _ = self.sender.send(Some(Frame::trailers(trailers))).await;
    }

    /// Cuts the connection in the middle of the body.
    pub async fn cut(self) {
        let _ = self.sender.send(None).await;
    }

    /// Waits until the client is gone.
    pub async fn abandoned(&self) {
        self.sender.closed().await;
    }
}

/// A gate that opens once, for everybody who waits. Closed at first.
#[derive(Debug, Clone)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Gate {
    /// Opens it for good.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it is open.
    pub async fn passed(&self) {
        // The sender lives as long as this gate.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}
