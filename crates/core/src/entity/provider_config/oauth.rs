//! Settings of providers whose credential is a token of an OAuth 2.0 server.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Checked, Credential, CredentialConfig, Fields, TokenHeader, common, invalid,
    rules::{endpoint, private_key, scopes, secret, text, token_params},
};
use crate::{Secret, words};

words!(
    /// How a client proves itself to a token endpoint.
    ClientAuthMethod {
        /// RFC 6749 §2.3.1, in the `Authorization` header.
        ClientSecretBasic = "client_secret_basic",
        /// RFC 6749 §2.3.1, in the form.
        ClientSecretPost = "client_secret_post",
        /// RFC 7523 §2.2, signed with the client's secret (OpenID Connect Core §9).
        ClientSecretJwt = "client_secret_jwt",
        /// RFC 7523 §2.2, signed with a private key.
        PrivateKeyJwt = "private_key_jwt",
        /// Not at all: a public client.
        None = "none",
    }
);

impl ClientAuthMethod {
    /// Whether it takes the client's secret.
    pub const fn uses_secret(self) -> bool {
        match self {
            Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt => true,
            Self::PrivateKeyJwt | Self::None => false,
        }
    }
}

words!(
    /// What a service asks for a token with.
    ServiceGrant {
        /// RFC 6749 §4.4.
        ClientCredentials = "client_credentials",
        /// RFC 7523 §2.1: an assertion that the client signs.
        JwtBearer = "jwt_bearer",
    }
);

/// A client of an OAuth server, as both OAuth kinds have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OauthClient {
    /// The client's secret; absent where it was not given, not opened or not needed.
    #[serde(skip)]
    pub client_secret: Option<Secret>,
    /// The client's private key in PEM form; absent as above.
    #[serde(skip)]
    pub private_key: Option<Secret>,
    /// Where tokens are asked for, https.
    pub token_endpoint: String,
    /// The client.
    pub client_id: String,
    /// How it proves itself, where the default is not meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_auth_method: Option<ClientAuthMethod>,
    /// JOSE `kid` of what the client signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Scopes asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Further parameters of token requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_params: Option<BTreeMap<String, String>>,
    /// Where the token goes.
    #[serde(flatten)]
    pub header: TokenHeader,
    /// What all credentials have. The hosts are those that token requests may go to.
    #[serde(flatten)]
    pub common: CredentialConfig,
}

/// Fewest bytes of a secret that signs with HS256 (RFC 7518 §3.2).
pub const MIN_SIGNING_SECRET: usize = 32;

impl OauthClient {
    /// The settings that [`Self::read`] takes.
    pub(super) const KEYS: [&'static str; 12] = [
        "client_secret",
        "private_key",
        "token_endpoint",
        "client_id",
        "client_auth_method",
        "key_id",
        "scopes",
        "token_params",
        "auth_header",
        "auth_scheme",
        "allowed_token_hosts",
        "forward_caracal_identity",
    ];

    pub(super) fn read(fields: &Fields<'_>) -> Checked<Self> {
        Ok(Self {
            client_secret: fields.get("client_secret", secret)?,
            private_key: fields.get("private_key", private_key)?,
            token_endpoint: fields.required("token_endpoint", endpoint)?,
            client_id: fields.required("client_id", text)?,
            client_auth_method: fields.word("client_auth_method", ClientAuthMethod::ALL)?,
            key_id: fields.get("key_id", text)?,
            scopes: fields.get("scopes", scopes)?,
            token_params: fields.get("token_params", token_params)?,
            header: TokenHeader::read(fields)?,
            common: common(fields)?,
        })
    }

    /// A secret that signs can be guessed from what it signed, unless it is long.
    pub(super) fn check_secret(&self, method: ClientAuthMethod) -> Checked<()> {
        let short = |secret: &Secret| secret.expose().len() < MIN_SIGNING_SECRET;
        if method == ClientAuthMethod::ClientSecretJwt && self.client_secret.as_ref().is_some_and(short) {
            return Err(invalid(
                "client_secret",
                "must have 32 bytes or more to sign with",
            ));
        }
        Ok(())
    }
}

/// Settings of a provider that asks an OAuth server for tokens of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientCredentialsConfig {
    /// The client.
    #[serde(flatten)]
    pub client: OauthClient,
    /// What it asks with, where the default is not meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<ServiceGrant>,
    /// Audience asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Resource asked for (RFC 8707).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// `sub` of an assertion, if not the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion_subject: Option<String>,
    /// `aud` of an assertion, if not the token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assertion_audience: Option<String>,
}

impl ClientCredentialsConfig {
    pub(super) fn read(fields: &Fields<'_>) -> Checked<Self> {
        const OWN: [&str; 6] = [
            "grant_type",
            "audience",
            "resource",
            "assertion_subject",
            "assertion_audience",
            "allow_runtime_injection",
        ];
        fields.only(&[OauthClient::KEYS.as_slice(), &OWN].concat())?;
        Ok(Self {
            client: OauthClient::read(fields)?,
            grant_type: fields.word("grant_type", ServiceGrant::ALL)?,
            audience: fields.get("audience", text)?,
            resource: fields.get("resource", text)?,
            assertion_subject: fields.get("assertion_subject", text)?,
            assertion_audience: fields.get("assertion_audience", text)?,
        })
    }

    /// What is asked with.
    pub fn grant(&self) -> ServiceGrant {
        self.grant_type.unwrap_or(ServiceGrant::ClientCredentials)
    }

    /// How the client proves itself. An assertion says who asks, so that nothing more is needed with one.
    pub fn auth_method(&self) -> ClientAuthMethod {
        let default = match self.grant() {
            ServiceGrant::ClientCredentials => ClientAuthMethod::ClientSecretBasic,
            ServiceGrant::JwtBearer => ClientAuthMethod::None,
        };
        self.client.client_auth_method.unwrap_or(default)
    }

    fn signs(&self) -> bool {
        self.auth_method() == ClientAuthMethod::PrivateKeyJwt || self.grant() == ServiceGrant::JwtBearer
    }

    /// Which settings go together. Not asked of what is stored: a sealed secret may outlive its use.
    pub(super) fn check(&self) -> Checked<()> {
        let jwt_bearer = self.grant() == ServiceGrant::JwtBearer;
        let method = self.auth_method();
        if jwt_bearer && method == ClientAuthMethod::PrivateKeyJwt {
            return Err(invalid(
                "client_auth_method",
                "does not go with grant_type jwt_bearer",
            ));
        }
        for (key, given, goes, with) in [
            (
                "audience",
                self.audience.is_some(),
                !jwt_bearer,
                "grant_type client_credentials",
            ),
            (
                "resource",
                self.resource.is_some(),
                !jwt_bearer,
                "grant_type client_credentials",
            ),
            (
                "assertion_subject",
                self.assertion_subject.is_some(),
                jwt_bearer,
                "grant_type jwt_bearer",
            ),
            (
                "assertion_audience",
                self.assertion_audience.is_some(),
                jwt_bearer,
                "grant_type jwt_bearer",
            ),
            (
                "client_secret",
                self.client.client_secret.is_some(),
                method.uses_secret(),
                "a client_auth_method that uses it",
            ),
            (
                "private_key",
                self.client.private_key.is_some(),
                self.signs(),
                "private_key_jwt or jwt_bearer",
            ),
            (
                "key_id",
                self.client.key_id.is_some(),
                self.signs(),
                "private_key_jwt or jwt_bearer",
            ),
        ] {
            if given && !goes {
                return Err(invalid(key, format!("only goes with {with}")));
            }
        }
        self.client.check_secret(method)
    }

    pub(super) fn credentials(&self) -> Vec<Credential<'_>> {
        let mut credentials = Vec::new();
        if self.auth_method().uses_secret() {
            let secret = self.client.client_secret.as_ref();
            credentials.push(Credential::new("client_secret", secret, None));
        }
        if self.signs() {
            let key = self.client.private_key.as_ref();
            credentials.push(Credential::new("private_key", key, None));
        }
        credentials
    }
}
