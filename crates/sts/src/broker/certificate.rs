//! The certificate that the Gateway shows to the upstream, of a provider that has one.

use caracal_core::{Secret, Timestamp, entity::ProviderConfig};
use caracal_service::egress::validity;

use crate::credentials::BrokerError;

/// Certificates and their key, where `config` has them. One that does not hold at `now` is not shown: the upstream would
/// refuse it, and nobody would be told why.
pub(super) fn shown(config: &ProviderConfig, now: Timestamp) -> Result<Option<Secret>, BrokerError> {
    let Some(certificate) = config.certificate() else {
        return Ok(None);
    };
    let key = certificate.client_key.as_ref();
    let key = key.ok_or(BrokerError::Missing("client_key"))?;
    let certificates = &certificate.client_certificate;
    let (from, until) = validity(certificates).map_err(|_| BrokerError::Missing("client_certificate"))?;
    if now < from || until <= now {
        return Err(BrokerError::CertificateOver { from, until });
    }
    Ok(Some(Secret::new(
        [certificates, "\n", key.expose(), "\n"].concat(),
    )))
}
