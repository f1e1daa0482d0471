//! Dials vetted addresses, with TLS where the scheme asks for it.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio::net::TcpStream;
use tower::Service;

use super::{EgressError, EgressPolicy, InvalidRoots, dns::DnsCache};

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, EgressError>> + Send>>;

/// Client settings: TLS 1.2 and 1.3 by aws-lc-rs, roots of the operating system and `further` ones, no client
/// certificate.
pub(super) fn tls_config(further: RootCertStore) -> Arc<ClientConfig> {
    let mut roots = further;
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        // Plain http still works; every https destination fails closed.
        tracing::warn!(errors = ?native.errors, "no certificate roots found: https destinations will be refused");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("aws-lc-rs offers TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// The certificates of a PEM text, as roots.
pub(super) fn roots(pem: &[u8]) -> Result<RootCertStore, InvalidRoots> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots
            .add(certificate.map_err(|_| InvalidRoots)?)
            .map_err(|_| InvalidRoots)?;
    }
    if roots.is_empty() {
        Err(InvalidRoots)
    } else {
        Ok(roots)
    }
}

/// Opens TCP connections to addresses that passed the policy, and to nothing else.
#[derive(Debug, Clone)]
pub(super) struct Dialer {
    policy: Arc<EgressPolicy>,
    dns: Arc<DnsCache>,
    timeout: Duration,
}

impl Dialer {
    pub(super) const fn new(policy: Arc<EgressPolicy>, dns: Arc<DnsCache>, timeout: Duration) -> Self {
        Self { policy, dns, timeout }
    }

    /// The addresses of `host`, all vetted. One refused address refuses the host: a name that resolves to a public
    /// and to an internal address is an attack, not a choice.
    pub(super) async fn addresses(
        &self,
        host: &str,
        ip: Option<IpAddr>,
    ) -> Result<Arc<[IpAddr]>, EgressError> {
        if let Some(ip) = ip {
            self.policy.vet(host, ip)?;
            return Ok(Arc::new([ip]));
        }
        let addresses = self.dns.lookup(host).await?;
        for address in addresses.iter() {
            self.policy.vet(host, *address)?;
        }
        Ok(addresses)
    }

    async fn dial(self, uri: Uri) -> Result<TokioIo<TcpStream>, EgressError> {
        let host = uri.host().unwrap_or_default();
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        });
        let connecting = async {
            let addresses = self.addresses(bare, bare.parse().ok()).await?;
            let share = self.timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
            let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
            for address in addresses.iter() {
                match tokio::time::timeout(share, TcpStream::connect(SocketAddr::new(*address, port))).await {
                    Ok(Ok(stream)) => {
                        // Small requests must not wait for the acknowledgement of earlier ones.
                        let _ = stream.set_nodelay(true);
                        return Ok(TokioIo::new(stream));
                    }
                    Ok(Err(error)) => last = error,
                    Err(_) => last = io::ErrorKind::TimedOut.into(),
                }
            }
            if last.kind() == io::ErrorKind::TimedOut {
                Err(EgressError::TimedOut)
            } else {
                Err(EgressError::Connect(Arc::new(last)))
            }
        };
        tokio::time::timeout(self.timeout, connecting)
            .await
            .unwrap_or(Err(EgressError::TimedOut))
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<TcpStream>;
    type Error = EgressError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), EgressError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().dial(uri))
    }
}

/// The connector of every [`EgressClient`](super::EgressClient).
#[derive(Debug, Clone)]
pub struct EgressConnector {
    https: HttpsConnector<Dialer>,
    timeout: Duration,
}

impl EgressConnector {
    pub(super) fn http1(dialer: Dialer, tls: &ClientConfig, timeout: Duration) -> Self {
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls.clone());
        Self::of(
            builder.https_or_http().enable_http1().wrap_connector(dialer),
            timeout,
        )
    }

    pub(super) fn http2(dialer: Dialer, tls: &ClientConfig, timeout: Duration) -> Self {
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls.clone());
        Self::of(
            builder.https_or_http().enable_http2().wrap_connector(dialer),
            timeout,
        )
    }

    fn of(https: HttpsConnector<Dialer>, timeout: Duration) -> Self {
        // Dialling bounds itself; this one adds as much again for the handshake.
        Self {
            https,
            timeout: timeout.saturating_mul(2),
        }
    }
}

impl Service<Uri> for EgressConnector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = EgressError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), EgressError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.https.call(uri);
        let timeout = self.timeout;
        Box::pin(async move {
            match tokio::time::timeout(timeout, connecting).await {
                Err(_) => Err(EgressError::TimedOut),
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(match error.downcast::<EgressError>() {
                    Ok(verdict) => *verdict,
                    Err(other) => EgressError::Tls(Arc::new(io::Error::other(other))),
                }),
            }
        })
    }
}
