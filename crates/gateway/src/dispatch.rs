//! Sending a call up and bringing the answer down.

use std::{error::Error as _, io::ErrorKind, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use caracal_core::Timestamp;
use caracal_service::{
    Refusal,
    egress::{ClientError, EgressError},
    exchange::ExchangeGrant,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version, header, request::Parts,
};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::sync::watch;

use crate::{
    denial::{revoked, too_large},
    download::{self, Download, REVOKED},
    gateway::Gateway,
    link::Link,
    outbound::{self, is_hop_by_hop, named_by_connection, trailer_names},
    outcome::{End, Outcome},
    upload::Upload,
};

const EXPIRES_IN: HeaderName = HeaderName::from_static("x-caracal-token-expires-in");

/// Why a call that was allowed brought no answer of its upstream.
enum Failure {
    Revoked,
    TooLarge,
    BodyBroken,
    CallerStalled,
    Rejected(&'static str),
    Unbuildable,
    Busy,
    TimedOut,
    Unreachable,
}

impl Failure {
    fn end(&self) -> End {
        match self {
            Self::Revoked => End::Revoked,
            Self::TooLarge => End::Failed("request_too_large"),
            Self::BodyBroken => End::Failed("request_copy_failed"),
            Self::CallerStalled => End::Failed("request_idle"),
            Self::Rejected(kind) => End::Rejected(kind),
            Self::Unbuildable => End::Unbuildable,
            Self::Busy => End::Failed("upstream_busy"),
            Self::TimedOut => End::Failed("upstream_timeout"),
            Self::Unreachable => End::Failed("transport_error"),
        }
    }

    fn refusal(&self) -> Refusal {
        let internal = |status, text: &'static str| Refusal::new(status, "internal_error").describe(text);
        match self {
            Self::Revoked => revoked(),
            Self::TooLarge => too_large().reason("payload_too_large"),
            Self::BodyBroken => {
                internal(StatusCode::BAD_REQUEST, "request body broke off").reason("request_broken")
            }
            Self::CallerStalled => {
                internal(StatusCode::REQUEST_TIMEOUT, "request body stalled").reason("request_stalled")
            }
            Self::Rejected("provider_host_not_allowed") => internal(
                StatusCode::BAD_GATEWAY,
                "provider credential not allowed for upstream host",
            )
            .reason("provider_host_not_allowed"),
            Self::Rejected(_) => {
                internal(StatusCode::BAD_GATEWAY, "upstream not addressable").reason("egress_denied")
            }
            Self::Unbuildable => internal(StatusCode::BAD_REQUEST, "upstream request build failed")
                .reason("request_build_failed"),
            Self::Busy => internal(StatusCode::SERVICE_UNAVAILABLE, "too many calls to this upstream")
                .reason("upstream_busy")
                .retry_after(1),
            Self::TimedOut => {
                internal(StatusCode::GATEWAY_TIMEOUT, "upstream timeout").reason("upstream_timeout")
            }
            Self::Unreachable => {
                internal(StatusCode::BAD_GATEWAY, "upstream unreachable").reason("upstream_unreachable")
            }
        }
    }
}

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
    match send(gateway, head, body, grant, &mut outcome, request_id).await {
        Ok(answer) => Ok(receive(gateway, answer, outcome, &caller)),
        Err(failure) => {
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
    place: tokio::sync::OwnedSemaphorePermit,
}

async fn send(
    gateway: &Arc<Gateway>,
    head: Parts,
    body: Body,
    grant: &ExchangeGrant,
    outcome: &mut Outcome,
    request_id: &str,
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
        .place(target.authority().as_str())
        .await
        .ok_or(Failure::Busy)?;

    // Subscribe, then look once more: authority may have ended during the exchange, and from here on no end of it
    // goes unseen.
    let mut revocations = deps.revocations.watch();
    if deps.revocations.covers(outcome.claims()) {
        return Err(Failure::Revoked);
    }
    let spare = is_repeatable(&request).then(|| repeat(&request, &link));
    let mut response = answer(gateway, request, &link, &mut revocations, outcome).await?;
    if let (Err(error), Some(spare)) = (&response, spare)
        && died_unanswered(error)
    {
        response = answer(gateway, spare, &link, &mut revocations, outcome).await?;
    }
    match response {
        // Nobody asked to switch protocols, and what follows such an answer could not be governed.
        Ok(response) if response.status().is_informational() => Err(Failure::Unreachable),
        Ok(response) => {
            outcome.answered(response.status());
            Ok(Answer {
                response,
                link,
                revocations,
                place,
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
                _ => Failure::Unreachable,
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
) -> Result<Result<http::Response<Incoming>, ClientError>, Failure> {
    let config = &gateway.deps.config;
    tokio::select! {
        biased;
        response = gateway.client.request(request) => Ok(response),
        () = authority_ends(gateway, revocations, outcome) => Err(Failure::Revoked),
        stalled = silence(link, config.upstream_timeout, config.stream_idle_timeout) => {
            Err(if stalled { Failure::CallerStalled } else { Failure::TimedOut })
        }
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
async fn silence(link: &Link, answer_within: Duration, idle: Duration) -> bool {
    while !link.is_finished() {
        let before = link.progress();
        tokio::select! {
            () = link.finished() => break,
            () = tokio::time::sleep(idle) => {
                if link.progress() == before {
                    return link.waits_for_caller();
                }
            }
        }
    }
    tokio::time::sleep(answer_within).await;
    false
}

fn receive(gateway: &Arc<Gateway>, answer: Answer, outcome: Outcome, caller: &Caller) -> Response {
    let Answer {
        response,
        link,
        revocations,
        place,
    } = answer;
    let (parts, body) = response.into_parts();
    let mut headers = returnable(parts.headers);
    let left = caller.expires_at.since(gateway.deps.world.now()).as_secs();
    headers.insert(EXPIRES_IN, HeaderValue::from(left));
    let download = Download::new(download::Parts {
        body,
        outcome,
        link,
        revocations,
        idle_timeout: gateway.deps.config.stream_idle_timeout,
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

/// The upstream's headers that the caller gets.
fn returnable(mut upstream: HeaderMap) -> HeaderMap {
    let named = named_by_connection(&upstream);
    let mut headers = HeaderMap::with_capacity(upstream.keys_len().saturating_add(4));
    let mut trailers = Some(REVOKED.as_str().to_owned());
    let mut name: Option<HeaderName> = None;
    for (next, value) in upstream.drain() {
        if next.is_some() {
            name = next;
        }
        let Some(name) = &name else { continue };
        if *name == header::TRAILER {
            trailers = trailer_names(&value, trailers);
        } else if !(is_hop_by_hop(name.as_str()) || is_withheld(name, &value) || named.contains(name)) {
            headers.append(name.clone(), value);
        }
    }
    if let Some(trailers) = trailers.and_then(|names| HeaderValue::from_str(&names).ok()) {
        headers.insert(header::TRAILER, trailers);
    }
    headers
}

/// What describes the upstream's machinery, sends the caller elsewhere, or is ours to say.
fn is_withheld(name: &HeaderName, value: &HeaderValue) -> bool {
    match name.as_str() {
        "server"
        | "x-powered-by"
        | "x-aspnet-version"
        | "x-aspnetmvc-version"
        | "refresh"
        | "x-request-id" => true,
        "location" | "content-location" => !value.to_str().is_ok_and(is_relative),
        name => name.starts_with("x-caracal-"),
    }
}

/// Whether a reference stays with us: neither a scheme nor a host, not even to a lenient reader. A redirect must not
/// carry the caller around the Gateway.
fn is_relative(reference: &str) -> bool {
    let before_path = reference.split(['/', '?', '#']).next().unwrap_or_default();
    !reference.is_empty()
        && !reference.starts_with("//")
        && !reference.contains('\\')
        && !before_path.contains(':')
        && reference.bytes().all(|byte| byte > b' ' && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_relative_references_come_back() {
        for kept in [
            "/a",
            "a/b",
            "?q=1",
            "#f",
            "/a:b",
            "./a",
            "/redirect?to=https://x.test",
        ] {
            assert!(is_relative(kept), "{kept}");
        }
        for gone in [
            "",
            "http://x.test/",
            "HTTPS://x.test",
            "//x.test",
            "/\\x.test",
            "\\\\x.test",
            "javascript:x",
            "a b",
            "mailto:a",
        ] {
            assert!(!is_relative(gone), "{gone}");
        }
    }
}
