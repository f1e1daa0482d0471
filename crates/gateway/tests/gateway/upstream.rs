//! An upstream that remembers what it was sent and answers as the path asks.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use parking_lot::Mutex;
use tokio::{net::TcpListener, sync::mpsc};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Result<Bytes, String>,
    pub(crate) trailers: HeaderMap,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} came twice");
        value
    }
}

type Chunks = mpsc::Sender<Frame<Bytes>>;

#[derive(Debug, Default)]
struct State {
    received: Mutex<Vec<Received>>,
    begun: std::sync::atomic::AtomicUsize,
    streams: Mutex<Vec<Chunks>>,
    answer_headers: Mutex<HeaderMap>,
}

#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = state.clone();
        let router = Router::new().fallback(move |request: Request| answer(shared.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    /// Requests received so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().clone()
    }

    /// Heads received so far, of requests whose bodies may still be coming.
    pub(crate) fn begun(&self) -> usize {
        self.state.begun.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// The one request received.
    pub(crate) fn only(&self) -> Received {
        let received = self.received();
        assert_eq!(received.len(), 1, "exactly one request");
        received.into_iter().next().unwrap()
    }

    /// Headers to answer with.
    pub(crate) fn answer_with(&self, pairs: &[(&'static str, &'static str)]) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        *self.state.answer_headers.lock() = headers;
    }

    /// The writing end of the stream opened last at `/stream`.
    pub(crate) async fn stream(&self) -> Chunks {
        loop {
            if let Some(stream) = self.state.streams.lock().pop() {
                return stream;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn answer(state: Arc<State>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    state.begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    if head.uri.path() == "/stuck" {
        std::future::pending::<()>().await;
    }
    let (body, trailers) = match body.collect().await {
        Ok(collected) => {
            let trailers = collected.trailers().cloned().unwrap_or_default();
            (Ok(collected.to_bytes()), trailers)
        }
        Err(error) => (Err(error.to_string()), HeaderMap::new()),
    };
    let echo = body.clone().unwrap_or_default();
    state.received.lock().push(Received {
        method: head.method,
        target: head
            .uri
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default(),
        headers: head.headers,
        body,
        trailers,
    });
    let mut response = match head.uri.path() {
        "/stream" | "/events" => {
            let (sender, mut receiver) = mpsc::channel(1);
            state.streams.lock().push(sender);
            let chunks = futures_util::stream::poll_fn(move |cx| {
                receiver
                    .poll_recv(cx)
                    .map(|frame| frame.map(Ok::<_, std::convert::Infallible>))
            });
            Response::new(Body::new(StreamBody::new(chunks)))
        }
        "/status/404" => with_status(StatusCode::NOT_FOUND, echo),
        "/status/302" => with_status(StatusCode::FOUND, echo),
        "/status/204" => with_status(StatusCode::NO_CONTENT, Bytes::new()),
        "/status/500" => with_status(StatusCode::INTERNAL_SERVER_ERROR, echo),
        _ => Response::new(Body::from(echo)),
    };
    for (name, value) in &*state.answer_headers.lock() {
        response.headers_mut().append(name.clone(), value.clone());
    }
    if head.uri.path() == "/events" {
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream"),
        );
    }
    response
}

fn with_status(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
}
