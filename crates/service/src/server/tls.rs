//! TLS of a listener: certificate and key from files, read again when asked.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Where certificate and key are.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate and its intermediates, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// A file is missing, not readable or not PEM.
    #[error("{0} is not a readable PEM file")]
    File(PathBuf, #[source] rustls::pki_types::pem::Error),
    /// The file has no certificate.
    #[error("{0} has no certificate")]
    Empty(PathBuf),
    /// Certificate and key do not fit, or are of an unknown kind.
    #[error("certificate and key are not usable")]
    Unusable(#[from] rustls::Error),
}

/// What is offered to clients of one certificate, by what a listener speaks.
#[derive(Debug)]
struct Configs {
    http1: Arc<ServerConfig>,
    http2: Arc<ServerConfig>,
}

/// The TLS side of listeners. New connections use what [`TlsServer::reload`] read last.
#[derive(Debug)]
pub struct TlsServer {
    files: TlsFiles,
    current: ArcSwap<Configs>,
}

impl TlsServer {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsSetupError`] naming the file.
    pub fn open(files: TlsFiles) -> Result<Self, TlsSetupError> {
        let current = ArcSwap::from_pointee(read(&files)?);
        Ok(Self { files, current })
    }

    /// Reads the files again. On failure the former certificate stays.
    ///
    /// # Errors
    /// [`TlsSetupError`] naming the file.
    pub fn reload(&self) -> Result<(), TlsSetupError> {
        self.current.store(Arc::new(read(&self.files)?));
        Ok(())
    }

    /// Shakes hands, and offers HTTP/2 where the listener has it.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
        http2: bool,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let current = self.current.load_full();
        let config = if http2 { &current.http2 } else { &current.http1 };
        TlsAcceptor::from(config.clone()).accept(stream).await
    }
}

fn read(files: &TlsFiles) -> Result<Configs, TlsSetupError> {
    let broken = |error| TlsSetupError::File(files.certificate.clone(), error);
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .map_err(broken)?
        .collect::<Result<_, _>>()
        .map_err(broken)?;
    if chain.is_empty() {
        return Err(TlsSetupError::Empty(files.certificate.clone()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| TlsSetupError::File(files.key.clone(), error))?;
    let mut config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut both = config.clone();
    both.alpn_protocols.insert(0, b"h2".to_vec());
    Ok(Configs {
        http1: Arc::new(config),
        http2: Arc::new(both),
    })
}
