//! Requests with a bound on everything, and answers that say which one failed.

use std::{fmt, time::Duration};

use anyhow::{Context as _, anyhow, ensure};
use caracal_service::{
    config::Settings,
    egress::{Egress, EgressClient, EgressPolicy},
};
use http::{HeaderValue, Method, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};
use serde::de::DeserializeOwned;

/// Longest wait for an answer with its body.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Longest answer.
const MAX_BODY: usize = 1024 * 1024;
/// As much of an answer is shown.
const SHOWN: usize = 300;

use crate::config::declared;

type Body = Full<axum::body::Bytes>;

/// Asks roles.
#[derive(Debug)]
pub(crate) struct Client(EgressClient<Body>);

/// What is asked besides method and address.
#[derive(Debug, Default)]
pub(crate) struct RequestOptions<'a> {
    /// Bearer.
    pub(crate) token: Option<&'a str>,
    /// Body and what it is.
    pub(crate) body: Option<(&'static str, String)>,
    /// The resource that is meant, of the Gateway.
    pub(crate) resource: Option<&'a str>,
    /// What the caller calls the request.
    pub(crate) request_id: Option<&'a str>,
}

/// What came back, and from where.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Whether it says when to come again.
    pub(crate) retry_after: bool,
    of: String,
    body: Vec<u8>,
}

impl Client {
    /// One that trusts the system's roots and those of `CARACAL_TLS_EXTRA_CA_FILE`, and asks whom the operator names.
    pub(crate) fn from_settings(settings: &mut Settings) -> anyhow::Result<Self> {
        let further = settings.find(&declared::EXTRA_CA_FILE).map(|path| {
            std::fs::read(&path)
                .with_context(|| format!("CARACAL_TLS_EXTRA_CA_FILE: cannot read {}", path.display()))
        });
        let egress = Egress::trusting(EgressPolicy::provisioned(), further.transpose()?.as_deref())
            .context("CARACAL_TLS_EXTRA_CA_FILE")?;
        Ok(Self(egress.client()))
    }

    /// Sends one request.
    pub(crate) async fn ask(
        &self,
        method: Method,
        url: &str,
        asked: RequestOptions<'_>,
    ) -> anyhow::Result<Answer> {
        let of = format!("{method} {url}");
        let mut request = Request::builder().method(method).uri(url);
        if let Some(token) = asked.token {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
            bearer.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, bearer);
        }
        if let Some(resource) = asked.resource {
            request = request.header("x-caracal-resource", resource);
        }
        if let Some(id) = asked.request_id {
            request = request.header("x-request-id", id);
        }
        let body = match asked.body {
            Some((kind, text)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                Full::from(text)
            }
            None => Full::default(),
        };
        let request = request
            .body(body)
            .with_context(|| format!("{url:?} is not an address"))?;
        let answered = async {
            let response = self
                .0
                .request(request)
                .await
                .map_err(|error| anyhow!(caracal_service::error_chain(&error)))?;
            let status = response.status().as_u16();
            let retry_after = response.headers().contains_key(header::RETRY_AFTER);
            let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
            let body = body.map_err(|error| anyhow!("{error}"))?.to_bytes().to_vec();
            Ok::<_, anyhow::Error>((status, retry_after, body))
        };
        let (status, retry_after, body) = tokio::time::timeout(TIMEOUT, answered)
            .await
            .with_context(|| format!("{of}: no answer within {} s", TIMEOUT.as_secs()))?
            .with_context(|| format!("{of} did not answer"))?;
        Ok(Answer {
            status,
            retry_after,
            of,
            body,
        })
    }
}

impl Answer {
    /// The answer, when it has this status.
    pub(crate) fn expect(&self, status: u16) -> anyhow::Result<&Self> {
        ensure!(self.status == status, "{self} instead of {status}");
        Ok(self)
    }

    /// The body as text; what is no text is replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as what it is to be.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("the answer of {} is not understood", self.of))
    }
}

impl fmt::Display for Answer {
    /// Shows the body of a failure alone: others have secrets in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.of, self.status)?;
        if self.status >= 400 {
            write!(f, " {}", self.text().chars().take(SHOWN).collect::<String>())?;
        }
        Ok(())
    }
}
