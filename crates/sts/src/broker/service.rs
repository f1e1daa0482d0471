//! A token that an OAuth server gives to the provider's own client.

use caracal_core::{ProviderId, entity::provider_config::ClientCredentialsConfig};
use caracal_wire::sts::{AuthMode, UpstreamDirective};

use super::{Broker, fixed::header};
use crate::credentials::{BrokerError, ServiceTokens};

pub(super) struct Service<'a> {
    pub(super) tokens: &'a ServiceTokens,
    pub(super) provider: &'a ProviderId,
    pub(super) config: &'a ClientCredentialsConfig,
}

impl Broker for Service<'_> {
    async fn attach(&self, directive: &mut UpstreamDirective) -> Result<(), BrokerError> {
        let client = &self.config.client;
        let kept = self.tokens.get(self.provider, self.config).await?;
        let token = &kept.value;
        directive.auth_mode = AuthMode::ProviderOauth;
        directive.provider_token = Some(token.secret.clone());
        directive.expires_at = Some(token.expires_at.unix_seconds());
        directive.forward_caracal_identity = client.common.forward_caracal_identity == Some(true);
        header(directive, client.header.name(), Some(client.header.scheme()));
        Ok(())
    }
}
