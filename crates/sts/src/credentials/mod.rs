//! What providers ask of OAuth servers: tokens that they get for themselves, and those of accounts that people connected.

mod connections;
mod renewal;
mod tokens;

use caracal_core::Timestamp;
use caracal_service::oauth::TokenError;
use caracal_wire::sts::DenialReason;

pub(crate) use self::connections::Of;
pub use self::{connections::ConnectionTokens, tokens::ServiceTokens};

/// Why a credential cannot be produced. The text is for evidence and logs, never the credential.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum BrokerError {
    #[error("the provider is archived or its credential cannot be opened")]
    Unavailable,
    #[error("the provider has no usable `{0}`")]
    Missing(&'static str),
    #[error("the provider did not answer in time")]
    Slow,
    #[error("nobody connected an account for the subject")]
    NotConnected,
    #[error("the connection cannot be renewed; a person has to connect again")]
    Reauthorize,
    #[error("the connection cannot be read or written now")]
    Storage,
    #[error("the client certificate holds from {from} to {until} alone")]
    CertificateOver { from: Timestamp, until: Timestamp },
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl BrokerError {
    /// What the caller is told: a person can mend what is between them and the upstream, and nobody else can.
    pub(crate) const fn reason(&self) -> DenialReason {
        match self {
            Self::NotConnected => DenialReason::NoProviderConnection,
            Self::Reauthorize => DenialReason::ReauthorizationRequired,
            Self::Unavailable
            | Self::Missing(_)
            | Self::Slow
            | Self::Storage
            | Self::CertificateOver { .. }
            | Self::Token(_) => DenialReason::ProviderUnavailable,
        }
    }
}

impl From<caracal_storage::Error> for BrokerError {
    fn from(error: caracal_storage::Error) -> Self {
        tracing::error!(error = %caracal_service::error_chain(&error), "a connection cannot be read or written");
        Self::Storage
    }
}
