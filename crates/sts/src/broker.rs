//! Credential brokering: from a resource's provider to the directive the Gateway follows.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::{
    Secret,
    entity::{
        ProviderConfig,
        provider_config::{CredentialConfig, KeyPlace},
    },
};
use caracal_service::{
    exchange::{AuthLocation, AuthMode, UpstreamDirective},
    zones::ResourceState,
};

/// Why a credential cannot be produced. The text is for evidence and logs, never the credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BrokerError {
    #[error("the provider is archived or its credential cannot be opened")]
    Unavailable,
    #[error("the provider has no usable `{0}`")]
    Missing(&'static str),
}

/// The directive for a call to `resource`.
///
/// # Errors
/// [`BrokerError`]; the call is then refused, never forwarded without its credential.
pub(crate) fn directive(resource: &ResourceState) -> Result<UpstreamDirective, BrokerError> {
    let provider = resource.provider.as_deref().ok_or(BrokerError::Unavailable)?;
    let config = provider.config.as_ref().ok_or(BrokerError::Unavailable)?;
    let mut directive = UpstreamDirective {
        url: resource.resource.upstream_url.clone().unwrap_or_default(),
        auth_mode: AuthMode::None,
        auth_location: None,
        auth_header: None,
        query_param_name: None,
        auth_scheme: None,
        allowed_token_hosts: Vec::new(),
        provider_token: None,
        provider_id: Some(provider.id.to_string()),
        connection_id: None,
        forward_caracal_identity: false,
        expires_at: None,
        timeout_seconds: resource.resource.upstream_timeout_seconds,
        cookies: resource.resource.cookies,
    };
    match config {
        ProviderConfig::None => {}
        ProviderConfig::CaracalMandate => {
            directive.auth_mode = AuthMode::CaracalJwt;
            directive.auth_header = Some(String::from("Authorization"));
            directive.auth_scheme = Some(String::from("Bearer"));
        }
        ProviderConfig::ApiKey(config) => {
            let key = config.api_key.clone().ok_or(BrokerError::Missing("api_key"))?;
            attach(&mut directive, AuthMode::ProviderApikey, key, &config.common);
            match &config.place {
                KeyPlace::Query { query_param_name } => {
                    directive.auth_location = Some(AuthLocation::Query);
                    directive.query_param_name = Some(query_param_name.clone());
                }
                KeyPlace::Header {
                    header_name,
                    auth_scheme,
                } => {
                    directive.auth_location = Some(AuthLocation::Header);
                    directive.auth_header = Some(header_name.clone());
                    directive.auth_scheme.clone_from(auth_scheme);
                }
            }
        }
        ProviderConfig::BearerToken(config) => {
            let token = config.bearer_token.clone();
            let token = token.ok_or(BrokerError::Missing("bearer_token"))?;
            attach(&mut directive, AuthMode::ProviderOauth, token, &config.common);
            directive.auth_header = Some(
                config
                    .auth_header
                    .as_deref()
                    .unwrap_or("Authorization")
                    .to_owned(),
            );
            directive.auth_scheme = Some(config.auth_scheme.as_deref().unwrap_or("Bearer").to_owned());
        }
        ProviderConfig::HttpBasic(config) => {
            let password = config.password.as_ref().ok_or(BrokerError::Missing("password"))?;
            let pair = STANDARD.encode(format!("{}:{}", config.username.trim(), password.expose()));
            attach(
                &mut directive,
                AuthMode::ProviderOauth,
                Secret::new(pair),
                &config.common,
            );
            directive.auth_header = Some(String::from("Authorization"));
            directive.auth_scheme = Some(String::from("Basic"));
        }
    }
    Ok(directive)
}

fn attach(directive: &mut UpstreamDirective, mode: AuthMode, token: Secret, config: &CredentialConfig) {
    directive.auth_mode = mode;
    directive.provider_token = Some(token);
    directive.allowed_token_hosts = config.allowed_token_hosts.clone().unwrap_or_default();
    directive.forward_caracal_identity = config.forward_caracal_identity == Some(true);
}
