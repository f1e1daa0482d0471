//! Settings of providers whose credential is a token that a person lets us have.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Checked, Credential, Fields, invalid,
    oauth::{ClientAuthMethod, OauthClient},
    rules::{authorization_params, endpoint, host_of, redirect_uri, reserved_in_query},
};

/// Settings of a provider at whose OAuth server people connect accounts (RFC 6749 §4.1, RFC 7636).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorizationCodeConfig {
    /// The client.
    #[serde(flatten)]
    pub client: OauthClient,
    /// Where people say yes, https.
    pub authorization_endpoint: String,
    /// Where they come back to, sent exactly as it stands here.
    pub redirect_uri: String,
    /// Where tokens are taken back (RFC 7009), https.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// Further parameters of the address that people are sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_params: Option<BTreeMap<String, String>>,
    /// What the server calls itself. With it, whoever comes back must bring exactly this as `iss` (RFC 9207).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl AuthorizationCodeConfig {
    pub(super) fn read(fields: &Fields<'_>) -> Checked<Self> {
        const OWN: [&str; 5] = [
            "authorization_endpoint",
            "redirect_uri",
            "revocation_endpoint",
            "authorization_params",
            "issuer",
        ];
        // Nothing is signed here: the contract of this kind has no key.
        let client = OauthClient::KEYS
            .into_iter()
            .filter(|key| !matches!(*key, "private_key" | "key_id"));
        let known: Vec<&str> = client.chain(OWN).collect();
        fields.only(&known)?;
        Ok(Self {
            client: OauthClient::read(fields)?,
            authorization_endpoint: fields.required("authorization_endpoint", endpoint)?,
            redirect_uri: fields.required("redirect_uri", redirect_uri)?,
            revocation_endpoint: fields.get("revocation_endpoint", endpoint)?,
            authorization_params: fields.get("authorization_params", authorization_params)?,
            issuer: fields.get("issuer", endpoint)?,
        })
    }

    /// How the client proves itself.
    pub fn auth_method(&self) -> ClientAuthMethod {
        let default = ClientAuthMethod::ClientSecretBasic;
        self.client.client_auth_method.unwrap_or(default)
    }

    /// Whether an authorization may have come from the server that people are sent to: `iss` is what came back. Where no
    /// issuer is set, one that names itself must at least live where people are sent to, so that the code of another
    /// server is not carried to this one's token endpoint (RFC 9700 §4.4).
    pub fn is_issued_by(&self, iss: Option<&str>) -> bool {
        match (&self.issuer, iss) {
            (Some(issuer), Some(iss)) => issuer == iss,
            (Some(_), None) => false,
            (None, None) => true,
            (None, Some(iss)) => {
                let host = host_of(iss);
                host.is_some() && host == host_of(&self.authorization_endpoint)
            }
        }
    }

    /// Which settings go together. Not asked of what is stored: a sealed secret may outlive its use.
    pub(super) fn check(&self) -> Checked<()> {
        let method = self.auth_method();
        if method == ClientAuthMethod::PrivateKeyJwt {
            return Err(invalid("client_auth_method", "does not go with this kind"));
        }
        if !method.uses_secret() && self.client.client_secret.is_some() {
            return Err(invalid(
                "client_secret",
                "only goes with a client_auth_method that uses it",
            ));
        }
        self.client.check_secret(method)?;
        if let Some(name) = reserved_in_query(&self.authorization_endpoint) {
            return Err(invalid(
                "authorization_endpoint",
                format!("must not name {name}, a parameter of the protocol"),
            ));
        }
        let Some(revocation) = &self.revocation_endpoint else {
            return Ok(());
        };
        let host = host_of(revocation);
        let allowed = match &self.client.common.allowed_token_hosts {
            Some(hosts) => host.is_some_and(|host| hosts.contains(&host)),
            None => host == host_of(&self.client.token_endpoint),
        };
        if allowed {
            Ok(())
        } else {
            let rule = "must be at a host of allowed_token_hosts, or that of the token endpoint";
            Err(invalid("revocation_endpoint", rule))
        }
    }

    pub(super) fn credentials(&self) -> Vec<Credential<'_>> {
        if !self.auth_method().uses_secret() {
            return Vec::new();
        }
        let secret = self.client.client_secret.as_ref();
        vec![Credential::new("client_secret", secret, None)]
    }
}

#[cfg(test)]
mod tests;
