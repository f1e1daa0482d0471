//! HTTP/2 (RFC 9113), where a listener has it: by ALPN, or by prior knowledge in the clear.
//!
//! A connection carries many requests, so what bounds a connection of HTTP/1.1 bounds a stream here. Requests are handed
//! on in the form of HTTP/1.1, a host and a path, so that nothing behind has a second way to name either.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header, uri::PathAndQuery};
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, Sleep, sleep, sleep_until},
};
use tower::ServiceExt as _;

use super::{
    Connections, OPERATIONAL, PeerAddr, RefusedByListener, ServerLimits,
    guarded::Guarded,
    head::{Fault, MAX_FIELDS, check_target, is_host, number},
    permits::Permit,
};

/// What every connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Requests of one connection at once.
const MAX_STREAMS: u32 = 100;
/// Streams a client may reset before they are looked at, and errors of its own making, before its connection ends: whoever
/// opens and resets without end (CVE-2023-44487) is not served.
const MAX_RESETS: usize = 20;
const MAX_ERRORS: usize = 256;
/// Bytes of a body that may be on their way, for one stream and for all of a connection.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// Bytes of answers kept for one stream whose client does not take them.
const MAX_SEND_BUFFER: usize = 64 * 1024;
/// How long the rest of a preface may be waited for between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Whether the connection begins with the preface. Nothing is taken from it. Who sends nothing, or only a part, within the
/// time that a head may take, is left to HTTP/1.1 and its answer.
pub(super) async fn begins_with_preface(stream: &TcpStream, limits: ServerLimits) -> bool {
    let look = async {
        let mut seen = [0; PREFACE.len()];
        loop {
            match stream.peek(&mut seen).await {
                Ok(count) if count == PREFACE.len() => return seen == PREFACE,
                Ok(count) if count > 0 && seen.get(..count) == PREFACE.get(..count) => {
                    sleep(LOOK_AGAIN).await;
                }
                _ => return false,
            }
        }
    };
    tokio::time::timeout(limits.header_read_timeout, look)
        .await
        .unwrap_or(false)
}

/// What is going on in one connection.
#[derive(Debug)]
struct Activity {
    streams: AtomicUsize,
    quiet_since: Mutex<Instant>,
}

/// One request being answered; while it is, its connection is not idle.
struct Answering(Arc<Activity>);

impl Answering {
    fn begin(activity: &Arc<Activity>) -> Self {
        activity.streams.fetch_add(1, Ordering::AcqRel);
        Self(activity.clone())
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        *self.0.quiet_since.lock() = Instant::now();
        self.0.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Activity {
    /// When the connection has been without a request for `timeout`, if it stays so.
    fn quiet_until(&self, timeout: Duration) -> Option<Instant> {
        (self.streams.load(Ordering::Acquire) == 0).then(|| *self.quiet_since.lock() + timeout)
    }
}

impl Connections {
    /// Serves a connection of HTTP/2 until it ends, is idle for too long, or the listener drains.
    pub(super) async fn http2<S>(&self, stream: S, peer: std::net::SocketAddr, permit: &Permit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = self.limits;
        let activity = Arc::new(Activity {
            streams: AtomicUsize::new(0),
            quiet_since: Mutex::new(Instant::now()),
        });
        let (kept, standing) = (permit.is_kept(), permit.standing());
        let service = hyper::service::service_fn(|request: Request<Incoming>| {
            let router = self.router.clone();
            let (answering, standing) = (Answering::begin(&activity), standing.clone());
            async move {
                let (request, malformed) = as_http1(request);
                let mut request =
                    request.map(|body| axum::body::Body::new(BodyWithDeadline::new(body, limits)));
                request.extensions_mut().insert(PeerAddr(peer));
                request.extensions_mut().insert(standing);
                let crowded = kept && !OPERATIONAL.contains(&request.uri().path());
                if let Some(fault) = malformed.or(crowded.then_some(Fault::Crowded)) {
                    request.extensions_mut().insert(RefusedByListener(fault));
                }
                let response = match router.oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                Ok::<_, Infallible>(response.map(|body| Guarded::new(body, answering)))
            }
        });
        let serving = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_pending_accept_reset_streams(MAX_RESETS)
            .max_local_error_reset_streams(MAX_ERRORS)
            .max_header_list_size(u32::try_from(limits.max_head_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(MAX_SEND_BUFFER)
            .keep_alive_interval(limits.idle_timeout / 2)
            .keep_alive_timeout(limits.write_timeout)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(serving);
        let idle = async {
            loop {
                match activity.quiet_until(limits.idle_timeout) {
                    Some(until) if until <= Instant::now() => return,
                    Some(until) => sleep_until(until).await,
                    None => sleep(limits.idle_timeout).await,
                }
            }
        };
        let outcome = tokio::select! {
            outcome = serving.as_mut() => outcome,
            () = idle => {
                serving.as_mut().graceful_shutdown();
                // Whoever does not even take the word that it is over is not waited for.
                tokio::time::timeout(limits.header_read_timeout, serving).await.unwrap_or(Ok(()))
            }
            () = self.shutdown.cancelled() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended early");
        }
    }
}

/// The request with its authority as `Host` and its path as target, and what is wrong with it.
fn as_http1(request: Request<Incoming>) -> (Request<Incoming>, Option<Fault>) {
    let (mut head, body) = request.into_parts();
    let fault = normalise(&mut head).err();
    (Request::from_parts(head, body), fault)
}

fn normalise(head: &mut http::request::Parts) -> Result<(), Fault> {
    if head.headers.len() > MAX_FIELDS {
        return Err(Fault::TooManyFields);
    }
    let mut lengths = head.headers.get_all(header::CONTENT_LENGTH).iter();
    if let (Some(length), more) = (lengths.next(), lengths.next())
        && (more.is_some() || number(length.as_bytes()).is_none())
    {
        return Err(Fault::Malformed("Content-Length is not one whole number"));
    }
    let uri = std::mem::take(&mut head.uri).into_parts();
    let target = uri
        .path_and_query
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    if head.method == http::Method::CONNECT {
        // Nobody here opens tunnels; the method is refused by whoever routes.
        return Ok(());
    }
    check_target(head.method.as_str(), target.as_str())?;
    let mut uri_parts = http::uri::Parts::default();
    uri_parts.path_and_query = Some(target);
    head.uri =
        Uri::from_parts(uri_parts).map_err(|_| Fault::Malformed("the request target is not a path"))?;

    // RFC 9113 §8.3.1: a Host beside the authority must be the same.
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let (host, further) = (hosts.next().cloned(), hosts.next());
    let authority = uri
        .authority
        .and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    let differ = matches!((&host, &authority), (Some(host), Some(authority))
        if !host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()));
    if further.is_some() || differ {
        return Err(Fault::Malformed("a request names its host exactly once"));
    }
    match authority.or(host) {
        Some(host) if is_host(host.as_bytes()) => {
            head.headers.insert(header::HOST, host);
        }
        _ => return Err(Fault::Malformed("Host is not a host with an optional port")),
    }
    // RFC 9113 §8.2.3: the crumbs of a cookie are one header to everybody else.
    let crumbs: Vec<&[u8]> = head
        .headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if crumbs.len() > 1 {
        let cookie = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]))
            .map_err(|_| Fault::Malformed("a cookie is malformed"))?;
        head.headers.insert(header::COOKIE, cookie);
    }
    Ok(())
}

/// A request body that ends with an error when it takes too long in all: as much as one of HTTP/1.1 may.
struct BodyWithDeadline {
    inner: Incoming,
    limits: ServerLimits,
    waited: Duration,
    bytes: u64,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl BodyWithDeadline {
    const fn new(inner: Incoming, limits: ServerLimits) -> Self {
        Self {
            inner,
            limits,
            waited: Duration::ZERO,
            bytes: 0,
            waiting: None,
        }
    }
}

impl Body for BodyWithDeadline {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let paced = &mut *self;
        match Pin::new(&mut paced.inner).poll_frame(cx) {
            Poll::Ready(frame) => {
                if let Some((since, _)) = paced.waiting.take() {
                    paced.waited += since.elapsed();
                }
                if let Some(Ok(frame)) = &frame {
                    paced.bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
                }
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => {
                let earned = Duration::from_secs(paced.bytes / u64::from(paced.limits.body_min_rate.max(1)));
                let left = (paced.limits.body_read_timeout + earned).saturating_sub(paced.waited);
                let (_, late) = paced
                    .waiting
                    .get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
                if late.as_mut().poll(cx).is_ready() {
                    let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
                    return Poll::Ready(Some(Err(late.into())));
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
