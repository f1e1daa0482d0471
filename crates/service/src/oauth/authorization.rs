//! What is asked of a server at which people connected accounts.
//!
//! Each question is asked once. A code that arrived is spent, and a refresh token that arrived may have been rotated:
//! whoever sends one twice looks like a thief, and a server takes everything back then (RFC 9700 §4.14).

use std::sync::Arc;

use caracal_core::{
    Secret,
    entity::{ConnectionToken, provider_config::AuthorizationCodeConfig},
};
use http::StatusCode;

use super::{TIMEOUT, TokenClient, TokenError, TokenReply, request::TokenRequest};
use crate::egress::Target;

impl TokenClient {
    /// Redeems the code of an authorization (RFC 6749 §4.1.3, RFC 7636 §4.5).
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn redeem(
        &self,
        config: &AuthorizationCodeConfig,
        code: &Secret,
        verifier: &Secret,
    ) -> Result<TokenReply, TokenError> {
        let request = TokenRequest::of_code(&self.world, config, code, verifier)?;
        self.once(config, request).await
    }

    /// Gets the next access token (RFC 6749 §6).
    ///
    /// # Errors
    /// [`TokenError`]; after any but a refusal it is unknown whether the server gave another refresh token.
    pub async fn renew(
        &self,
        config: &AuthorizationCodeConfig,
        refresh_token: &Secret,
    ) -> Result<TokenReply, TokenError> {
        let request = TokenRequest::of_refresh(&self.world, config, refresh_token)?;
        self.once(config, request).await
    }

    async fn once(
        &self,
        config: &AuthorizationCodeConfig,
        request: TokenRequest,
    ) -> Result<TokenReply, TokenError> {
        let client = &config.client;
        let target = self.target(
            &client.token_endpoint,
            client.common.allowed_token_hosts.as_deref(),
        )?;
        let reply = tokio::time::timeout(TIMEOUT, self.ask(&target, request))
            .await
            .unwrap_or(Err(TokenError::TimedOut))?;
        reply.of_type(client.header.auth_scheme.as_deref())
    }

    /// Gives a token back (RFC 7009 §2.1). A token that the server does not know any more is as good as given back.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn give_back(
        &self,
        config: &AuthorizationCodeConfig,
        endpoint: &str,
        token: &Secret,
        kind: ConnectionToken,
    ) -> Result<(), TokenError> {
        let target = self.revocation_target(config, endpoint)?;
        let request = TokenRequest::of_revocation(&self.world, config, token, kind)?;
        let asking = async {
            let (status, body) = self.send(&target, request).await?;
            if status == StatusCode::OK {
                return Ok(());
            }
            match TokenReply::read(status, &body) {
                Err(error) => Err(error),
                Ok(_) => Err(TokenError::Denied {
                    status: status.as_u16(),
                    error: None,
                }),
            }
        };
        tokio::time::timeout(TIMEOUT, asking)
            .await
            .unwrap_or(Err(TokenError::TimedOut))
    }

    /// A token is given back where it may be sent anyway.
    fn revocation_target(
        &self,
        config: &AuthorizationCodeConfig,
        endpoint: &str,
    ) -> Result<Arc<Target>, TokenError> {
        if let Some(hosts) = &config.client.common.allowed_token_hosts {
            return self.target(endpoint, Some(hosts));
        }
        let own = self.target(&config.client.token_endpoint, None)?;
        self.target(endpoint, Some(&[own.host().to_owned()]))
    }
}
