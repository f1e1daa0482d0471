//! The HTTP listener: bounded headers and waits, graceful drain.

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

/// The peer of a connection, as a request extension.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddr(pub SocketAddr);

/// Bounds of a listener.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// Largest request head, in bytes; past it the answer is 431.
    pub max_head_bytes: usize,
    /// Longest wait for a complete request head.
    pub header_read_timeout: Duration,
    /// Most connections at once; further ones wait in the backlog.
    pub max_connections: usize,
    /// How long open requests may go on after shutdown began.
    pub drain: Duration,
}

/// How long sent bytes may stay unacknowledged, or a closed window may stay closed (RFC 5482).
const UNACKNOWLEDGED: Duration = Duration::from_mins(1);

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            max_head_bytes: 16 * 1024,
            header_read_timeout: Duration::from_secs(5),
            max_connections: 10_000,
            drain: Duration::from_secs(14),
        }
    }
}

/// Serves `router` until `shutdown`, then drains.
pub async fn serve(listener: TcpListener, router: Router, limits: ServerLimits, shutdown: CancellationToken) {
    let connections = TaskTracker::new();
    let places = std::sync::Arc::new(tokio::sync::Semaphore::new(limits.max_connections));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read_timeout)
        // Answers are flushed one by one: gathering them with `pipeline_flush` loses the answer to a malformed head,
        // because bytes of the refused request are still unread when the connection closes.
        .max_buf_size(limits.max_head_bytes);

    loop {
        let Ok(place) = places.clone().acquire_owned().await else {
            break;
        };
        let (stream, peer) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors and the like: back off instead of spinning.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        let builder = builder.clone();
        let router = router.clone();
        let shutdown = shutdown.clone();
        connections.spawn(async move {
            let _place = place;
            connection(&builder, stream, peer, router, shutdown).await;
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait())
        .await
        .is_err()
    {
        tracing::warn!("open requests outlived the drain time and were cut");
    }
}

async fn connection(
    builder: &http1::Builder,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    shutdown: CancellationToken,
) {
    // Answers are small and latency matters more than packet count.
    let _ = stream.set_nodelay(true);
    // A peer that stops acknowledging, or never reads, must not hold its answer in memory for ever.
    let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    let service = hyper::service::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(PeerAddr(peer));
        router.clone().oneshot(request.map(axum::body::Body::new))
    });
    let serving = builder
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(serving);
    let outcome = tokio::select! {
        outcome = serving.as_mut() => outcome,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "connection ended early");
    }
}
