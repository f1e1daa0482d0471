//! What is sent to a token endpoint.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::{
    Secret, World,
    entity::{
        ConnectionToken,
        provider_config::{
            AuthorizationCodeConfig, ClientAuthMethod, ClientCredentialsConfig, OauthClient, ServiceGrant,
        },
    },
};
use caracal_crypto::{Assertion, AssertionKey};
use form_urlencoded::{Serializer, byte_serialize};

use super::TokenError;

/// How long an assertion of the client itself is good.
const CLIENT_ASSERTION: Duration = Duration::from_mins(1);
/// How long an assertion that is the grant is good.
const GRANT_ASSERTION: Duration = Duration::from_mins(5);
/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// RFC 7523 §2.1.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A form, and the `Authorization` that goes with it.
pub(super) struct TokenRequest {
    pub(super) form: String,
    pub(super) authorization: Option<Secret>,
}

impl TokenRequest {
    /// The question of a service for a token of its own.
    pub(super) fn of_service(world: &World, config: &ClientCredentialsConfig) -> Result<Self, TokenError> {
        let client = &config.client;
        let scope = client.scopes.as_ref().map(|scopes| scopes.join(" "));
        let scope = scope.as_deref().filter(|scope| !scope.is_empty());
        let mut form = Serializer::new(String::new());
        match config.grant() {
            ServiceGrant::ClientCredentials => {
                form.append_pair("grant_type", "client_credentials");
                for (name, value) in [
                    ("scope", scope),
                    ("audience", config.audience.as_deref()),
                    ("resource", config.resource.as_deref()),
                ] {
                    if let Some(value) = value {
                        form.append_pair(name, value);
                    }
                }
            }
            ServiceGrant::JwtBearer => {
                let assertion = Assertion {
                    issuer: &client.client_id,
                    subject: config.assertion_subject.as_deref().unwrap_or(&client.client_id),
                    audience: config
                        .assertion_audience
                        .as_deref()
                        .unwrap_or(&client.token_endpoint),
                    lifetime: GRANT_ASSERTION,
                    scope,
                };
                let assertion = signed(world, client, &private_key(client)?, &assertion)?;
                form.append_pair("grant_type", JWT_BEARER)
                    .append_pair("assertion", assertion.expose());
            }
        }
        further(&mut form, client);
        Self::proven(world, form, client, config.auth_method())
    }

    /// The question for the tokens of a code.
    pub(super) fn of_code(
        world: &World,
        config: &AuthorizationCodeConfig,
        code: &Secret,
        verifier: &Secret,
    ) -> Result<Self, TokenError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code.expose())
            .append_pair("redirect_uri", &config.redirect_uri)
            .append_pair("code_verifier", verifier.expose());
        further(&mut form, &config.client);
        Self::proven(world, form, &config.client, config.auth_method())
    }

    /// The question for the tokens of a refresh token.
    pub(super) fn of_refresh(
        world: &World,
        config: &AuthorizationCodeConfig,
        refresh_token: &Secret,
    ) -> Result<Self, TokenError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", refresh_token.expose());
        further(&mut form, &config.client);
        Self::proven(world, form, &config.client, config.auth_method())
    }

    /// A token that is given back.
    pub(super) fn of_revocation(
        world: &World,
        config: &AuthorizationCodeConfig,
        token: &Secret,
        kind: ConnectionToken,
    ) -> Result<Self, TokenError> {
        let hint = match kind {
            ConnectionToken::Access => "access_token",
            ConnectionToken::Refresh => "refresh_token",
        };
        let mut form = Serializer::new(String::new());
        form.append_pair("token", token.expose())
            .append_pair("token_type_hint", hint);
        Self::proven(world, form, &config.client, config.auth_method())
    }

    /// Adds what proves the client.
    fn proven(
        world: &World,
        mut form: Serializer<'_, String>,
        client: &OauthClient,
        method: ClientAuthMethod,
    ) -> Result<Self, TokenError> {
        let id = client.client_id.as_str();
        let secret = || {
            let secret = client.client_secret.as_ref();
            secret.ok_or(TokenError::Unusable("client_secret"))
        };
        let mut authorization = None;
        match method {
            ClientAuthMethod::ClientSecretBasic => {
                // RFC 6749 §2.3.1: both parts are form-encoded first, so that a colon in them stays theirs.
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(id), encoded(secret()?.expose()));
                authorization = Some(Secret::new(format!("Basic {}", STANDARD.encode(pair))));
            }
            ClientAuthMethod::ClientSecretPost => {
                form.append_pair("client_id", id)
                    .append_pair("client_secret", secret()?.expose());
            }
            ClientAuthMethod::ClientSecretJwt => {
                let key = AssertionKey::from_secret(secret()?);
                let key = key.map_err(|_| TokenError::Unusable("client_secret"))?;
                asserted(world, &mut form, client, &key)?;
            }
            ClientAuthMethod::PrivateKeyJwt => {
                asserted(world, &mut form, client, &private_key(client)?)?;
            }
            ClientAuthMethod::None => {
                form.append_pair("client_id", id);
            }
        }
        Ok(Self {
            form: form.finish(),
            authorization,
        })
    }
}

/// Adds the client's further parameters of questions for tokens.
fn further(form: &mut Serializer<'_, String>, client: &OauthClient) {
    for (name, value) in client.token_params.iter().flatten() {
        form.append_pair(name, value);
    }
}

/// Adds what the client signs of itself (RFC 7523 §2.2).
fn asserted(
    world: &World,
    form: &mut Serializer<'_, String>,
    client: &OauthClient,
    key: &AssertionKey,
) -> Result<(), TokenError> {
    let id = client.client_id.as_str();
    let assertion = Assertion {
        issuer: id,
        subject: id,
        audience: &client.token_endpoint,
        lifetime: CLIENT_ASSERTION,
        scope: None,
    };
    let assertion = signed(world, client, key, &assertion)?;
    form.append_pair("client_id", id)
        .append_pair("client_assertion_type", ASSERTION_TYPE)
        .append_pair("client_assertion", assertion.expose());
    Ok(())
}

fn private_key(client: &OauthClient) -> Result<AssertionKey, TokenError> {
    let pem = client.private_key.as_ref();
    let key = pem.and_then(|pem| AssertionKey::from_pem(pem.expose().as_bytes()).ok());
    key.ok_or(TokenError::Unusable("private_key"))
}

fn signed(
    world: &World,
    client: &OauthClient,
    key: &AssertionKey,
    assertion: &Assertion<'_>,
) -> Result<Secret, TokenError> {
    let signed = assertion.sign(world, key, client.key_id.as_deref());
    signed.map_err(|_| TokenError::Unusable("private_key"))
}
