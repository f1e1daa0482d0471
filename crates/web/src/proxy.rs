//! Requests of a browser, sent on to another role as whoever is signed in.

use std::time::Duration;

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use caracal_service::{
    Refusal,
    body::read_bounded,
    egress::{Egress, EgressClient, EgressError, Target},
    trace::{REQUEST_ID, TRACEPARENT},
};
use caracal_wire::ErrorCode;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts};
use http_body_util::Full;

/// Longest body of a request.
const MAX_BODY: usize = 1024 * 1024;
/// Longest wait for the head of an answer; what streams after it may take as long as it likes.
const TIMEOUT: Duration = Duration::from_secs(35);

/// Of a request. The cookie and whatever the browser calls itself stay here.
const SENT_ON: [HeaderName; 6] = [
    header::ACCEPT,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("last-event-id"),
];
/// Of an answer.
const SENT_BACK: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CONTENT_DISPOSITION,
    header::ETAG,
    header::LINK,
    header::RETRY_AFTER,
    REQUEST_ID,
];

/// A role behind the console.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    client: EgressClient<Full<Bytes>>,
    base: String,
    name: &'static str,
}

impl Upstream {
    /// The role called `name` at `url`.
    pub(crate) fn new(egress: &Egress, url: &str, name: &'static str) -> Result<Self, EgressError> {
        let base = url.trim_end_matches('/').to_owned();
        Target::parse(&base)?;
        Ok(Self {
            client: egress.client(),
            base,
            name,
        })
    }

    /// Asks for `path`, which begins with a slash and may have a query.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        mut headers: HeaderMap,
        token: Option<&str>,
        body: Bytes,
    ) -> Result<http::Response<Body>, Refusal> {
        if let Some(token) = token
            && let Ok(mut bearer) = HeaderValue::from_str(&format!("Bearer {token}"))
        {
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = method;
        let uri = format!("{}{path}", self.base).parse();
        *request.uri_mut() = uri.map_err(|_| Refusal::of(ErrorCode::MalformedRequest))?;
        *request.headers_mut() = headers;
        match tokio::time::timeout(TIMEOUT, self.client.request(request)).await {
            Ok(Ok(response)) => Ok(response.map(Body::new)),
            Ok(Err(error)) => Err(self.away(&caracal_service::error_chain(&error))),
            Err(_) => Err(self.away("no answer in time")),
        }
    }

    fn away(&self, error: &str) -> Refusal {
        tracing::warn!(
            upstream = self.name,
            error,
            "a role behind the console does not answer"
        );
        Refusal::of(ErrorCode::StorageUnavailable)
            .describe(format!("the {} does not answer; try again", self.name))
    }

    /// Reads `path`.
    pub(crate) async fn read(
        &self,
        path: &str,
        token: Option<&str>,
    ) -> Result<http::Response<Body>, Refusal> {
        self.ask(Method::GET, path, HeaderMap::new(), token, Bytes::new())
            .await
    }

    /// Whether the role is there at all.
    pub(crate) async fn is_there(&self) -> bool {
        let asked = self.read("/health", None);
        matches!(tokio::time::timeout(Duration::from_secs(1), asked).await, Ok(Ok(answer)) if answer.status().is_success())
    }

    /// Sends a request on below the path `rest`.
    pub(crate) async fn pass(
        &self,
        request: Request,
        rest: &str,
        token: Option<&str>,
    ) -> Result<Response, Refusal> {
        let (head, body) = request.into_parts();
        let path = match head.uri.query() {
            Some(query) => format!("{rest}?{query}"),
            None => rest.to_owned(),
        };
        let body = read_bounded(body, MAX_BODY).await?;
        let answer = self
            .ask(head.method.clone(), &path, sent_on(&head), token, body)
            .await?;
        Ok(sent_back(answer))
    }
}

/// The headers of a request that go on.
pub(crate) fn sent_on(head: &Parts) -> HeaderMap {
    let context = head.extensions.get::<caracal_service::request::RequestContext>();
    let id = context.and_then(|context| HeaderValue::from_str(&context.request_id).ok());
    let named = SENT_ON.into_iter().chain([TRACEPARENT]);
    named
        .filter_map(|name| Some((name.clone(), head.headers.get(&name)?.clone())))
        .chain(id.map(|id| (REQUEST_ID, id)))
        .collect()
}

/// An answer with the headers that go back.
pub(crate) fn sent_back(answer: http::Response<Body>) -> Response {
    let (head, body) = answer.into_parts();
    let mut response = Response::new(body);
    *response.status_mut() = head.status;
    for name in SENT_BACK {
        if let Some(value) = head.headers.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

/// The part of a path behind `prefix`, if it begins with `begins` and names nothing but what it looks like.
pub(crate) fn below<'p>(path: &'p str, prefix: &str, begins: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix)?;
    let lower = rest.to_ascii_lowercase();
    let strange = ["//", "/../", "/./", "\\", "%2e", "%2f", "%5c", "%00"];
    let plain =
        !strange.iter().any(|one| lower.contains(one)) && !lower.ends_with("/..") && !lower.ends_with("/.");
    (rest.starts_with(begins) && plain).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_what_it_is_below() {
        let below = |path| below(path, "/api/control", "/v1/");
        assert_eq!(below("/api/control/v1/zones"), Some("/v1/zones"));
        for path in [
            "/api/control/metrics",
            "/api/control/v1/../metrics",
            "/api/control/v1/%2E%2e/metrics",
            "/api/control/v1/zones/..%2f..%2fmetrics",
            "/api/control/v1//x",
            "/api/control/v1/..",
            "/api/controlled/v1/zones",
        ] {
            assert_eq!(below(path), None, "{path}");
        }
    }
}
