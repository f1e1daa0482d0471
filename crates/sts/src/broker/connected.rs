//! A token of an account that somebody connected for the subject of the call.

use caracal_core::{ProviderId, ZoneId, entity::provider_config::AuthorizationCodeConfig};
use caracal_wire::sts::{AuthMode, UpstreamDirective};

use super::{Broker, fixed::header};
use crate::{
    StsDeps,
    credentials::{BrokerError, ConnectionTokens, Of},
};

pub(super) struct Connected<'a> {
    pub(super) deps: &'a StsDeps,
    pub(super) connections: &'a ConnectionTokens,
    pub(super) zone: &'a ZoneId,
    pub(super) provider: &'a ProviderId,
    pub(super) config: &'a AuthorizationCodeConfig,
    /// For whom: the person behind the session, else the application.
    pub(super) subject: &'a str,
}

impl Broker for Connected<'_> {
    async fn attach(&self, directive: &mut UpstreamDirective) -> Result<(), BrokerError> {
        let of = Of {
            store: &self.deps.store,
            keys: &self.deps.keyring,
            zone: self.zone,
            provider: self.provider,
            config: self.config,
            subject: self.subject,
        };
        let token = self.connections.token(&of).await?;
        let client = &self.config.client;
        directive.auth_mode = AuthMode::ProviderOauth;
        directive.connection_id = Some(token.connection.to_string());
        directive.provider_token = Some(token.secret);
        directive.expires_at = token.expires_at.map(caracal_core::Timestamp::unix_seconds);
        directive.forward_caracal_identity = client.common.forward_caracal_identity == Some(true);
        header(directive, client.header.name(), Some(client.header.scheme()));
        Ok(())
    }
}
