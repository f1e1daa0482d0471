//! The request an upstream gets: where, with which headers, with whose credential.

mod credential;
mod headers;
mod query;
mod trace;
mod uri;

use caracal_core::World;
use caracal_service::{egress::Target, exchange::ExchangeGrant, server::PeerAddr};
use http::{HeaderMap, HeaderValue, Method, Request, Version, header, request::Parts};
use http_body::Body;

use self::credential::Credential;
pub(crate) use self::credential::host_is_pinned;
use crate::GatewayConfig;

/// Whether a header is between two neighbours (RFC 9110 §7.6.1), or by which a message is framed.
pub(crate) use self::headers::{
    is_hop_by_hop, is_order_to_proxy, named_by_connection, overrides_method, trailer_may_pass, trailer_names,
};

/// The directive cannot be turned into a request: its credential header is reserved, its value cannot be sent, or
/// its parts contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the upstream request could not be built")]
pub(crate) struct BuildFailed;

/// A request for the upstream, and what was found out about it.
pub(crate) struct UpstreamRequest<B> {
    pub(crate) request: Request<B>,
    /// Trace that it carries on.
    pub(crate) trace_id: String,
    /// Whether trailers reach the caller.
    pub(crate) takes_trailers: bool,
}

/// Builds the request for the upstream.
///
/// # Errors
/// [`BuildFailed`].
pub(crate) fn build<B: Body>(
    world: &World,
    config: &GatewayConfig,
    mut head: Parts,
    body: B,
    grant: &ExchangeGrant,
    target: &Target,
    request_id: &str,
) -> Result<UpstreamRequest<B>, BuildFailed> {
    let credential = Credential::of(grant)?;
    let uri = uri::build(target, &head.uri, credential.query())?;
    let takes_trailers = takes_trailers(&head);
    let inbound = std::mem::take(&mut head.headers);
    let (proto, client, host) = forwarded(config, &head, &inbound);
    let mut headers = headers::forwardable(inbound, credential.header_name(), grant.directive.cookies);
    // A length belongs to the body; with none announced the body is framed anew. The client would leave the body of a
    // GET or HEAD out unless told that there is one.
    if matches!(head.method, Method::GET | Method::HEAD)
        && !body.is_end_stream()
        && !headers.contains_key(header::CONTENT_LENGTH)
    {
        headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    // Many servers send trailers only to who asks, and asking is between neighbours (RFC 9110 §10.1.4): it is our word.
    if takes_trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    credential.inject(&mut headers)?;
    headers.insert(header::HOST, target.host_header().clone());
    headers.insert(
        caracal_service::trace::REQUEST_ID,
        HeaderValue::from_str(request_id).map_err(|_| BuildFailed)?,
    );
    let trace_id = trace::continue_or_start(&mut headers, world);
    if let Some(client) = client {
        headers.insert(headers::FORWARDED_FOR, client);
    }
    headers.insert(headers::FORWARDED_PROTO, HeaderValue::from_static(proto));
    if let Some(host) = host {
        headers.insert(headers::FORWARDED_HOST, host);
    }

    let mut request = Request::new(body);
    *request.method_mut() = head.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(UpstreamRequest {
        request,
        trace_id,
        takes_trailers,
    })
}

/// Takes what HTTP/2 says otherwise, or forbids (RFC 9113 §8.2.2), out of a request for it.
pub(crate) fn for_http2(headers: &mut HeaderMap) {
    for name in [header::HOST, header::CONNECTION, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    // A server of gRPC takes this for the mark of a path to its client that loses no trailers.
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
}

type Forwarded = (&'static str, Option<HeaderValue>, Option<HeaderValue>);

/// Whether trailers reach the caller: the listener sends them to those who asked (RFC 9110 §6.5.1).
fn takes_trailers(head: &Parts) -> bool {
    matches!(head.version, Version::HTTP_11 | Version::HTTP_2)
        && head
            .headers
            .get_all(header::TE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}

/// Scheme, address and host the caller used. What the caller says about itself is believed only behind a proxy
/// that overwrites it.
fn forwarded(config: &GatewayConfig, head: &Parts, inbound: &HeaderMap) -> Forwarded {
    let claimed = |name: &header::HeaderName| {
        inbound
            .get(name)
            .filter(|_| config.trust_proxy)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let proto = match claimed(&headers::FORWARDED_PROTO) {
        Some("https") => "https",
        Some("http") => "http",
        _ if config.tls => "https",
        _ => "http",
    };
    let first = claimed(&headers::FORWARDED_FOR)
        .and_then(|list| list.split(',').next())
        .and_then(|first| first.trim().parse::<std::net::IpAddr>().ok());
    let client = first.or_else(|| PeerAddr::of(&head.extensions));
    let client = client.and_then(|client| HeaderValue::from_str(&client.to_canonical().to_string()).ok());
    (proto, client, inbound.get(header::HOST).cloned())
}
