//! JSON calls for everything that is not measured: setting up, looking at readiness and metrics.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use caracal_core::Secret;
use serde_json::Value;

use crate::http::Connection;

/// Calls one service with one bearer, each call on a connection of its own.
#[derive(Debug, Clone)]
pub struct JsonClient {
    address: SocketAddr,
    bearer: Option<Secret>,
}

impl JsonClient {
    /// A client of the service at `address`.
    pub fn new(address: SocketAddr, bearer: Option<Secret>) -> Self {
        Self { address, bearer }
    }

    /// The service called.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes a call and returns the answer's document (`null` when it has no body).
    ///
    /// # Errors
    /// When the service does not answer, answers with another status than `expected`, or not with JSON.
    pub async fn call(
        &self,
        expected: u16,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mut connection = Connection::new(self.address);
        let request = self.request(method, path, body);
        let answer = connection
            .exchange(&request)
            .await
            .with_context(|| format!("{method} {path} at {}", self.address))?;
        if answer.status != expected {
            bail!(
                "{method} {path} answered {} instead of {expected}",
                answer.summary()
            );
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(answer.body).with_context(|| format!("{method} {path} did not answer JSON"))
    }

    /// Makes a GET and returns status and text.
    ///
    /// # Errors
    /// When the service does not answer.
    pub async fn get(&self, path: &str) -> anyhow::Result<(u16, String)> {
        let mut connection = Connection::new(self.address);
        let answer = connection.exchange(&self.request("GET", path, None)).await?;
        Ok((answer.status, String::from_utf8_lossy(answer.body).into_owned()))
    }

    /// The bytes of a request, complete.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Vec<u8> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if let Some(bearer) = &self.bearer {
            request.push_str("Authorization: Bearer ");
            request.push_str(bearer.expose());
            request.push_str("\r\n");
        }
        let body = body.map(Value::to_string);
        if let Some(body) = &body {
            request.push_str("Content-Type: application/json\r\nContent-Length: ");
            request.push_str(&body.len().to_string());
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        request.push_str(body.as_deref().unwrap_or_default());
        request.into_bytes()
    }
}

/// The text member `name` of an answer.
///
/// # Errors
/// When it is not there.
pub fn text<'v>(document: &'v Value, name: &str) -> anyhow::Result<&'v str> {
    document
        .get(name)
        .and_then(Value::as_str)
        .with_context(|| format!("the answer has no text {name:?}"))
}
