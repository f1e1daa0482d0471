//! Passing one request on to the Gateway, as it is but for where it goes and on whose authority.

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::http::Connector;

/// Of one connection and not of the message (RFC 9110 §7.6.1).
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// The way to the Gateway.
pub(super) struct Forward {
    /// Without a slash at the end.
    gateway: String,
    client: Client<Connector, Incoming>,
}

impl Forward {
    pub(super) fn new(gateway: &str, connector: Connector) -> Self {
        Self {
            gateway: gateway.to_owned(),
            client: Client::builder(TokioExecutor::new()).build(connector),
        }
    }

    /// Sends `request` with `path` (and query) to the resource.
    ///
    /// # Errors
    /// One sentence when it cannot be sent.
    pub(super) async fn send(
        &self,
        mut request: Request<Incoming>,
        path: &str,
        resource: &str,
        mandate: &str,
    ) -> Result<Response<Incoming>, String> {
        let uri: Uri = format!("{}{path}", self.gateway)
            .parse()
            .map_err(|_| String::from("the path is not usable"))?;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        strip(headers);
        headers.remove(HOST);
        let mut bearer = HeaderValue::try_from(format!("Bearer {mandate}"))
            .map_err(|_| String::from("the mandate is not usable"))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        let resource =
            HeaderValue::try_from(resource).map_err(|_| String::from("the resource is not usable"))?;
        headers.insert(HeaderName::from_static("x-caracal-resource"), resource);
        let mut response = self
            .client
            .request(request)
            .await
            .map_err(|error| format!("the Gateway cannot be asked: {}", chain(&error)))?;
        strip(response.headers_mut());
        Ok(response)
    }
}

/// Takes away what belongs to one connection, and what `Connection` says does.
fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words = format!("{words}: {cause}");
        source = cause.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_connection_stays_behind() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("accept", "*/*"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        strip(&mut headers);
        assert_eq!(
            headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["accept"]
        );
    }
}
