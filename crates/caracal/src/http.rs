//! Questions to services that may be elsewhere. Redirects are not followed: a form with a secret goes where it was
//! addressed, or nowhere.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use serde_json::Value;

/// Answers are small; more than this is not one.
const MAX_ANSWER: usize = 1 << 20;

/// A connection to somewhere, with TLS where the address says so.
pub(crate) type Connector = HttpsConnector<HttpConnector>;

/// What a service answered.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Reply {
    /// The member of that name, if it is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    /// What is to be told of a refusal.
    pub(crate) fn why(&self) -> String {
        self.text("error_description")
            .or_else(|| self.text("error"))
            .map_or_else(|| format!("it answered {}", self.status.as_u16()), str::to_owned)
    }
}

/// A client of the services.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client<Connector, Full<Bytes>>,
}

/// A connector for `urls`. The system's certificates are read only where one of them needs TLS: that takes its time.
pub(crate) fn connector(urls: &[&str]) -> anyhow::Result<Connector> {
    let builder = HttpsConnectorBuilder::new();
    let builder = if urls.iter().any(|url| url.starts_with("https:")) {
        builder
            .with_provider_and_native_roots(aws_lc_rs::default_provider())
            .context("cannot read the system's certificates")?
    } else {
        let config = rustls::ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        builder.with_tls_config(config)
    };
    Ok(builder.https_or_http().enable_http1().build())
}

impl Http {
    pub(crate) fn new(urls: &[&str]) -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::builder(TokioExecutor::new()).build(connector(urls)?),
        })
    }

    /// Posts a form.
    pub(crate) async fn form(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
        timeout: Duration,
    ) -> anyhow::Result<Reply> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let headers = [headers, &[("Content-Type", "application/x-www-form-urlencoded")]].concat();
        self.ask(Method::POST, url, &headers, form, timeout).await
    }

    /// Asks one question.
    pub(crate) async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
        timeout: Duration,
    ) -> anyhow::Result<Reply> {
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header("Accept", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| anyhow!("a value cannot be sent to {url}"))?;
        let answered = async {
            let response = self.client.request(request).await?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER)
                .collect()
                .await
                .map_err(|error| anyhow!("{error}"))?;
            anyhow::Ok((status, body.to_bytes()))
        };
        let (status, body) = match tokio::time::timeout(timeout, answered).await {
            Ok(answered) => answered.with_context(|| format!("{url} cannot be asked"))?,
            Err(_) => bail!("{url} did not answer within {} s", timeout.as_secs()),
        };
        if status.is_redirection() {
            bail!("{url} answers with a redirect, which is not followed");
        }
        Ok(Reply {
            status,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }
}
