//! What the Gateway is built from.

use std::{sync::Arc, time::Duration};

use caracal_core::World;
use caracal_crypto::DpopWindow;
use caracal_events::{ReplayStore, Spool};
use caracal_service::{
    egress::Egress, exchange::Exchange, issued::IssuedMandates, revocation::Revocations, zones::ZoneDirectory,
};

/// Bounds of the proxy.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// Largest request body, in bytes. Default 10 MiB.
    pub max_request_bytes: u64,
    /// Longest wait for an upstream's response head, counted from the end of the request. Default 30 s.
    pub upstream_timeout: Duration,
    /// Longest silence within a body, in either direction. Default 60 s.
    pub stream_idle_timeout: Duration,
    /// How long the head of an answer waits for the first piece of its body, so that an answer which breaks before that is refused
    /// and not broken off. Default 25 ms.
    pub first_piece_wait: Duration,
    /// Most calls in flight to one upstream host; further ones wait a moment, then get 503. A zone gets at most three
    /// times as many as are free. Default 1024.
    pub max_calls_per_host: usize,
    /// Longest wait for such a permit. Default 5 s.
    pub permit_timeout: Duration,
    /// Whether `X-Forwarded-For` and `X-Forwarded-Proto` of the caller are believed. Default no.
    pub trust_proxy: bool,
    /// Whether the listener speaks TLS, for `X-Forwarded-Proto`.
    pub tls: bool,
    /// Scheme, host and port by which callers know the Gateway, without a slash behind. Resources whose identifier is
    /// `/r/ZONE/NAME` there can be called by it. Default none: each call names its resource in a header.
    pub public_url: Option<String>,
    /// When proofs that a key is held are good. Default a minute, and half a minute more for clocks that differ.
    pub dpop_window: DpopWindow,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            max_request_bytes: 10 * 1024 * 1024,
            upstream_timeout: Duration::from_secs(30),
            stream_idle_timeout: Duration::from_mins(1),
            first_piece_wait: Duration::from_millis(25),
            max_calls_per_host: 1024,
            permit_timeout: Duration::from_secs(5),
            trust_proxy: false,
            tls: false,
            public_url: None,
            dpop_window: DpopWindow::default(),
        }
    }
}

/// Everything the Gateway needs.
#[derive(Debug, Clone)]
pub struct GatewayDeps {
    /// Time and randomness.
    pub world: World,
    /// Verifying keys, by zone.
    pub zones: Arc<ZoneDirectory>,
    /// What is refused now.
    pub revocations: Arc<Revocations>,
    /// Mandates this process signed itself; absent where the STS is another process.
    pub issued: Option<Arc<IssuedMandates>>,
    /// Which mandates were used.
    pub replay: Arc<dyn ReplayStore>,
    /// Asks the STS.
    pub exchange: Arc<dyn Exchange>,
    /// Where events are safe before the answer is sent.
    pub spool: Arc<Spool>,
    /// Issuer and audience of mandates, byte for byte.
    pub issuer: Arc<str>,
    /// Guard of everything that leaves.
    pub egress: Arc<Egress>,
    /// Bounds.
    pub config: GatewayConfig,
}
