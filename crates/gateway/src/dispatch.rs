//! Sending a call up and bringing the answer down.

use std::{error::Error as _, io::ErrorKind, sync::Arc};

use axum::{body::Body, response::Response};
use caracal_core::Operation;
use caracal_service::{
    Refusal,
    egress::{ClientError, EgressError, Target},
    exchange::ExchangeGrant,
    trace,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version, header, request::Parts,
    uri::Scheme,
};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, ext::ReasonPhrase};
use tracing::{Instrument as _, Span, field::Empty};

use crate::{
    download::{BodyOfHead, Download, DownloadError},
    failure::{Failure, kept_out, not_read},
    governed::{Governed, Timeouts},
    link::Link,
    listing::{Form, Listing, ListingError, Shown},
    outbound::{self, UpstreamRequest},
    outcome::{Outcome, Rejection},
    returned,
    routes::hold,
    upload::Upload,
    websocket::{self, Opening},
};

/// Largest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

const EXPIRES_IN: HeaderName = HeaderName::from_static("x-caracal-token-expires-in");

/// Forwards one call and gives the upstream's answer, streaming.
///
/// # Errors
/// The refusal to answer with; its outcome is recorded.
pub(crate) async fn forward(
    mut head: Parts,
    body: Body,
    grant: &ExchangeGrant,
    outcome: Outcome,
    shown: Option<Shown>,
    request_id: &str,
) -> Result<Response, Refusal> {
    let span = tracing::debug_span!(
        "upstream",
        otel.kind = "client",
        otel.name = trace::method_name(&head.method),
        http.request.method = trace::method_name(&head.method),
        server.address = Empty,
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        "error.type" = Empty,
    );
    let timeouts = Timeouts::of(&outcome.gateway().deps.config, &grant.directive);
    let opening = match outcome.operation() {
        Operation::WebSocket { .. } => Opening::take(&mut head),
        _ => None,
    };
    if shown.is_some() {
        Shown::ask(&mut head.headers);
    }
    let mut governed = Governed::new(outcome, Arc::default(), timeouts);
    let sent = send(
        head,
        body,
        grant,
        &mut governed,
        request_id,
        opening.as_ref(),
        &span,
    )
    .instrument(span.clone())
    .await;
    match sent {
        Ok(answer) => {
            let form = match &shown {
                Some(_) => Form::of(answer.response.status(), answer.response.headers()),
                None => Ok(None),
            };
            let Ok(form) = form else {
                return Err(governed.refuse(&Failure::Unreadable));
            };
            span.record("http.response.status_code", answer.response.status().as_u16());
            let response = match opening {
                Some(opening) if answer.response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                    switch(answer, grant.directive.cookies, governed, opening)
                }
                _ => receive(answer, grant.directive.cookies, governed, shown.zip(form)).await?,
            };
            if form == Some(Form::Message) {
                return whole(response).await;
            }
            Ok(response)
        }
        Err(failure) => {
            span.record("error.type", failure.end().error_kind().unwrap_or("revoked"));
            Err(governed.refuse(&failure))
        }
    }
}

struct UpstreamResponse {
    response: http::Response<Incoming>,
    /// Where it came from.
    target: Arc<Target>,
    takes_trailers: bool,
}

async fn send(
    head: Parts,
    body: Body,
    grant: &ExchangeGrant,
    governed: &mut Governed,
    request_id: &str,
    opening: Option<&Opening>,
    span: &Span,
) -> Result<UpstreamResponse, Failure> {
    let gateway = governed.gateway().clone();
    let deps = &gateway.deps;
    let link = governed.link().clone();
    // Who speaks gRPC over HTTP/1.1 has a server that does.
    let is_http2_call =
        head.version == Version::HTTP_2 && matches!(governed.outcome.operation(), Operation::Grpc { .. });
    let upload = Upload::new(body, deps.config.max_request_bytes, link.clone());
    let target = deps.egress.target(&grant.directive.url).map_err(|verdict| {
        if let Ok(target) = Target::parse(&grant.directive.url) {
            governed.outcome.upstream(target.host_and_port());
        }
        kept_out(&verdict, request_id, &deps.world)
    })?;
    governed.outcome.upstream(target.host_and_port());
    span.record("server.address", target.host());
    let identity = grant.directive.client_identity.as_ref();
    // In the clear nobody asks for a certificate, and the call would go without.
    let is_shown = identity.is_none() || *target.scheme() == Scheme::HTTPS;
    if !is_shown || !outbound::host_is_pinned(&grant.directive, target.host()) {
        return Err(Failure::Rejected(Rejection::ProviderHostNotAllowed));
    }
    let UpstreamRequest {
        mut request,
        trace_id,
        takes_trailers,
    } = outbound::build(
        &deps.world,
        &deps.config,
        head,
        upload,
        grant,
        &target,
        request_id,
    )
    .map_err(|_| Failure::Unbuildable)?;
    governed.outcome.trace(trace_id);
    if opening.is_some() {
        websocket::ask(request.headers_mut());
    }
    let zone = &governed.outcome.claims().zone_id;
    let own = identity.map(|identity| gateway.identities.clients(&deps.egress, zone, identity));
    let own = own.transpose().map_err(|_| Failure::Unbuildable)?;
    let clients = own.as_deref().unwrap_or(&gateway.clients);
    let client = if is_http2_call {
        outbound::for_http2(request.headers_mut());
        &clients.http2
    } else {
        &clients.http1
    };
    let permit = gateway
        .permits
        .take(target.authority().as_str(), &governed.outcome.claims().zone_id)
        .await
        .ok_or(Failure::Busy)?;
    governed.hold(permit);
    // Authority may have ended during the exchange or the wait.
    if governed.is_revoked() {
        return Err(Failure::Revoked);
    }
    let may_repeat = !governed.outcome.is_sent_once() && is_repeatable(&request);
    let spare = may_repeat.then(|| repeat(&request, &link));
    let mut response = governed.answer(client.request(request)).await?;
    if let (Err(error), Some(spare)) = (&response, spare)
        && died_unanswered(error)
    {
        // The upstream may have taken the first: whoever reads the evidence must know.
        governed.outcome.resent();
        span.record("http.request.resend_count", 1);
        response = governed.answer(client.request(spare)).await?;
    }
    match response {
        Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS && opening.is_some() => {
            if !opening.is_some_and(|opening| opening.is_answered_by(response.headers())) {
                return Err(Failure::Unreadable);
            }
            governed.outcome.answered(response.status());
            Ok(UpstreamResponse {
                response,
                target,
                takes_trailers,
            })
        }
        // Nobody asked to switch protocols, and what follows such an answer could not be governed.
        Ok(response) if response.status().is_informational() => Err(Failure::Unreachable),
        // The client reads on while it reads; the bound is exact here.
        Ok(response) if head_bytes(response.headers()) > MAX_HEAD_BYTES => Err(Failure::HeadTooLarge),
        // Passed on without its coding, the body would be another.
        Ok(response) if !is_framed_as_we_read(response.headers()) => Err(Failure::Unreadable),
        Ok(response) => {
            governed.outcome.answered(response.status());
            Ok(UpstreamResponse {
                response,
                target,
                takes_trailers,
            })
        }
        Err(_) if link.is_too_large() => Err(Failure::TooLarge),
        Err(_) if link.is_late() => Err(Failure::CallerStalled),
        Err(_) if link.is_broken() => Err(Failure::BodyBroken),
        Err(error) => {
            // The URL may hold a credential; the error names the cause without it.
            tracing::warn!(
                request.id = request_id, upstream.host = target.host_and_port(),
                error = %caracal_service::error_chain(&error), "an upstream failed"
            );
            Err(match EgressError::of(&error) {
                Some(verdict) if verdict.is_refusal() => kept_out(verdict, request_id, &deps.world),
                Some(EgressError::TimedOut) => Failure::TimedOut,
                Some(_) => Failure::Unreachable,
                None => not_read(&error),
            })
        }
    }
}

/// The answer's head in the caller's words.
fn answered(headers: HeaderMap, target: &Target, cookies: bool, governed: &Governed) -> HeaderMap {
    let mut headers = returned::headers(headers, target, cookies);
    let now = governed.gateway().deps.world.now();
    let left = governed.outcome.claims().expires_at().since(now).as_secs();
    headers.insert(EXPIRES_IN, HeaderValue::from(left));
    headers
}

/// The upstream opened the socket: so do we, and govern what is said over it.
fn switch(mut answer: UpstreamResponse, cookies: bool, governed: Governed, opening: Opening) -> Response {
    let upstream = hyper::upgrade::on(&mut answer.response);
    let (parts, _) = answer.response.into_parts();
    let mut headers = answered(parts.headers, &answer.target, cookies, &governed);
    websocket::tell(&mut headers);
    let extended = headers.contains_key(header::SEC_WEBSOCKET_EXTENSIONS);
    tokio::spawn(opening.run(upstream, extended, governed));
    let mut response = Response::new(Body::empty());
    *response.status_mut() = parts.status;
    *response.headers_mut() = headers;
    response
}

/// The answer in the caller's words, its body under governance.
///
/// # Errors
/// The refusal of one that breaks before its body begins.
async fn receive(
    answer: UpstreamResponse,
    cookies: bool,
    governed: Governed,
    shown: Option<(Shown, Form)>,
) -> Result<Response, Refusal> {
    let (parts, body) = answer.response.into_parts();
    let mut headers = answered(parts.headers, &answer.target, cookies, &governed);
    // A gRPC server may send its head alone, and its caller wait for that.
    let waits = !matches!(governed.outcome.operation(), Operation::Grpc { .. });
    let is_head = governed.outcome.operation().http_method() == Method::HEAD.as_str();
    let wait = governed.gateway().deps.config.first_piece_wait;
    let download = Download::new(body, governed, answer.takes_trailers);
    if waits {
        download.begin(wait).await?;
    }
    let body = match shown {
        Some((shown, form)) => {
            Form::tell(&mut headers);
            Body::new(Listing::new(download, shown, form))
        }
        None if is_head => Body::new(BodyOfHead(download)),
        None => Body::new(download),
    };
    let mut response = Response::new(body);
    *response.status_mut() = parts.status;
    *response.headers_mut() = headers;
    // What the upstream says of its status in its own words.
    if let Some(reason) = parts.extensions.get::<ReasonPhrase>() {
        response.extensions_mut().insert(reason.clone());
    }
    Ok(response)
}

/// The answer once it is here whole, so that one which cannot be passed on is refused, not broken off.
async fn whole(response: Response) -> Result<Response, Refusal> {
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => Ok(Response::from_parts(parts, Body::from(body.to_bytes()))),
        Err(error) => {
            let failure = match error.into_inner().downcast_ref::<ListingError<DownloadError>>() {
                Some(ListingError::Answer(DownloadError::Revoked)) => Failure::Revoked,
                Some(ListingError::Answer(DownloadError::Idle)) => Failure::TimedOut,
                Some(ListingError::Answer(DownloadError::Upstream(_))) => Failure::Unreachable,
                _ => Failure::Unreadable,
            };
            let refusal = failure.refusal();
            hold(&refusal);
            Err(refusal)
        }
    }
}

/// Bytes of a head's fields on the wire.
fn head_bytes(headers: &HeaderMap) -> usize {
    headers.iter().fold(0, |bytes: usize, (name, value)| {
        bytes
            .saturating_add(name.as_str().len())
            .saturating_add(value.len())
            .saturating_add(4)
    })
}

/// Whether the body ends where we take it to end: `chunked` is the one transfer coding we know, once.
fn is_framed_as_we_read(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => true,
        // With a length besides, one reader ends the body where another goes on.
        (Some(_), None) if headers.contains_key(header::CONTENT_LENGTH) => false,
        (Some(coding), None) => coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    }
}

/// Whether sending it twice does what sending it once does (RFC 9110 §9.2.1): a safe method without a body.
fn is_repeatable(request: &Request<Upload>) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        && request.body().is_end_stream()
}

fn repeat(request: &Request<Upload>, link: &Arc<Link>) -> Request<Upload> {
    let mut copy = Request::new(Upload::new(Body::empty(), 0, link.clone()));
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

/// Whether the connection ended before a byte of the answer: mostly an upstream that closed an idle connection just
/// as it was used again.
fn died_unanswered(error: &ClientError) -> bool {
    let mut cause = error.source();
    while let Some(current) = cause {
        if let Some(error) = current.downcast_ref::<hyper::Error>() {
            if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
                return true;
            }
        } else if let Some(error) = current.downcast_ref::<std::io::Error>() {
            return matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
        } else if current.is::<EgressError>() {
            return false;
        }
        cause = current.source();
    }
    false
}
