//! Callers: one that speaks HTTP, and one that writes bytes.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use caracal_testkit::upstream::Live;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::stage::{RESOURCE, Stage};

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Status, code and description of a refusal, which comes in the envelope.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        for (name, value) in [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(self.header(name), Some(value), "{name}: {self:?}");
        }
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        (self.status.as_u16(), text("error"), text("error_description"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Stage {
    /// A request to `path` with `token` for the resource.
    pub(crate) fn request(&self, token: &str, path: &str) -> http::request::Builder {
        Request::builder()
            .uri(format!("http://{}{path}", self.address))
            .header("authorization", format!("Bearer {token}"))
            .header("x-caracal-resource", RESOURCE)
    }

    /// Sends, and gives the answer once its head is here.
    pub(crate) async fn open(&self, request: Request<Body>) -> Response<Incoming> {
        let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
        client.request(request).await.unwrap()
    }

    /// The next call of the upstream is answered by what the test sends.
    pub(crate) fn streams(&self, content_type: &'static str) -> Live {
        let (answer, live) = caracal_testkit::upstream::Answer::live(content_type);
        self.upstream.next(answer);
        live
    }

    /// Opens a call that is answered by what the test sends.
    pub(crate) async fn stream(&self, content_type: &'static str) -> (Response<Incoming>, Live) {
        let live = self.streams(content_type);
        let request = self.request(&self.mandate(), "/a").body(Body::empty()).unwrap();
        (self.open(request).await, live)
    }

    /// Sends and reads the whole answer.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// GET with a fresh mandate.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        let token = self.mandate();
        self.send(self.request(&token, path).body(Body::empty()).unwrap())
            .await
    }

    /// The lines of a head that name the resource and bring a fresh mandate for it.
    pub(crate) fn credentials(&self) -> String {
        let token = self.mandate();
        format!("Authorization: Bearer {token}\r\nX-Caracal-Resource: {RESOURCE}\r\n")
    }

    /// How many requests the upstream took for complete.
    pub(crate) fn whole_requests(&self) -> usize {
        let received = self.upstream.received();
        received.iter().filter(|received| received.complete).count()
    }

    /// Writes bytes and reads until the other side closes or falls silent.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        read_all(&mut stream).await
    }
}

pub(crate) async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    // A loaded machine may take its time to begin; once begun, silence is the end.
    let timeout = |begun: bool| {
        if begun {
            Duration::from_millis(500)
        } else {
            Duration::from_secs(8)
        }
    };
    while let Ok(Ok(read)) = tokio::time::timeout(timeout(!answer.is_empty()), stream.read(&mut buffer)).await
    {
        if read == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}
