//! A client certificate, which a provider of any kind can have: it is shown to the upstream while TLS is set up.

use serde::Serialize;

use super::{
    Checked, Credential, Fields, invalid,
    rules::{certificates, private_key},
};
use crate::Secret;

/// Who the Gateway is to an upstream that asks for a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientCertificateConfig {
    /// The certificate, and behind it those that lead to its authority, in PEM form.
    pub client_certificate: String,
    /// Its private key in PEM form; absent where it was not given or not opened.
    #[serde(skip)]
    pub client_key: Option<Secret>,
}

impl ClientCertificateConfig {
    /// The settings that [`Self::read`] takes.
    pub(super) const KEYS: [&'static str; 2] = ["client_certificate", "client_key"];

    pub(super) fn read(fields: &Fields<'_>) -> Checked<Option<Self>> {
        let client_key = fields.get("client_key", private_key)?;
        let certificate = fields.get("client_certificate", certificates)?;
        Ok(certificate.map(|client_certificate| Self {
            client_certificate,
            client_key,
        }))
    }

    /// A key without a certificate proves nothing. Not asked of what is stored: a sealed secret may outlive its use.
    pub(super) fn check(given: Option<&Self>, fields: &Fields<'_>) -> Checked<()> {
        if given.is_none() && fields.json.contains_key("client_key") {
            return Err(invalid("client_key", "only goes with client_certificate"));
        }
        Ok(())
    }

    pub(super) const fn credential(&self) -> Credential<'_> {
        Credential::new("client_key", self.client_key.as_ref(), None)
    }
}

/// Settings of what has no credential but, perhaps, a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NoCredentialConfig {
    /// The certificate.
    #[serde(flatten)]
    pub certificate: Option<ClientCertificateConfig>,
}
