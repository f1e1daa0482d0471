//! The client of OAuth 2.0 servers: of the token endpoints that providers name, and of what issuers publish, reached
//! through the egress guard.
//!
//! `document.rs` fetches what is published; `authorization.rs` asks for what people let us have; `request.rs` is what is sent and how the client proves itself, `reply.rs` what is taken from an answer. Nothing here
//! remembers a token: whoever asks decides how long one is kept. Errors never hold what was sent or received beyond the
//! error word that OAuth defines.

mod authorization;
mod document;
mod reply;
mod request;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use caracal_core::{World, entity::provider_config::ClientCredentialsConfig};
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};

use self::request::TokenRequest;
pub use self::{
    document::{Document, DocumentClient, DocumentError},
    reply::{TokenReply, is_access_token, is_refresh_token},
};
use crate::egress::{Egress, EgressClient, EgressError, Target};

/// Longest time that one question takes, with its second attempt.
const TIMEOUT: Duration = Duration::from_secs(4);
/// Largest answer that is read.
const MAX_REPLY_BYTES: usize = 64 * 1024;

/// Why there is no token. The text is for evidence and logs.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    /// The endpoint's host is not among those of the provider.
    #[error("the host of the token endpoint is not in allowed_token_hosts")]
    HostNotAllowed,
    /// The guard does not let anybody go there.
    #[error("the token endpoint may not be called: {0}")]
    Refused(EgressError),
    /// A secret of the client is missing, or its key cannot sign.
    #[error("the client has no usable `{0}`")]
    Unusable(&'static str),
    /// Nobody answered.
    #[error("the token endpoint cannot be reached")]
    Unreachable,
    /// Nobody answered in time.
    #[error("the token endpoint did not answer in time")]
    TimedOut,
    /// The server has a failure of its own, or too much to do.
    #[error("the token endpoint failed with status {0}")]
    Failed(u16),
    /// The server says no, with a word of RFC 6749 §5.2 where it has one.
    #[error("the token endpoint refused: {}", .error.as_deref().unwrap_or("no reason given"))]
    Denied {
        /// Status of its answer.
        status: u16,
        /// `error` of its answer.
        error: Option<String>,
    },
    /// The answer is no token answer.
    #[error("the answer of the token endpoint cannot be used: {0}")]
    Malformed(&'static str),
}

impl TokenError {
    /// Whether the same question may be answered otherwise in a moment, without anybody changing anything.
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable | Self::TimedOut | Self::Failed(_))
    }
}

/// Asks token endpoints. Cheap to clone; connections are shared.
#[derive(Debug, Clone)]
pub struct TokenClient {
    egress: Arc<Egress>,
    client: EgressClient<Full<Bytes>>,
    world: World,
}

impl TokenClient {
    /// A client through `egress`.
    pub fn new(egress: Arc<Egress>, world: World) -> Self {
        Self {
            client: egress.client(),
            egress,
            world,
        }
    }

    /// The guard that everything goes through.
    pub const fn egress(&self) -> &Arc<Egress> {
        &self.egress
    }

    /// Asks for a token of the client's own. A question that nobody answered, or that the server failed at, is asked
    /// once more: a token too many harms nobody.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn service_token(&self, config: &ClientCredentialsConfig) -> Result<TokenReply, TokenError> {
        let target = self.target(
            &config.client.token_endpoint,
            config.client.common.allowed_token_hosts.as_deref(),
        )?;
        let asking = async {
            match self
                .ask(&target, TokenRequest::of_service(&self.world, config)?)
                .await
            {
                Err(error) if error.is_outage() => {
                    // Signed anew: a server remembers assertions.
                    self.ask(&target, TokenRequest::of_service(&self.world, config)?)
                        .await
                }
                answered => answered,
            }
        };
        let reply = tokio::time::timeout(TIMEOUT, asking)
            .await
            .unwrap_or(Err(TokenError::TimedOut))?;
        reply.of_type(config.client.header.auth_scheme.as_deref())
    }

    /// The endpoint, if it is https and its host is one of `hosts`.
    fn target(&self, endpoint: &str, hosts: Option<&[String]>) -> Result<Arc<Target>, TokenError> {
        let target = self.egress.target(endpoint).map_err(TokenError::Refused)?;
        let allowed = hosts.is_none_or(|hosts| hosts.iter().any(|host| host == target.host()));
        if target.scheme() == &http::uri::Scheme::HTTPS && allowed {
            Ok(target)
        } else {
            Err(TokenError::HostNotAllowed)
        }
    }

    async fn ask(&self, target: &Target, request: TokenRequest) -> Result<TokenReply, TokenError> {
        let (status, body) = self.send(target, request).await?;
        TokenReply::read(status, &body)
    }

    /// What is answered, unless the server fails.
    async fn send(&self, target: &Target, request: TokenRequest) -> Result<(StatusCode, Bytes), TokenError> {
        let response = self
            .client
            .request(post(target, request)?)
            .await
            .map_err(|error| match EgressError::of(&error) {
                Some(verdict) if verdict.is_refusal() => TokenError::Refused(verdict.clone()),
                Some(EgressError::TimedOut) => TokenError::TimedOut,
                _ => TokenError::Unreachable,
            })?;
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(TokenError::Failed(status.as_u16()));
        }
        let body = Limited::new(response.into_body(), MAX_REPLY_BYTES)
            .collect()
            .await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                TokenError::Malformed("it is too long")
            } else {
                TokenError::Unreachable
            }
        })?;
        Ok((status, body.to_bytes()))
    }
}

fn post(target: &Target, asked: TokenRequest) -> Result<Request<Full<Bytes>>, TokenError> {
    let uri = target.uri().map_err(|_| TokenError::Unusable("token_endpoint"))?;
    let mut request = Request::new(Full::new(Bytes::from(asked.form)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(header::HOST, target.host_header().clone());
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static("caracal"));
    if let Some(authorization) = asked.authorization {
        let mut value = HeaderValue::from_str(authorization.expose())
            .map_err(|_| TokenError::Unusable("client_secret"))?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(request)
}
