//! Sending a call up and bringing the answer down.

use std::{error::Error as _, io::ErrorKind, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use caracal_core::Timestamp;
use caracal_service::{
    Refusal,
    egress::{ClientError, EgressError, Target},
    exchange::{ExchangeGrant, UpstreamDirective},
    trace,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version, header, request::Parts};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::sync::watch;
use tracing::{Instrument as _, Span, field::Empty};

use crate::{
    GatewayConfig,
    download::{self, Download},
    failure::{Failure, not_read},
    gateway::Gateway,
    link::Link,
    outbound,
    outcome::Outcome,
    places::Place,
    returned,
    upload::Upload,
};

/// Largest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

const EXPIRES_IN: HeaderName = HeaderName::from_static("x-caracal-token-expires-in");

/// Forwards one call and gives the upstream's answer, streaming.
///
/// # Errors
/// The refusal to answer with; its outcome is recorded.
pub(crate) async fn forward(
    gateway: &Arc<Gateway>,
    head: Parts,
    body: Body,
    grant: &ExchangeGrant,
    mut outcome: Outcome,
    request_id: &str,
) -> Result<Response, Refusal> {
    let caller = Caller {
        trailers: takes_trailers(&head),
        expires_at: outcome.claims().expires_at(),
    };
    let span = tracing::debug_span!(
        "upstream",
        otel.kind = "client",
        otel.name = trace::method_name(&head.method),
        http.request.method = trace::method_name(&head.method),
        server.address = Empty,
        http.response.status_code = Empty,
        "error.type" = Empty,
    );
    let sent = send(gateway, head, body, grant, &mut outcome, request_id, &span)
        .instrument(span.clone())
        .await;
    match sent {
        Ok(answer) => {
            span.record("http.response.status_code", answer.response.status().as_u16());
            Ok(receive(gateway, answer, outcome, &caller))
        }
        Err(failure) => {
            span.record("error.type", failure.end().error_kind().unwrap_or("revoked"));
            let refusal = failure.refusal();
            outcome.end(failure.end(), Some(refusal.status));
            Err(refusal)
        }
    }
}

struct Caller {
    trailers: bool,
    expires_at: Timestamp,
}

struct Answer {
    response: http::Response<Incoming>,
    link: Arc<Link>,
    revocations: watch::Receiver<u64>,
    place: Place,
    /// Longest silence within a body.
    idle: Duration,
    back: Back,
}

/// What is needed to word the upstream's headers for the caller.
struct Back {
    target: Arc<Target>,
    cookies: bool,
}

async fn send(
    gateway: &Arc<Gateway>,
    head: Parts,
    body: Body,
    grant: &ExchangeGrant,
    outcome: &mut Outcome,
    request_id: &str,
    span: &Span,
) -> Result<Answer, Failure> {
    let deps = &gateway.deps;
    let link = Arc::new(Link::default());
    let expects = head.headers.contains_key(header::EXPECT);
    let upload = Upload::new(body, deps.config.max_request_bytes, link.clone(), expects);
    let target = deps
        .egress
        .target(&grant.directive.url)
        .map_err(|_| Failure::Rejected("upstream_not_addressable"))?;
    outcome.upstream(target.host_and_port());
    span.record("server.address", target.host());
    if !outbound::host_is_pinned(&grant.directive, target.host()) {
        return Err(Failure::Rejected("provider_host_not_allowed"));
    }
    let (request, trace_id) = outbound::build(
        &deps.world,
        &deps.config,
        head,
        upload,
        grant,
        &target,
        request_id,
    )
    .map_err(|_| Failure::Unbuildable)?;
    outcome.trace(trace_id);
    let place = gateway
        .places
        .take(target.authority().as_str(), &outcome.claims().zone_id)
        .await
        .ok_or(Failure::Busy)?;

    // Subscribe, then look once more: authority may have ended during the exchange, and from here on no end of it
    // goes unseen.
    let mut revocations = deps.revocations.watch();
    if deps.revocations.covers(outcome.claims()) {
        return Err(Failure::Revoked);
    }
    let spare = is_repeatable(&request).then(|| repeat(&request, &link));
    let patience = Patience::of(&deps.config, &grant.directive);
    let mut response = answer(gateway, request, &link, &mut revocations, outcome, patience).await?;
    if let (Err(error), Some(spare)) = (&response, spare)
        && died_unanswered(error)
    {
        response = answer(gateway, spare, &link, &mut revocations, outcome, patience).await?;
    }
    match response {
        // Nobody asked to switch protocols, and what follows such an answer could not be governed.
        Ok(response) if response.status().is_informational() => Err(Failure::Unreachable),
        // The client reads on while it reads; the bound is exact here.
        Ok(response) if head_bytes(response.headers()) > MAX_HEAD_BYTES => Err(Failure::HeadTooLarge),
        // Passed on without its coding, the body would be another.
        Ok(response) if !is_framed_as_we_read(response.headers()) => Err(Failure::Unreadable),
        Ok(response) => {
            outcome.answered(response.status());
            Ok(Answer {
                response,
                link,
                revocations,
                place,
                idle: patience.idle,
                back: Back {
                    target,
                    cookies: grant.directive.cookies,
                },
            })
        }
        Err(_) if link.is_too_large() => Err(Failure::TooLarge),
        Err(_) if link.is_broken() => Err(Failure::BodyBroken),
        Err(error) => {
            // The URL may hold a credential; the error names the cause without it.
            tracing::warn!(
                request.id = request_id, upstream.host = target.host_and_port(),
                error = %caracal_service::error_chain(&error), "an upstream failed"
            );
            Err(match EgressError::of(&error) {
                Some(verdict) if verdict.is_refusal() => Failure::Rejected("upstream_not_addressable"),
                Some(EgressError::TimedOut) => Failure::TimedOut,
                Some(_) => Failure::Unreachable,
                None => not_read(&error),
            })
        }
    }
}

/// Waits for the upstream's head, or for a reason to wait no longer.
async fn answer(
    gateway: &Gateway,
    request: Request<Upload>,
    link: &Link,
    revocations: &mut watch::Receiver<u64>,
    outcome: &Outcome,
    patience: Patience,
) -> Result<Result<http::Response<Incoming>, ClientError>, Failure> {
    tokio::select! {
        biased;
        response = gateway.client.request(request) => Ok(response),
        () = authority_ends(gateway, revocations, outcome) => Err(Failure::Revoked),
        stalled = silence(link, patience) => {
            Err(if stalled { Failure::CallerStalled } else { Failure::TimedOut })
        }
    }
}

/// How long a call waits.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For the upstream's head, once the request is sent.
    answer: Duration,
    /// For the next piece of a body, in either direction.
    idle: Duration,
}

impl Patience {
    /// The resource's own, where it has one. It lengthens both waits or shortens the first: a resource whose answers
    /// take long is quiet before its head and within its body.
    fn of(config: &GatewayConfig, directive: &UpstreamDirective) -> Self {
        let own = directive
            .timeout_seconds
            .map(|seconds| Duration::from_secs(u64::from(seconds)));
        Self {
            answer: own.unwrap_or(config.upstream_timeout),
            idle: own.map_or(config.stream_idle_timeout, |own| {
                own.max(config.stream_idle_timeout)
            }),
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
    let mut copy = Request::new(Upload::new(Body::empty(), 0, link.clone(), false));
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

/// Resolves when the authority behind the call ends.
async fn authority_ends(gateway: &Gateway, revocations: &mut watch::Receiver<u64>, outcome: &Outcome) {
    loop {
        if revocations.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        if gateway.deps.revocations.covers(outcome.claims()) {
            return;
        }
    }
}

/// Resolves when the call makes no progress: `true` when the caller stopped sending, `false` when the upstream
/// stopped taking or does not answer. The wait for an answer begins when the request is sent whole, so that slow
/// uploads are not cut.
async fn silence(link: &Link, patience: Patience) -> bool {
    while !link.is_finished() {
        let before = link.progress();
        tokio::select! {
            () = link.finished() => break,
            () = tokio::time::sleep(patience.idle) => {
                if link.progress() == before {
                    return link.waits_for_caller();
                }
            }
        }
    }
    tokio::time::sleep(patience.answer).await;
    false
}

fn receive(gateway: &Arc<Gateway>, answer: Answer, outcome: Outcome, caller: &Caller) -> Response {
    let Answer {
        response,
        link,
        revocations,
        place,
        idle,
        back,
    } = answer;
    let (parts, body) = response.into_parts();
    let mut headers = returned::headers(parts.headers, back.target.path(), back.cookies);
    let left = caller.expires_at.since(gateway.deps.world.now()).as_secs();
    headers.insert(EXPIRES_IN, HeaderValue::from(left));
    let download = Download::new(download::Parts {
        body,
        outcome,
        link,
        revocations,
        idle_timeout: idle,
        trailers: caller.trailers,
        place,
    });
    let mut response = Response::new(Body::new(download));
    *response.status_mut() = parts.status;
    *response.headers_mut() = headers;
    response
}

/// Whether trailers reach the caller: the listener sends them on HTTP/1.1 to those who asked (RFC 9110 §6.5.1).
fn takes_trailers(head: &Parts) -> bool {
    head.version == Version::HTTP_11
        && head
            .headers
            .get_all(header::TE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .any(|coding| coding.trim().eq_ignore_ascii_case("trailers"))
}
