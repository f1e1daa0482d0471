//! A server of a test's own that proves to be `localhost`.

use std::sync::Arc;

use rcgen::CertifiedKey;
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// What such a server proves itself with.
#[derive(Clone)]
pub struct TlsIdentity {
    /// Takes connections.
    pub acceptor: TlsAcceptor,
    /// The certificate that its callers trust, in PEM.
    pub authority: String,
}

impl TlsIdentity {
    /// A new one, of `localhost`.
    ///
    /// # Panics
    /// When none can be made.
    pub fn localhost() -> Self {
        let made = rcgen::generate_simple_self_signed([String::from("localhost")]);
        let CertifiedKey { cert, signing_key } = made.expect("a certificate");
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a private key");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .expect("a server's configuration");
        Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            authority: cert.pem(),
        }
    }
}
