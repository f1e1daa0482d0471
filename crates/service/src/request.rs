//! Request ids, and the one span, log line, metric and error rendering of every request.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use caracal_core::World;
use caracal_wire::ErrorCode;
use http::{HeaderMap, HeaderValue, header};
use tracing::{Instrument as _, Span, field::Empty};

use crate::{
    Refusal, cross_origin, sampled,
    server::RefusedByListener,
    trace::{self, REQUEST_ID},
};

/// The value of the cookie of this name. There is none where it is sent twice: somebody else set one of the two.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut found = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value);
    let value = found.next()?;
    found.next().is_none().then_some(value)
}

/// What is known about a request before its handler runs. Read it with `Extension<RequestContext>`.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The caller's id when well formed (1 to 128 characters of `[A-Za-z0-9_.:-]`), else a fresh UUIDv4.
    pub request_id: Arc<str>,
    /// Whether the caller sent it.
    pub id_from_caller: bool,
}

impl RequestContext {
    /// Takes the caller's id or makes one.
    pub fn of(headers: &HeaderMap, world: &World) -> Self {
        let given = headers
            .get(&REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| caracal_core::id::is_valid(id));
        match given {
            Some(id) => Self {
                request_id: id.into(),
                id_from_caller: true,
            },
            None => Self {
                request_id: world.uuid_v4().to_string().into(),
                id_from_caller: false,
            },
        }
    }
}

/// What a route is called in metrics and logs, where the router does not match paths. A response extension.
#[derive(Debug, Clone, Copy)]
pub struct RouteName(pub &'static str);

/// State of the [`finish`] layer.
#[derive(Debug, Clone)]
pub struct Finish {
    /// Role, as a metric label and log field.
    pub role: &'static str,
    /// Time and randomness.
    pub world: World,
}

/// The span of a request, named as OpenTelemetry names those of HTTP servers. The path is not in it, since ids and
/// secrets may be. The questions of probes are nobody's trace.
fn span_of(finish: &Finish, request: &mut Request, request_id: &str) -> Span {
    let probe = matches!(request.uri().path(), "/health" | "/ready" | "/metrics");
    if probe || !trace::begins(request.headers_mut(), &finish.world) {
        return Span::none();
    }
    let span = tracing::debug_span!(
        "request",
        otel.kind = "server",
        otel.status_code = Empty,
        caracal.role = finish.role,
        caracal.request.id = request_id,
        http.request.method = trace::method_name(request.method()),
        http.route = Empty,
        http.response.status_code = Empty,
        "error.type" = Empty,
    );
    trace::continue_from(&span, request.headers());
    span
}

/// Outermost layer of every router: gives the request its id and its span, renders refusals, echoes `X-Request-Id`,
/// logs one line and counts.
pub async fn finish(State(finish): State<Finish>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = RequestContext::of(request.headers(), &finish.world);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(context.clone());

    let span = span_of(&finish, &mut request, &context.request_id);
    let refused = request.extensions().get::<RefusedByListener>().copied();
    let mut response = match refused {
        // No request at all, or one that there is no place for: no route sees it.
        Some(RefusedByListener(fault)) => fault.refusal().into_response(),
        None => next.run(request).instrument(span.clone()).await,
    };

    let named = response.extensions_mut().remove::<RouteName>();
    let (refused_with, code) = match response.extensions_mut().remove::<Refusal>() {
        Some(refusal) => {
            // Which methods there are says whoever knows, and this is not who.
            let allow = response.headers_mut().remove(header::ALLOW);
            let readable = cross_origin::is_readable(response.headers());
            response = refusal.render(&context.request_id);
            if readable {
                response = cross_origin::readable(response);
            }
            response
                .headers_mut()
                .extend(allow.map(|methods| (header::ALLOW, methods)));
            (Some(refusal.status), refusal.code.as_str())
        }
        None => (None, ""),
    };
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }

    // That of a refusal in words of gRPC says nothing.
    let status = refused_with.unwrap_or(response.status()).as_u16();
    let elapsed = started.elapsed();
    // The route template, never the path: ids must not become metric labels.
    let route = match (&named, &route) {
        (Some(RouteName(name)), _) => name,
        (None, Some(matched)) => matched.as_str(),
        (None, None) => "other",
    };
    // A number: what has no 64-bit form would be logged as text.
    let duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    if !span.is_disabled() {
        trace::name(&span, format!("{} {route}", trace::method_name(&method)));
        span.record("http.route", route);
        span.record("http.response.status_code", status);
        if !code.is_empty() {
            span.record("error.type", code);
        }
        if status >= 500 {
            span.record("otel.status_code", "ERROR");
        }
    }
    crate::metrics::record_request(finish.role, route, status, elapsed);
    if status >= 500 {
        // Strangers can cause some of them: each is in the metric, and a few a minute in the log.
        if let Some(left_out) = sampled::of_failure((finish.role, code), &finish.world) {
            tracing::error!(role = finish.role, http.route = route, %method, status, code, request.id = %context.request_id, duration_us, left_out, "request failed");
        }
    } else {
        tracing::debug!(role = finish.role, http.route = route, %method, status, code, request.id = %context.request_id, duration_us, "request");
    }
    response
}

/// Answers paths no route knows.
pub async fn not_found() -> Refusal {
    Refusal::of(ErrorCode::RouteNotFound).describe("no such route")
}

/// Answers a known path with another method.
pub async fn method_not_allowed() -> Refusal {
    Refusal::of(ErrorCode::MethodNotAllowed)
}
