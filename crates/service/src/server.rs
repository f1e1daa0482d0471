//! The HTTP listener: strict heads and framing, bounded waits and connections, graceful drain.
//!
//! [`guard`] stands between each socket and hyper, [`scan`] and [`head`] say what is a request, [`permits`] counts
//! connections. Every listener of every role is served here.

#[cfg(fuzzing)]
pub mod fuzzing;
mod guard;
mod guarded;
mod head;
mod http2;
mod permits;
mod scan;
mod shared;
#[cfg(test)]
mod tests;
mod tls;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use http::{HeaderValue, StatusCode, header};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

pub(crate) use self::head::Fault;
use self::{
    guard::Guard,
    guarded::Guarded,
    permits::{Permit, Permits},
    shared::{Answered, Shared},
};
pub use self::{
    permits::Standing,
    tls::{TlsFiles, TlsServer, TlsSetupError},
};

/// The peer of a connection, as a request extension.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddr(pub SocketAddr);

impl PeerAddr {
    /// The address at the other end of the connection of a request with these extensions.
    pub fn of(extensions: &http::Extensions) -> Option<IpAddr> {
        extensions.get::<Self>().map(|peer| peer.0.ip())
    }
}

/// Cancelled when the listener begins to drain; an extension of requests for another protocol, which would outlive it.
#[derive(Debug, Clone)]
pub struct Draining(pub CancellationToken);

/// Stands in a request's extensions for what the listener refused; [`crate::request::finish`] answers it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefusedByListener(pub(crate) Fault);

/// Bounds of a listener.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// Largest request head, in bytes; past it the answer is 431.
    pub max_head_bytes: usize,
    /// Longest wait for a complete request head; past it the answer is 408.
    pub header_read_timeout: Duration,
    /// Longest wait for a request body, all waits together; past it the answer is 408. Every
    /// [`ServerLimits::body_min_rate`] bytes received add a second.
    pub body_read_timeout: Duration,
    /// Bytes a second that a body may come at for as long as it likes.
    pub body_min_rate: u32,
    /// How long a connection without a request is kept.
    pub idle_timeout: Duration,
    /// How long sent bytes may stay unacknowledged, or a closed window may stay closed (RFC 5482).
    pub write_timeout: Duration,
    /// Most connections at once; further ones wait in the backlog. Once they are taken, one on which nobody was proved gives
    /// way; where there is none, the last twentieth (4 to 64) answers only health, readiness and metrics.
    pub max_connections: usize,
    /// Most connections of one client address (of one /64 with IPv6); further ones are closed.
    pub max_connections_per_address: usize,
    /// Whether HTTP/2 is spoken too: by ALPN, or by prior knowledge in the clear. Default no.
    pub http2: bool,
    /// How long open requests may go on after shutdown began.
    pub drain: Duration,
    /// How long an idle connection is kept after shutdown began, to answer what is already on its way.
    pub idle_drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            max_head_bytes: 16 * 1024,
            header_read_timeout: Duration::from_secs(5),
            body_read_timeout: Duration::from_secs(45),
            body_min_rate: 500,
            idle_timeout: Duration::from_mins(2),
            write_timeout: Duration::from_mins(1),
            max_connections: 10_000,
            max_connections_per_address: 5_000,
            http2: false,
            drain: Duration::from_secs(5),
            idle_drain: Duration::from_secs(1),
        }
    }
}

/// Alive, ready and measured: paths that every listener has, and that it answers when no permit is left for others.
pub const OPERATIONAL: [&str; 3] = ["/health", "/ready", "/metrics"];

/// Pause after a failed accept, and how often it is logged.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// Serves `router` until `shutdown`, then drains. With `tls`, every connection is encrypted.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    tls: Option<Arc<TlsServer>>,
    shutdown: CancellationToken,
) {
    let connections = TaskTracker::new();
    let permits = Permits::new(limits.max_connections, limits.max_connections_per_address);
    let mut builder = http1::Builder::new();
    builder
        // The guard keeps the time.
        .header_read_timeout(None)
        // Answers are flushed one by one: gathering them with `pipeline_flush` loses the answer to a malformed head,
        // because bytes of the refused request are still unread when the connection closes.
        .max_headers(head::MAX_FIELDS)
        // The guard bounds heads; hyper also holds what is left of a body before one.
        .max_buf_size(limits.max_head_bytes + 16 * 1024);
    let service = Connections {
        builder,
        router,
        limits,
        tls,
        shutdown: shutdown.clone(),
    };
    let mut failing = false;
    loop {
        let room = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            room = permits.room() => room,
        };
        let Some(room) = room else { break };
        let accepted = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => {
                if std::mem::take(&mut failing) {
                    tracing::info!("connections are accepted again");
                }
                accepted
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(error) => {
                // Out of file descriptors and the like: back off instead of spinning, and go on when some are free.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "could not accept a connection; trying again until it works");
                }
                crate::metrics::connection_refused("accept_failed");
                tokio::time::sleep(ACCEPT_BACKOFF).await;
                continue;
            }
        };
        if let Some(permit) = permits.take(room, peer.ip()) {
            connections.spawn(service.clone().serve(stream, peer, permit));
        } else {
            crate::metrics::connection_refused("address_limit");
        }
        // Those who came before get to ask before the next one may take their place.
        tokio::task::yield_now().await;
    }
    for (stream, peer) in backlog(listener) {
        if let Some(permit) = permits.room_now().and_then(|room| permits.take(room, peer.ip())) {
            connections.spawn(service.clone().serve(stream, peer, permit));
        }
    }
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!("open requests outlived the drain time and were cut");
    }
}

/// Connections that the kernel has accepted on our behalf by now: they are answered too. The runtime may not have heard
/// of them, so the socket itself is asked.
fn backlog(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let mut waiting = Vec::new();
    if let Ok(listener) = listener.into_std() {
        while let Ok((stream, peer)) = listener.accept() {
            if stream.set_nonblocking(true).is_ok()
                && let Ok(stream) = TcpStream::from_std(stream)
            {
                waiting.push((stream, peer));
            }
        }
    }
    waiting
}

/// What serving a connection takes.
#[derive(Debug, Clone)]
struct Connections {
    builder: http1::Builder,
    router: Router,
    limits: ServerLimits,
    tls: Option<Arc<TlsServer>>,
    shutdown: CancellationToken,
}

impl Connections {
    /// Until it ends, or gives way to somebody else's.
    async fn serve(self, stream: TcpStream, peer: SocketAddr, permit: Permit) {
        tokio::select! {
            () = self.connection(stream, peer, &permit) => {}
            () = permit.gives_way() => tracing::debug!("a connection of a stranger gave way"),
        }
    }

    async fn connection(&self, stream: TcpStream, peer: SocketAddr, permit: &Permit) {
        // Answers are small and latency matters more than packet count.
        let _ = stream.set_nodelay(true);
        // A peer that stops acknowledging, or never reads, must not hold its answer in memory for ever.
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(self.limits.write_timeout));
        let Some(tls) = &self.tls else {
            let is_http2 = self.limits.http2
                && tokio::select! {
                    begins = http2::begins_with_preface(&stream, self.limits) => begins,
                    () = self.shutdown.cancelled() => false,
                };
            return if is_http2 {
                self.http2(stream, peer, permit).await;
            } else {
                self.http(stream, peer, permit).await;
            };
        };
        let accepting = tls.accept(stream, self.limits.http2);
        match tokio::time::timeout(self.limits.header_read_timeout, accepting).await {
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
                self.http2(stream, peer, permit).await;
            }
            Ok(Ok(stream)) => self.http(stream, peer, permit).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        }
    }

    async fn http<S>(&self, stream: S, peer: SocketAddr, permit: &Permit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let shared = Arc::new(Shared::default());
        let guard = Guard::new(stream, self.limits, shared.clone());
        let (kept, standing) = (permit.is_kept(), permit.standing());
        let service = hyper::service::service_fn(|mut request: http::Request<hyper::body::Incoming>| {
            let router = self.router.clone();
            let (shared, standing) = (shared.clone(), standing.clone());
            let upgrades = request.headers().contains_key(header::UPGRADE);
            let draining = upgrades.then(|| Draining(self.shutdown.clone()));
            shared.begin();
            async move {
                request.extensions_mut().insert(PeerAddr(peer));
                request.extensions_mut().insert(standing);
                if let Some(draining) = draining {
                    request.extensions_mut().insert(draining);
                }
                let refused = match shared.fault() {
                    None if kept && !OPERATIONAL.contains(&request.uri().path()) => Some(Fault::Crowded),
                    fault => fault,
                };
                if let Some(fault) = refused {
                    request.extensions_mut().insert(RefusedByListener(fault));
                }
                let mut response = match router.oneshot(request.map(axum::body::Body::new)).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                let fault = shared.fault();
                if let Some(fault) = fault
                    && refused.is_none()
                    && (response.status().is_client_error() || response.status().is_server_error())
                {
                    response = instead(fault, &response);
                }
                if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                    shared.switch();
                } else if kept || fault.is_some() || shared.is_ending() {
                    response
                        .headers_mut()
                        .insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, std::convert::Infallible>(response.map(|body| Guarded::new(body, Answered(shared))))
            }
        });
        let serving = self
            .builder
            .serve_connection(TokioIo::new(guard), service)
            .with_upgrades();
        tokio::pin!(serving);
        let draining = async {
            self.shutdown.cancelled().await;
            shared.end();
            tokio::time::sleep(self.limits.idle_drain).await;
            shared.end_when_idle();
        };
        let outcome = tokio::select! {
            outcome = serving.as_mut() => outcome,
            () = draining => serving.await,
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended early");
        } else if shared.is_switched() {
            // The other protocol's connection counts, and is drained, as ours.
            shared.let_go().await;
        }
    }
}

/// Handlers see only that a body broke off; the client learns why.
fn instead(fault: Fault, response: &axum::response::Response) -> axum::response::Response {
    let id = response.headers().get(crate::trace::REQUEST_ID);
    let text = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
    let mut refused = fault.refusal().render(text);
    if let Some(id) = id {
        refused.headers_mut().insert(crate::trace::REQUEST_ID, id.clone());
    }
    refused
}
