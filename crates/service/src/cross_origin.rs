//! What pages of any origin may ask for and read (the CORS protocol of Fetch, §3.2): routes that are open to everybody and prove
//! nobody by what a browser adds on its own. So no origin is told apart, and no cookie and no `Authorization` goes along.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// Headers that a page may send: the type of a body, a proof of its key (RFC 9449), and the revision that clients of MCP speak,
/// which they say everywhere.
const SENT: HeaderValue = HeaderValue::from_static("content-type, dpop, mcp-protocol-version");
/// Headers that it may read.
const READ: HeaderValue = HeaderValue::from_static("dpop-nonce, retry-after, x-request-id");
/// Seconds for which a browser need not ask again.
const KEPT: HeaderValue = HeaderValue::from_static("600");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// Whether a browser asks with this whether a page may send `method`.
pub fn is_asked_for(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to that: yes, with no body.
pub fn allow(method: &Method) -> Response {
    let methods = HeaderValue::from_str(method.as_str()).unwrap_or(HeaderValue::from_static("GET"));
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, SENT),
        (header::ACCESS_CONTROL_MAX_AGE, KEPT),
    ];
    readable((StatusCode::NO_CONTENT, headers).into_response())
}

/// Whether pages may read an answer with these headers.
pub(crate) fn is_readable(headers: &HeaderMap) -> bool {
    headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
}

/// Lets a page read an answer, whatever it says.
pub fn readable(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READ);
    response
}
