//! Who we are to a server that asks for a certificate (RFC 8446 §4.3.2, RFC 5246 §7.4.4).

use std::{fmt, sync::Arc};

use caracal_core::Timestamp;
use rustls::{
    ClientConfig,
    client::Resumption,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    sign::{CertifiedKey, SingleCertAndKey},
};
use x509_parser::parse_x509_certificate;

/// Most certificates between a client and its authority.
const MAX_CHAIN: usize = 8;

/// Why a certificate and a key are none that a client can show. It quotes neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentity {
    /// The certificates cannot be read, or are too many.
    #[error("must be 1 to 8 certificates in PEM form, the client's own first")]
    Certificates,
    /// The key cannot be read, or nothing can be signed with it.
    #[error("must be one RSA, EC or Ed25519 private key in PEM form, without a passphrase")]
    Key,
    /// The key is of another certificate.
    #[error("is not the key of the certificate")]
    Mismatch,
}

/// A certificate with its key, for [`Egress::presenting`](super::Egress::presenting).
pub struct ClientIdentity(Arc<CertifiedKey>);

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

impl ClientIdentity {
    /// Reads both, and holds them against each other.
    ///
    /// # Errors
    /// [`InvalidIdentity`].
    pub fn from_pem(certificates: &str, key: &str) -> Result<Self, InvalidIdentity> {
        let chain = chain(certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| InvalidIdentity::Key)?;
        CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
            .map(|certified| Self(Arc::new(certified)))
            .map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => InvalidIdentity::Mismatch,
                rustls::Error::InvalidCertificate(_) => InvalidIdentity::Certificates,
                // Theirs is no closed list.
                _ => InvalidIdentity::Key,
            })
    }

    /// The settings of a client that shows it.
    pub(super) fn shown_by(&self, settings: &ClientConfig) -> ClientConfig {
        let mut settings = settings.clone();
        settings.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(self.0.clone()));
        // A session that is taken up again is somebody's: never that of another identity.
        settings.resumption = Resumption::default();
        settings
    }
}

/// From when to when a certificate holds: the first one of a PEM text.
///
/// # Errors
/// [`InvalidIdentity::Certificates`].
pub fn validity(certificates: &str) -> Result<(Timestamp, Timestamp), InvalidIdentity> {
    let chain = chain(certificates)?;
    let first = chain.first().ok_or(InvalidIdentity::Certificates)?;
    let (_, certificate) = parse_x509_certificate(first).map_err(|_| InvalidIdentity::Certificates)?;
    let validity = certificate.validity();
    Ok((
        Timestamp::from_unix_seconds(validity.not_before.timestamp()),
        Timestamp::from_unix_seconds(validity.not_after.timestamp()),
    ))
}

fn chain(certificates: &str) -> Result<Vec<CertificateDer<'static>>, InvalidIdentity> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificates.as_bytes())
        .take(MAX_CHAIN.saturating_add(1))
        .collect();
    let chain = chain.map_err(|_| InvalidIdentity::Certificates)?;
    if (1..=MAX_CHAIN).contains(&chain.len()) {
        Ok(chain)
    } else {
        Err(InvalidIdentity::Certificates)
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn issued(name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(2034, 1, 1);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    #[test]
    fn a_key_is_held_against_its_certificate() {
        let ((certificate, key), (other, _)) = (issued("a.test"), issued("b.test"));
        assert!(ClientIdentity::from_pem(&certificate, &key).is_ok());
        assert!(ClientIdentity::from_pem(&format!("{certificate}{other}"), &key).is_ok());
        let error = |certificates: &str, key: &str| ClientIdentity::from_pem(certificates, key).unwrap_err();
        assert_eq!(error(&other, &key), InvalidIdentity::Mismatch);
        assert_eq!(
            error(&format!("{other}{certificate}"), &key),
            InvalidIdentity::Mismatch
        );
        assert_eq!(error("", &key), InvalidIdentity::Certificates);
        assert_eq!(error(&key, &key), InvalidIdentity::Certificates);
        assert_eq!(error(&certificate.repeat(9), &key), InvalidIdentity::Certificates);
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(error(broken, &key), InvalidIdentity::Certificates);
        assert_eq!(error(&certificate, &certificate), InvalidIdentity::Key);
        let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(error(&certificate, broken), InvalidIdentity::Key);
    }

    #[test]
    fn a_certificate_says_when_it_holds() {
        let (certificate, _) = issued("a.test");
        let (from, to) = validity(&certificate).unwrap();
        assert_eq!(
            (from.unix_seconds(), to.unix_seconds()),
            (1_704_067_200, 2_019_686_400)
        );
        assert!(validity("").is_err() && validity(&certificate.replace("MII", "AAA")).is_err());
    }
}
