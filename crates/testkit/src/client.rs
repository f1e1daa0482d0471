//! A caller of a router, without a socket, and what it is answered.

use std::{fmt, net::SocketAddr, ops::Deref};

use axum::{Router, body::Body};
use caracal_service::server::PeerAddr;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde_json::Value;
use tower::ServiceExt as _;

/// An answer, read whole. It reads as its JSON body: `answer["id"]`.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null when it is none.
    pub body: Value,
}

impl Deref for Answer {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.body
    }
}

impl From<Answer> for Value {
    fn from(answer: Answer) -> Self {
        answer.body
    }
}

impl Serialize for Answer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.body.serialize(serializer)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Answer {
    fn eq(&self, other: &Self) -> bool {
        self.body == other.body
    }
}

impl PartialEq<Value> for Answer {
    fn eq(&self, other: &Value) -> bool {
        self.body == *other
    }
}

impl Answer {
    /// The wire code of a refusal; empty otherwise.
    pub fn code(&self) -> &str {
        self.body["error"].as_str().unwrap_or("")
    }

    /// Status and code.
    pub fn outcome(&self) -> (u16, &str) {
        (self.status.as_u16(), self.code())
    }

    /// The same as text: `403 access_denied`.
    pub fn refusal(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.code())
    }

    /// A member that is text.
    ///
    /// # Panics
    /// When it is not there or no text.
    #[track_caller]
    pub fn text(&self, member: &str) -> String {
        let text = self.body[member].as_str();
        text.unwrap_or_else(|| panic!("{member} in {}", self.text))
            .to_owned()
    }

    /// The code of a refusal with this status, in the envelope of every role.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn refused(self, status: u16) -> String {
        let body = self.expect(status);
        let id = &body["requestId"];
        assert!(id.is_string() && *id == body["request_id"], "{}", body.text);
        body.code().to_owned()
    }

    /// The same answer, if it has this status.
    ///
    /// # Panics
    /// When it has another.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "often all that a test wants to know"
    )]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

/// Calls a router.
#[derive(Debug, Clone)]
pub struct Client(Router);

/// A request in the making.
#[derive(Debug)]
pub struct Call<'c> {
    client: &'c Client,
    request: http::request::Builder,
    body: Body,
}

impl Client {
    /// Calls `router`.
    pub const fn new(router: Router) -> Self {
        Self(router)
    }

    /// Sends a request as it is.
    ///
    /// # Panics
    /// When the body of the answer breaks off or is no text.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole answer").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("an answer of text");
        Answer {
            status: head.status,
            headers: head.headers,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
        }
    }

    /// A request from a peer on this machine.
    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        let peer = PeerAddr(SocketAddr::from(([127, 0, 0, 1], 4000)));
        Call {
            client: self,
            request: Request::builder().method(method).uri(path).extension(peer),
            body: Body::empty(),
        }
    }
}

impl Call<'_> {
    /// With a bearer token; an empty one is none.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        if token.is_empty() {
            return self;
        }
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// With headers.
    #[must_use]
    pub fn headers(self, headers: &[(&str, &str)]) -> Self {
        headers
            .iter()
            .fold(self, |call, (name, value)| call.header(name, value))
    }

    /// With a JSON body.
    ///
    /// # Panics
    /// When it does not serialise.
    #[must_use]
    pub fn json(self, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).expect("a body of JSON");
        self.body(mime("application/json"), body)
    }

    /// With a form.
    #[must_use]
    pub fn form(self, body: String) -> Self {
        self.body(mime("application/x-www-form-urlencoded"), body)
    }

    fn body(mut self, mime: http::HeaderValue, body: String) -> Self {
        self.request = self.request.header(header::CONTENT_TYPE, mime);
        self.body = Body::from(body);
        self
    }

    /// Sends it.
    ///
    /// # Panics
    /// When it is no request, or as [`Client::send`].
    pub async fn send(self) -> Answer {
        let request = self.request.body(self.body).expect("a request");
        self.client.send(request).await
    }
}

fn mime(name: &'static str) -> http::HeaderValue {
    http::HeaderValue::from_static(name)
}
