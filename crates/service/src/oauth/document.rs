//! Documents that issuers publish, such as their keys: fetched over https alone, within bounds.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use caracal_core::Secret;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header, uri::Scheme};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};

use crate::egress::{Egress, EgressClient, EgressError};

/// Longest time that one document takes.
const TIMEOUT: Duration = Duration::from_secs(4);

/// Why there is no document. The text is for evidence and logs.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DocumentError {
    /// Not https, or the guard does not let anybody go there.
    #[error("the document may not be fetched")]
    Refused,
    /// Nobody answered.
    #[error("the document's server cannot be reached")]
    Unreachable,
    /// Nobody answered in time.
    #[error("the document's server did not answer in time")]
    TimedOut,
    /// The server has none; a redirection is none either.
    #[error("the document's server answered with status {0}")]
    Status(u16),
    /// Longer than may be.
    #[error("the document is too large")]
    TooLarge,
}

/// A document.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it says.
    pub body: Bytes,
    /// For how long its server says that it may be kept (RFC 9111 §5.2.2.1), where it says so.
    pub max_age: Option<Duration>,
}

/// Fetches documents. Cheap to clone; connections are shared.
#[derive(Debug, Clone)]
pub struct DocumentClient {
    egress: Arc<Egress>,
    client: EgressClient<Empty<Bytes>>,
}

impl DocumentClient {
    /// A client through `egress`.
    pub fn new(egress: Arc<Egress>) -> Self {
        Self {
            client: egress.client(),
            egress,
        }
    }

    /// The document at `url`, of at most `limit` bytes.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub async fn get(&self, url: &str, limit: usize) -> Result<Bytes, DocumentError> {
        Ok(self.fetch(url, limit, None).await?.body)
    }

    /// The same, for whoever keeps it.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub async fn get_to_keep(&self, url: &str, limit: usize) -> Result<Document, DocumentError> {
        self.fetch(url, limit, None).await
    }

    /// The document at `url` that is shown to whoever has `token`.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub async fn get_with(&self, url: &str, limit: usize, token: &Secret) -> Result<Bytes, DocumentError> {
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let mut bearer = bearer.map_err(|_| DocumentError::Refused)?;
        bearer.set_sensitive(true);
        Ok(self.fetch(url, limit, Some(bearer)).await?.body)
    }

    async fn fetch(
        &self,
        url: &str,
        limit: usize,
        authorization: Option<HeaderValue>,
    ) -> Result<Document, DocumentError> {
        let target = self.egress.target(url).map_err(|_| DocumentError::Refused)?;
        if target.scheme() != &Scheme::HTTPS {
            return Err(DocumentError::Refused);
        }
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = target.uri().map_err(|_| DocumentError::Refused)?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, target.host_header().clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("caracal"));
        headers.extend(authorization.map(|value| (header::AUTHORIZATION, value)));
        let fetching = async {
            let response = self.client.request(request).await;
            let response = response.map_err(|error| match EgressError::of(&error) {
                Some(verdict) if verdict.is_refusal() => DocumentError::Refused,
                Some(EgressError::TimedOut) => DocumentError::TimedOut,
                _ => DocumentError::Unreachable,
            })?;
            if response.status() != StatusCode::OK {
                return Err(DocumentError::Status(response.status().as_u16()));
            }
            let max_age = max_age(response.headers());
            let body = Limited::new(response.into_body(), limit).collect().await;
            let body = body.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    DocumentError::TooLarge
                } else {
                    DocumentError::Unreachable
                }
            })?;
            Ok(Document {
                body: body.to_bytes(),
                max_age,
            })
        };
        tokio::time::timeout(TIMEOUT, fetching)
            .await
            .unwrap_or(Err(DocumentError::TimedOut))
    }
}

/// What the server says of keeping its answer: the shortest of what it says.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let said = headers.get_all(header::CACHE_CONTROL).iter();
    let said = said.filter_map(|value| value.to_str().ok());
    let directives = said.flat_map(|value| value.split(',')).map(str::trim);
    let ages = directives.filter_map(|directive| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "max-age" => Some(value.trim().trim_matches('"').parse().unwrap_or(0)),
            "no-store" | "no-cache" => Some(0),
            _ => None,
        }
    });
    ages.min().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_of_keeping_is_read_and_nonsense_keeps_nothing() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CACHE_CONTROL, HeaderValue::from_static(value));
            }
            max_age(&headers).map(|age| age.as_secs())
        };
        for (values, age) in [
            (&[][..], None),
            (&["public"][..], None),
            (&["max-age=60"][..], Some(60)),
            (&["public, Max-Age=\"300\", must-revalidate"][..], Some(300)),
            (&["max-age=60", "max-age=30"][..], Some(30)),
            (&["max-age=60, no-store"][..], Some(0)),
            (&["no-cache"][..], Some(0)),
            (&["max-age=-1"][..], Some(0)),
            (&["max-age=99999999999999999999999"][..], Some(0)),
            (&["s-maxage=60"][..], None),
        ] {
            assert_eq!(read(values), age, "{values:?}");
        }
    }
}
