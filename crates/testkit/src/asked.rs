//! Requests as walks over a document send them.

use http::Method;
use serde_json::Value;

use crate::client::{Answer, Client};

/// A request to send.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Method.
    pub method: Method,
    /// Path and query, escaped.
    pub path: String,
    /// A header of the route's.
    pub header: Option<(String, String)>,
    /// What it carries.
    pub body: Carried,
}

/// What a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// Nothing.
    Nothing,
    /// JSON.
    Json(Value),
    /// Fields of a form.
    Form(Vec<(String, String)>),
}

impl Asked {
    /// Sends it to a router, with a bearer token; an empty one is none.
    pub async fn send(self, client: &Client, bearer: &str) -> Answer {
        let call = client.call(self.method, &self.path).bearer(bearer);
        let call = call.header("host", "walk.example");
        let call = match &self.header {
            Some((name, value)) => call.header(name, value),
            None => call,
        };
        match self.body {
            Carried::Nothing => call,
            Carried::Json(body) => call.json(&body),
            Carried::Form(fields) => call.form(form(&fields)),
        }
        .send()
        .await
    }
}

/// A form, as a client escapes it.
fn form(fields: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| format!("{name}={}", escaped(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// As it stands in a path or a query (RFC 3986 §2.1).
pub(crate) fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
