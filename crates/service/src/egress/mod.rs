//! The egress guard: every outbound HTTP client of every role is built here.
//!
//! A destination somebody else typed (an upstream, a token endpoint, a webhook, an issuer) is read once by
//! [`Target::parse`], resolved once, and dialled at exactly the address that was vetted, so that no second answer
//! of a name server can lead elsewhere (DNS rebinding). Redirects are never followed and proxy variables of the
//! environment are never read.
//!
//! To use it: hold one [`Egress`] per policy, read the destination with [`Egress::target`], send with
//! [`Egress::client`]. A failure is told apart by [`EgressError::of`].

mod address;
mod connector;
mod dns;
mod identity;
mod policy;
mod target;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use parking_lot::RwLock;
use tower::Service as _;

pub use self::{
    address::{AddressClass, classify},
    connector::EgressConnector,
    dns::{Resolve, SystemResolver},
    identity::{ClientIdentity, InvalidIdentity, validity},
    policy::{EgressPolicy, HostPattern, InvalidHostPattern},
    target::{InvalidTarget, Target},
};
use self::{connector::Dialer, dns::DnsCache};

/// How a request through an [`EgressClient`] fails.
pub use hyper_util::client::legacy::Error as ClientError;

/// An HTTP client that can only reach what the guard allows. Cheap to clone; its pool is shared.
pub type EgressClient<B> = Client<EgressConnector, B>;

/// How often a connection of HTTP/2 with requests under way is asked whether it is there, and how long it may take to say
/// so: one that silently died would take every further request with it.
const HTTP2_PING: Duration = Duration::from_secs(20);

/// Most parsed destinations remembered.
const MAX_TARGETS: usize = 4096;

/// Why a destination was not reached.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EgressError {
    /// The URL cannot be used as a destination.
    #[error("destination refused")]
    InvalidTarget(#[from] InvalidTarget),
    /// The host is not on the allow list.
    #[error("host is not on the allow list")]
    HostNotAllowed,
    /// An address of the host is one that must never be reached; the class says which kind.
    #[error("address refused ({0})")]
    AddressRefused(AddressClass),
    /// The name has no address, or its name server does not answer.
    #[error("host does not resolve")]
    Resolve(#[source] Arc<std::io::Error>),
    /// No vetted address accepted the connection.
    #[error("could not connect")]
    Connect(#[source] Arc<std::io::Error>),
    /// The TLS handshake failed, or the certificate is not trusted.
    #[error("tls handshake failed")]
    Tls(#[source] Arc<std::io::Error>),
    /// Connecting took longer than [`Timeouts::connect`].
    #[error("connecting took too long")]
    TimedOut,
}

impl EgressError {
    /// The guard's verdict in the causes of `error`, if the guard gave one.
    pub fn of<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Self> {
        let mut cause = Some(error);
        while let Some(current) = cause {
            if let Some(verdict) = current.downcast_ref() {
                return Some(verdict);
            }
            cause = current.source();
        }
        None
    }

    /// What is wrong with the certificate, where that is why the handshake failed.
    pub fn certificate_problem(&self) -> Option<CertificateProblem> {
        let Self::Tls(error) = self else { return None };
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
        while let Some(current) = cause {
            if let Some(rustls::Error::InvalidCertificate(problem)) = current.downcast_ref() {
                return Some(CertificateProblem::of(problem));
            }
            // An I/O error hides what it was made of from `source`.
            let inner = current
                .downcast_ref::<std::io::Error>()
                .and_then(std::io::Error::get_ref);
            cause = match inner {
                Some(inner) => Some(inner),
                None => current.source(),
            };
        }
        None
    }

    /// Whether the destination is refused for want of a name in [`EgressPolicy::private_hosts`] alone: it is on this machine or
    /// in a network of the operator.
    pub const fn could_be_named(&self) -> bool {
        matches!(
            self,
            Self::AddressRefused(AddressClass::Loopback | AddressClass::Private)
        )
    }

    /// Whether policy refused the destination, as opposed to the network failing.
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::InvalidTarget(_) | Self::HostNotAllowed | Self::AddressRefused(_)
        )
    }
}

/// What is wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateProblem {
    /// Its time is over, or has not begun.
    Time,
    /// It is of other hosts.
    Name,
    /// Nobody who is trusted signed it.
    Issuer,
    /// Something else.
    Other,
}

impl CertificateProblem {
    fn of(error: &rustls::CertificateError) -> Self {
        use rustls::CertificateError as Error;
        match error {
            Error::Expired
            | Error::ExpiredContext { .. }
            | Error::NotValidYet
            | Error::NotValidYetContext { .. } => Self::Time,
            Error::NotValidForName | Error::NotValidForNameContext { .. } => Self::Name,
            Error::UnknownIssuer => Self::Issuer,
            // Theirs is no closed list.
            _ => Self::Other,
        }
    }
}

/// A text that was to hold further certificate roots holds none, or something else.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no usable certificates in PEM form")]
pub struct InvalidRoots;

/// Bounds of connecting and pooling.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// TCP connect and TLS handshake, each. Default 5 s.
    pub connect: Duration,
    /// How long an idle connection is kept. Default 90 s.
    pub pool_idle: Duration,
    /// Idle connections kept per host. Default 100.
    pub pool_idle_per_host: usize,
    /// How long a resolved name is believed. Default 30 s.
    pub dns: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            pool_idle: Duration::from_secs(90),
            pool_idle_per_host: 100,
            dns: Duration::from_secs(30),
        }
    }
}

/// One guard: a policy, a DNS cache and TLS settings.
#[derive(Debug)]
pub struct Egress {
    policy: Arc<EgressPolicy>,
    timeouts: Timeouts,
    dialer: Dialer,
    tls: Arc<rustls::ClientConfig>,
    targets: RwLock<HashMap<Box<str>, Arc<Target>>>,
}

impl Egress {
    /// A guard that resolves with the operating system and trusts its certificate roots.
    pub fn new(policy: EgressPolicy) -> Arc<Self> {
        Self::with(policy, Timeouts::default(), Arc::new(SystemResolver))
    }

    /// A guard that also trusts the certificates in `pem`, where there are any.
    ///
    /// # Errors
    /// [`InvalidRoots`].
    pub fn trusting(policy: EgressPolicy, pem: Option<&[u8]>) -> Result<Arc<Self>, InvalidRoots> {
        let further = pem
            .map(connector::roots)
            .transpose()?
            .unwrap_or_else(rustls::RootCertStore::empty);
        Ok(Self::of(
            policy,
            Timeouts::default(),
            Arc::new(SystemResolver),
            further,
        ))
    }

    /// A guard of the given parts.
    pub fn with(policy: EgressPolicy, timeouts: Timeouts, resolver: Arc<dyn Resolve>) -> Arc<Self> {
        Self::of(policy, timeouts, resolver, rustls::RootCertStore::empty())
    }

    fn of(
        policy: EgressPolicy,
        timeouts: Timeouts,
        resolver: Arc<dyn Resolve>,
        further: rustls::RootCertStore,
    ) -> Arc<Self> {
        let policy = Arc::new(policy);
        let dns = Arc::new(DnsCache::new(resolver, timeouts.dns));
        Arc::new(Self {
            dialer: Dialer::new(policy.clone(), dns, timeouts.connect),
            policy,
            timeouts,
            tls: connector::tls_config(further),
            targets: RwLock::default(),
        })
    }

    /// The same guard for calls that show `identity` to servers that ask who is there. Its connections, and the TLS sessions
    /// that they take up again, are of nobody else.
    #[must_use]
    pub fn presenting(&self, identity: &ClientIdentity) -> Self {
        Self {
            policy: self.policy.clone(),
            timeouts: self.timeouts,
            dialer: self.dialer.clone(),
            tls: Arc::new(identity.shown_by(&self.tls)),
            targets: RwLock::default(),
        }
    }

    /// Speaks TLS to whom the operator named, of protocols other than HTTP: with the roots that this guard trusts.
    pub fn tls(&self) -> tokio_rustls::TlsConnector {
        self.tls.clone().into()
    }

    /// Reads and checks a destination, from memory after its first use. Addresses given as text are vetted here,
    /// names when they are dialled.
    ///
    /// # Errors
    /// [`EgressError::InvalidTarget`], [`EgressError::HostNotAllowed`], [`EgressError::AddressRefused`].
    pub fn target(&self, url: &str) -> Result<Arc<Target>, EgressError> {
        if let Some(target) = self.targets.read().get(url) {
            return Ok(target.clone());
        }
        let target = Arc::new(Target::parse(url)?);
        if !self.policy.allows_host(target.host()) {
            return Err(EgressError::HostNotAllowed);
        }
        if let Some(address) = target.ip() {
            self.policy.vet(target.host(), address)?;
        }
        let mut targets = self.targets.write();
        if targets.len() >= MAX_TARGETS {
            targets.clear();
        }
        targets.insert(url.into(), target.clone());
        Ok(target)
    }

    /// Resolves and vets the host of `target` without connecting, for checks at configuration time.
    ///
    /// # Errors
    /// [`EgressError`].
    pub async fn vet(&self, target: &Target) -> Result<(), EgressError> {
        self.dialer
            .addresses(target.host(), target.ip())
            .await
            .map(|_| ())
    }

    /// Connects to `target`, shakes hands where its scheme asks for it, and hangs up: what an operator wants to know of a
    /// server before anybody depends on it. Bounded as every connection is.
    ///
    /// # Errors
    /// [`EgressError`].
    pub async fn reach(&self, target: &Target) -> Result<(), EgressError> {
        let uri = target
            .uri()
            .map_err(|error| EgressError::Connect(Arc::new(std::io::Error::other(error))))?;
        let mut connector = EgressConnector::http1(self.dialer.clone(), &self.tls, self.timeouts.connect);
        connector.call(uri).await.map(|_| ())
    }

    /// A client of HTTP/1.1 through this guard. Build it once and clone it.
    pub fn client<B>(&self) -> EgressClient<B>
    where
        B: http_body::Body + Send + Unpin + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.timeouts.pool_idle)
            .pool_max_idle_per_host(self.timeouts.pool_idle_per_host)
            .http1_max_buf_size(64 * 1024)
            .build(EgressConnector::http1(
                self.dialer.clone(),
                &self.tls,
                self.timeouts.connect,
            ))
    }

    /// A client of HTTP/2 alone through this guard: by ALPN, and by prior knowledge where the destination is `http`.
    pub fn http2_client<B>(&self) -> EgressClient<B>
    where
        B: http_body::Body + Send + Unpin + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(self.timeouts.pool_idle)
            .http2_only(true)
            .http2_max_header_list_size(64 * 1024)
            .http2_max_send_buf_size(64 * 1024)
            .http2_keep_alive_interval(HTTP2_PING)
            .http2_keep_alive_timeout(HTTP2_PING)
            .build(EgressConnector::http2(
                self.dialer.clone(),
                &self.tls,
                self.timeouts.connect,
            ))
    }
}

/// When something ends.
fn after(span: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(span).unwrap_or(now)
}

#[cfg(test)]
mod tests;
