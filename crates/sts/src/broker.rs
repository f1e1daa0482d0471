//! Credential brokering: from a resource's provider to the directive the Gateway follows.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::{Secret, entity::ProviderKind};
use caracal_service::{
    exchange::{AuthLocation, AuthMode, UpstreamDirective},
    zones::{ProviderState, ResourceState},
};
use serde_json::{Map, Value};

/// Why a credential cannot be produced. The text is for evidence and logs, never the credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BrokerError {
    #[error("the provider is archived or its credential cannot be opened")]
    Unavailable,
    #[error("the provider has no usable `{0}`")]
    Missing(&'static str),
    #[error("provider kind {0} is not served by this build")]
    Unsupported(ProviderKind),
}

/// The directive for a call to `resource`.
///
/// # Errors
/// [`BrokerError`]; the call is then refused, never forwarded without its credential.
pub(crate) fn directive(resource: &ResourceState) -> Result<UpstreamDirective, BrokerError> {
    let provider = resource.provider.as_deref().ok_or(BrokerError::Unavailable)?;
    let secrets = provider.secrets.as_ref().ok_or(BrokerError::Unavailable)?;
    let config = &provider.provider.config_json;
    let secret = |name: &'static str| secrets.get(name).cloned().ok_or(BrokerError::Missing(name));

    let mut directive = UpstreamDirective {
        url: resource.resource.upstream_url.clone().unwrap_or_default(),
        auth_mode: AuthMode::None,
        auth_location: None,
        auth_header: None,
        query_param_name: None,
        auth_scheme: None,
        allowed_token_hosts: Vec::new(),
        provider_token: None,
        provider_id: Some(provider.provider.id.to_string()),
        connection_id: None,
        forward_caracal_identity: config.get("forward_caracal_identity") == Some(&Value::Bool(true)),
        expires_at: None,
        timeout_seconds: resource.resource.upstream_timeout_seconds,
        cookies: resource.resource.cookies,
    };
    match provider.provider.kind {
        ProviderKind::None => directive.forward_caracal_identity = false,
        ProviderKind::CaracalMandate => {
            directive.auth_mode = AuthMode::CaracalJwt;
            directive.auth_header = Some(String::from("Authorization"));
            directive.auth_scheme = Some(String::from("Bearer"));
            directive.forward_caracal_identity = false;
        }
        ProviderKind::ApiKey => {
            directive.auth_mode = AuthMode::ProviderApikey;
            directive.provider_token = Some(secret("api_key")?);
            if text(config, "auth_location").as_deref() == Some("query") {
                directive.auth_location = Some(AuthLocation::Query);
                directive.query_param_name =
                    Some(text(config, "query_param_name").ok_or(BrokerError::Missing("query_param_name"))?);
            } else {
                directive.auth_location = Some(AuthLocation::Header);
                directive.auth_header =
                    Some(text(config, "header_name").ok_or(BrokerError::Missing("header_name"))?);
                directive.auth_scheme = text(config, "auth_scheme");
            }
        }
        ProviderKind::BearerToken => {
            directive.auth_mode = AuthMode::ProviderOauth;
            directive.provider_token = Some(secret("bearer_token")?);
            directive.auth_header =
                Some(text(config, "auth_header").unwrap_or_else(|| String::from("Authorization")));
            directive.auth_scheme =
                Some(text(config, "auth_scheme").unwrap_or_else(|| String::from("Bearer")));
        }
        ProviderKind::HttpBasic => {
            let username = text(config, "username").ok_or(BrokerError::Missing("username"))?;
            let pair = format!("{}:{}", username.trim(), secret("password")?.expose());
            directive.auth_mode = AuthMode::ProviderOauth;
            directive.provider_token = Some(Secret::new(STANDARD.encode(pair)));
            directive.auth_header = Some(String::from("Authorization"));
            directive.auth_scheme = Some(String::from("Basic"));
        }
        kind @ (ProviderKind::Oauth2AuthorizationCode | ProviderKind::Oauth2ClientCredentials) => {
            return Err(BrokerError::Unsupported(kind));
        }
    }
    if directive.provider_token.is_some() {
        directive.allowed_token_hosts = hosts(provider);
    }
    Ok(directive)
}

fn text(config: &Map<String, Value>, name: &str) -> Option<String> {
    config
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn hosts(provider: &ProviderState) -> Vec<String> {
    provider
        .provider
        .config_json
        .get("allowed_token_hosts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|host| host.trim().to_ascii_lowercase())
        .collect()
}
