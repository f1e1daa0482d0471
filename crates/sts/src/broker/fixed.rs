//! Credentials that stand in the provider's settings, or are none: nobody is asked.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::{
    Secret,
    entity::provider_config::{ApiKeyConfig, BearerTokenConfig, CredentialConfig, HttpBasicConfig, KeyPlace},
};
use caracal_wire::sts::{AuthLocation, AuthMode, UpstreamDirective};

use super::Broker;
use crate::credentials::BrokerError;

/// The upstream verifies Caracal's own mandate.
pub(super) struct Mandate;

impl Broker for Mandate {
    async fn attach(&self, directive: &mut UpstreamDirective) -> Result<(), BrokerError> {
        directive.auth_mode = AuthMode::CaracalJwt;
        header(directive, "Authorization", Some("Bearer"));
        Ok(())
    }
}

impl Broker for ApiKeyConfig {
    async fn attach(&self, directive: &mut UpstreamDirective) -> Result<(), BrokerError> {
        let key = self.api_key.clone().ok_or(BrokerError::Missing("api_key"))?;
        hand_out(directive, AuthMode::ProviderApikey, key, &self.common);
        match &self.place {
            KeyPlace::Query { query_param_name } => {
                directive.auth_location = Some(AuthLocation::Query);
                directive.query_param_name = Some(query_param_name.clone());
            }
            KeyPlace::Header {
                header_name,
                auth_scheme,
            } => {
                directive.auth_location = Some(AuthLocation::Header);
                header(directive, header_name, auth_scheme.as_deref());
            }
        }
        Ok(())
    }
}

impl Broker for BearerTokenConfig {
    async fn attach(&self, directive: &mut UpstreamDirective) -> Result<(), BrokerError> {
        let token = self.bearer_token.clone();
        let token = token.ok_or(BrokerError::Missing("bearer_token"))?;
        hand_out(directive, AuthMode::ProviderOauth, token, &self.common);
        header(directive, self.header.name(), Some(self.header.scheme()));
        Ok(())
    }
}

impl Broker for HttpBasicConfig {
    async fn attach(&self, directive: &mut UpstreamDirective) -> Result<(), BrokerError> {
        let password = self.password.as_ref().ok_or(BrokerError::Missing("password"))?;
        let pair = STANDARD.encode(format!("{}:{}", self.username.trim(), password.expose()));
        hand_out(
            directive,
            AuthMode::ProviderOauth,
            Secret::new(pair),
            &self.common,
        );
        header(directive, "Authorization", Some("Basic"));
        Ok(())
    }
}

fn hand_out(directive: &mut UpstreamDirective, mode: AuthMode, token: Secret, config: &CredentialConfig) {
    directive.auth_mode = mode;
    directive.provider_token = Some(token);
    directive.allowed_token_hosts = config.allowed_token_hosts.clone().unwrap_or_default();
    directive.forward_caracal_identity = config.forward_caracal_identity == Some(true);
}

pub(super) fn header(directive: &mut UpstreamDirective, name: &str, scheme: Option<&str>) {
    directive.auth_header = Some(name.to_owned());
    directive.auth_scheme = scheme.map(str::to_owned);
}
