//! What a provider of each kind is set to, as a type: read where it is saved and where it is loaded, by the same rules.
//!
//! What stands here is later sent to upstreams, so everything that could forge a header is refused. A secret has no
//! serialised form and prints as `***`, so what is shown or stored in clear never holds one. To add a kind of provider:
//! a word in [`ProviderKind`], a variant here, a broker in the STS.

mod authorization;
mod certificate;
mod fixed;
mod oauth;
mod rules;
mod token_header;

use std::fmt::Display;

use serde::Serialize;
use serde_json::{Map, Value};

use self::rules::{flag, hosts, secret, username};
pub use self::{
    authorization::AuthorizationCodeConfig,
    certificate::{ClientCertificateConfig, NoCredentialConfig},
    fixed::{ApiKeyConfig, BearerTokenConfig, HttpBasicConfig, KeyPlace},
    oauth::{ClientAuthMethod, ClientCredentialsConfig, MIN_SIGNING_SECRET, OauthClient, ServiceGrant},
    rules::is_reserved_header,
    token_header::TokenHeader,
};
use super::ProviderKind;
use crate::Secret;

/// The settings of a provider, by its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ProviderConfig {
    /// No credential.
    None(NoCredentialConfig),
    /// Caracal's own mandate.
    CaracalMandate(NoCredentialConfig),
    /// A key in a header or a query parameter.
    ApiKey(ApiKeyConfig),
    /// A static bearer token.
    BearerToken(BearerTokenConfig),
    /// RFC 7617 basic authentication.
    HttpBasic(HttpBasicConfig),
    /// A token that an OAuth server gives to this client itself.
    ClientCredentials(Box<ClientCredentialsConfig>),
    /// A token that a person lets this client have at an OAuth server.
    AuthorizationCode(Box<AuthorizationCodeConfig>),
}

/// What all static credentials have. What was left out stays out of what is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CredentialConfig {
    /// Hosts the credential may travel to, in lower case; none means the upstream's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_token_hosts: Option<Vec<String>>,
    /// Whether the upstream also gets a mandate of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_caracal_identity: Option<bool>,
    /// Whether `caracal run` may hand the credential to a workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_runtime_injection: Option<bool>,
    /// What is shown to the upstream while TLS is set up.
    #[serde(flatten)]
    pub certificate: Option<ClientCertificateConfig>,
}

/// Why settings are not taken. It never quotes a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct InvalidConfig {
    /// The field, from the provider's top.
    pub field: String,
    /// The rule.
    pub message: String,
}

type Checked<T> = Result<T, InvalidConfig>;

fn invalid(key: &str, message: impl Into<String>) -> InvalidConfig {
    InvalidConfig {
        field: format!("config_json.{key}"),
        message: message.into(),
    }
}

impl ProviderConfig {
    /// The kinds there are, for a message.
    pub fn offered() -> String {
        let kinds = ProviderKind::ALL.iter().map(|kind| kind.as_str());
        kinds.collect::<Vec<_>>().join(", ")
    }

    /// Reads the settings of a `kind`, with the secrets that are among them.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub fn read(kind: ProviderKind, json: &Map<String, Value>) -> Checked<Self> {
        let fields = Fields { kind, json };
        Ok(match kind {
            ProviderKind::None => Self::None(no_credential(&fields)?),
            ProviderKind::CaracalMandate => Self::CaracalMandate(no_credential(&fields)?),
            ProviderKind::ApiKey => {
                fields.only(&[
                    "api_key",
                    "auth_location",
                    "header_name",
                    "query_param_name",
                    "auth_scheme",
                    "allowed_token_hosts",
                    "forward_caracal_identity",
                    "allow_runtime_injection",
                ])?;
                Self::ApiKey(ApiKeyConfig {
                    api_key: fields.get("api_key", secret)?,
                    place: fixed::place(&fields)?,
                    common: common(&fields)?,
                })
            }
            ProviderKind::BearerToken => {
                fields.only(&[
                    "bearer_token",
                    "auth_header",
                    "auth_scheme",
                    "allowed_token_hosts",
                    "forward_caracal_identity",
                    "allow_runtime_injection",
                ])?;
                Self::BearerToken(BearerTokenConfig {
                    bearer_token: fields.get("bearer_token", secret)?,
                    header: TokenHeader::read(&fields)?,
                    common: common(&fields)?,
                })
            }
            ProviderKind::HttpBasic => {
                fields.only(&[
                    "username",
                    "password",
                    "allowed_token_hosts",
                    "forward_caracal_identity",
                ])?;
                Self::HttpBasic(HttpBasicConfig {
                    password: fields.get("password", secret)?,
                    username: fields.required("username", username)?,
                    common: common(&fields)?,
                })
            }
            ProviderKind::Oauth2ClientCredentials => {
                Self::ClientCredentials(Box::new(ClientCredentialsConfig::read(&fields)?))
            }
            ProviderKind::Oauth2AuthorizationCode => {
                Self::AuthorizationCode(Box::new(AuthorizationCodeConfig::read(&fields)?))
            }
        })
    }

    /// Reads what somebody wants to save. The secrets named in `stored` are sealed already: where none is given, those
    /// stay.
    ///
    /// # Errors
    /// The first field that breaks a rule; and for a secret that is missing, or would be sent with its scheme twice.
    pub fn check(kind: ProviderKind, json: &Map<String, Value>, stored: &[String]) -> Checked<Self> {
        let config = Self::read(kind, json)?;
        match &config {
            Self::ClientCredentials(config) => config.check()?,
            Self::AuthorizationCode(config) => config.check()?,
            Self::None(_)
            | Self::CaracalMandate(_)
            | Self::ApiKey(_)
            | Self::BearerToken(_)
            | Self::HttpBasic(_) => {}
        }
        ClientCertificateConfig::check(config.certificate(), &Fields { kind, json })?;
        let credentials = config.credentials();
        let none_given = credentials.iter().all(|credential| credential.secret.is_none());
        for Credential { key, secret, scheme } in credentials {
            let Some(secret) = secret else {
                if none_given && stored.iter().any(|stored| stored == key) {
                    continue;
                }
                return Err(invalid(key, "is required"));
            };
            if let Some(scheme) = scheme.filter(|scheme| begins_with_word(secret.expose(), scheme)) {
                return Err(invalid(key, format!("must not begin with its scheme {scheme}")));
            }
        }
        Ok(config)
    }

    /// The secrets that are here, with their names: what is sealed, by the names under which it is.
    pub fn secrets(&self) -> Vec<(&'static str, &Secret)> {
        let credentials = self.credentials().into_iter();
        credentials
            .filter_map(|credential| Some((credential.key, credential.secret?)))
            .collect()
    }

    /// Whether the kind, set like this, works with a secret at all.
    pub fn needs_secrets(&self) -> bool {
        !self.credentials().is_empty()
    }

    /// What may be shown and stored in clear.
    pub fn public(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(public)) => public,
            _ => Map::new(),
        }
    }

    /// The certificate that is shown to the upstream, where there is one.
    pub const fn certificate(&self) -> Option<&ClientCertificateConfig> {
        match self {
            Self::None(config) | Self::CaracalMandate(config) => config.certificate.as_ref(),
            Self::ApiKey(config) => config.common.certificate.as_ref(),
            Self::BearerToken(config) => config.common.certificate.as_ref(),
            Self::HttpBasic(config) => config.common.certificate.as_ref(),
            Self::ClientCredentials(config) => config.client.common.certificate.as_ref(),
            Self::AuthorizationCode(config) => config.client.common.certificate.as_ref(),
        }
    }

    /// The secrets that it works with, as it is set.
    fn credentials(&self) -> Vec<Credential<'_>> {
        let mut credentials = self.credentials_of_kind();
        credentials.extend(self.certificate().map(ClientCertificateConfig::credential));
        credentials
    }

    fn credentials_of_kind(&self) -> Vec<Credential<'_>> {
        match self {
            Self::None(_) | Self::CaracalMandate(_) => Vec::new(),
            Self::ApiKey(config) => {
                let scheme = match &config.place {
                    KeyPlace::Header { auth_scheme, .. } => auth_scheme.as_deref(),
                    KeyPlace::Query { .. } => None,
                };
                vec![Credential::new("api_key", config.api_key.as_ref(), scheme)]
            }
            Self::BearerToken(config) => {
                let token = config.bearer_token.as_ref();
                vec![Credential::new(
                    "bearer_token",
                    token,
                    Some(config.header.scheme()),
                )]
            }
            Self::HttpBasic(config) => vec![Credential::new("password", config.password.as_ref(), None)],
            Self::ClientCredentials(config) => config.credentials(),
            Self::AuthorizationCode(config) => config.credentials(),
        }
    }
}

/// A secret of a provider.
struct Credential<'c> {
    key: &'static str,
    /// Its value, if it is here.
    secret: Option<&'c Secret>,
    /// The word it is sent after.
    scheme: Option<&'c str>,
}

impl<'c> Credential<'c> {
    const fn new(key: &'static str, secret: Option<&'c Secret>, scheme: Option<&'c str>) -> Self {
        Self { key, secret, scheme }
    }
}

/// The fields of one provider.
struct Fields<'j> {
    kind: ProviderKind,
    json: &'j Map<String, Value>,
}

impl Fields<'_> {
    /// Nothing but what is `known`, and what every kind has.
    fn only(&self, known: &[&str]) -> Checked<()> {
        let is_known = |key: &str| known.contains(&key) || ClientCertificateConfig::KEYS.contains(&key);
        match self.json.keys().find(|key| !is_known(key)) {
            Some(key) => Err(invalid(
                key,
                format!("is no configuration of a {} provider", self.kind),
            )),
            None => Ok(()),
        }
    }

    fn get<T>(&self, key: &str, rule: fn(&Value) -> Result<T, &'static str>) -> Checked<Option<T>> {
        let value = self.json.get(key).map(rule).transpose();
        value.map_err(|message| invalid(key, message))
    }

    fn required<T>(&self, key: &str, rule: fn(&Value) -> Result<T, &'static str>) -> Checked<T> {
        self.get(key, rule)?.ok_or_else(|| invalid(key, "is required"))
    }

    /// One of `all` words.
    fn word<T: Copy + Display>(&self, key: &str, all: &[T]) -> Checked<Option<T>> {
        let Some(value) = self.json.get(key) else {
            return Ok(None);
        };
        let words: Vec<String> = all.iter().map(T::to_string).collect();
        let given = words.iter().position(|word| value.as_str() == Some(word));
        match given.and_then(|at| all.get(at)) {
            Some(word) => Ok(Some(*word)),
            None => Err(invalid(key, format!("must be one of {}", words.join(", ")))),
        }
    }

    fn absent(&self, key: &str, message: &str) -> Checked<()> {
        if self.json.contains_key(key) {
            Err(invalid(key, message))
        } else {
            Ok(())
        }
    }
}

fn common(fields: &Fields<'_>) -> Checked<CredentialConfig> {
    Ok(CredentialConfig {
        allowed_token_hosts: fields.get("allowed_token_hosts", hosts)?,
        forward_caracal_identity: fields.get("forward_caracal_identity", flag)?,
        allow_runtime_injection: fields.get("allow_runtime_injection", flag)?,
        certificate: ClientCertificateConfig::read(fields)?,
    })
}

fn no_credential(fields: &Fields<'_>) -> Checked<NoCredentialConfig> {
    fields.only(&[])?;
    Ok(NoCredentialConfig {
        certificate: ClientCertificateConfig::read(fields)?,
    })
}

fn begins_with_word(text: &str, word: &str) -> bool {
    text.split_once(' ')
        .is_some_and(|(first, _)| first.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests;
