//! The router: three operational paths and the metadata of resources that have an address, everything else is an
//! upstream's.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware,
    response::{IntoResponse as _, Response},
};
use caracal_core::{CallContent, World, ZoneId};
use caracal_service::{
    Refusal,
    exchange::{ExchangeGrant, ExchangeRequest, asks_for_content},
    health::{self, Operational},
    request::{Finish, RequestContext, RouteName, finish},
    scheme::{Scheme, challenged_under},
    server::{OPERATIONAL, PeerAddr, Standing},
    trace::TRACEPARENT,
};
use caracal_wire::{ErrorCode, gateway::Reason};
use http::{HeaderName, HeaderValue, Method, StatusCode, Version, header, request::Parts};
use tower::ServiceExt as _;

use crate::{
    GatewayDeps,
    denial::{Denial, challenge},
    discovery::{self, Addressed},
    dispatch,
    enforce::{Admitted, enforce, read_content},
    gateway::Gateway,
    operation,
    outcome::Outcome,
    routes::{GOVERNED, METADATA, METHODS, RECEIPT},
};

/// The complete router of the Gateway. `GET` of `/health`, `/ready` and `/metrics` are its own; every other method
/// and path belongs to upstreams.
pub fn app(deps: GatewayDeps, operational: Operational, world: World) -> Router {
    let gateway = Arc::new(Gateway::new(deps));
    let operational = health::routes(operational);
    let handle = move |request: Request| {
        let gateway = gateway.clone();
        let own = own_route(&request);
        let operational = own.map(|_| operational.clone());
        let peer = PeerAddr::of(request.extensions());
        let grpc = is_grpc(&request);
        async move {
            let (name, mut response) = match (own, operational) {
                (Some(own), Some(routes)) => {
                    let answered = routes.oneshot(request).await;
                    (own, answered.unwrap_or_else(|never| match never {}))
                }
                _ if discovery::is_asked_for(&request) => {
                    let (method, path) = (request.method(), request.uri().path());
                    (METADATA, discovery::answer(&gateway, method, path, peer).await)
                }
                _ => {
                    let answered = proxy(&gateway, request).await;
                    let refused = |refusal: Refusal| refused(if grpc { refusal.in_grpc() } else { refusal });
                    (GOVERNED, answered.unwrap_or_else(refused))
                }
            };
            response.extensions_mut().insert(RouteName(name));
            response
        }
    };
    Router::new()
        .fallback(handle)
        .layer(middleware::from_fn_with_state(
            Finish {
                role: "gateway",
                world,
            },
            finish,
        ))
}

/// Whether a client of gRPC asks, whatever of: it reads no refusal but a status of gRPC.
fn is_grpc(request: &Request) -> bool {
    request.version() == Version::HTTP_2
        && request.method() == Method::POST
        && operation::is_grpc(request.headers()).unwrap_or(false)
}

/// The response of a refusal; that of a method says which others there are (RFC 9110 §15.5.6).
fn refused(refusal: Refusal) -> Response {
    let status = refusal.status;
    let mut response = refusal.into_response();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static(METHODS));
    }
    response
}

/// The route, when it is one of the Gateway's own.
fn own_route(request: &Request) -> Option<&'static str> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    OPERATIONAL.into_iter().find(|own| *own == request.uri().path())
}

/// One governed call. Who came to an address is told more of a refusal: it may know nothing else.
async fn proxy(gateway: &Arc<Gateway>, request: Request) -> Result<Response, Refusal> {
    let started = Instant::now();
    gateway.metrics.received();
    let (head, body) = request.into_parts();
    let scheme = Scheme::of(&head.headers);
    let addressed = Addressed::of(gateway, &head, scheme);
    let answered = govern(gateway, head, body, started).await;
    let answered = answered.map_err(|refusal| challenged_under(scheme, refusal));
    match (answered, addressed) {
        (Err(refusal), Some(addressed)) => Err(addressed.challenged(gateway, refusal).await),
        (answered, _) => answered,
    }
}

/// Check, ask, forward.
async fn govern(
    gateway: &Arc<Gateway>,
    mut head: Parts,
    mut body: Body,
    started: Instant,
) -> Result<Response, Refusal> {
    let context = head
        .extensions
        .get::<RequestContext>()
        .cloned()
        .unwrap_or_else(|| RequestContext::of(&head.headers, &gateway.deps.world));
    let (mut admitted, grant) = admit(gateway, &head, &mut body, &context).await?;
    let id = &context.request_id;
    let receipt = receipt_asked(&head, &admitted.claims.zone_id, id);
    let shown = admitted.shown.take();
    let address = admitted.address.take();
    if let Some(address) = &address {
        head.uri = address
            .inner(&head.uri)
            .ok_or_else(|| Denial::Path.into_refusal())?;
    }
    let outcome = Outcome::begin(gateway, admitted, id, &grant.directive, started);
    let mut response = dispatch::forward(head, body, &grant, outcome, shown, id).await?;
    if let Some(address) = &address {
        address.lead_back(response.headers_mut());
    }
    if let Some(receipt) = receipt {
        response
            .headers_mut()
            .insert(HeaderName::from_static(RECEIPT), receipt);
    }
    Ok(response)
}

/// Where the receipts of this call can be read at the Audit service, for a caller who asks. The ledger has the events a
/// moment after the answer; a call does not wait for it.
fn receipt_asked(head: &Parts, zone: &ZoneId, request_id: &str) -> Option<HeaderValue> {
    head.headers.get(RECEIPT)?;
    let path = format!("/api/audit/logs/{zone}/receipts?request_id={request_id}");
    HeaderValue::from_str(&path).ok()
}

async fn ask(gateway: &Gateway, request: ExchangeRequest) -> Result<ExchangeGrant, Refusal> {
    let asked = Instant::now();
    let granted = gateway.deps.exchange.exchange(request).await;
    gateway.metrics.exchanged(asked.elapsed(), granted.is_ok());
    granted
}

/// Checks a call here, then asks the STS.
async fn admit(
    gateway: &Gateway,
    head: &Parts,
    body: &mut Body,
    context: &RequestContext,
) -> Result<(Admitted, ExchangeGrant), Refusal> {
    let mut admitted = enforce(gateway, head, body, &context.request_id).await?;
    if let Some(standing) = head.extensions.get::<Standing>() {
        standing.proved();
    }
    let arguments = admitted.arguments.take();
    let asking = |content: Option<CallContent>| ExchangeRequest {
        zone_id: admitted.claims.zone_id.clone(),
        application_id: admitted.claims.client_id.clone(),
        mandate: admitted.mandate.clone(),
        claims: admitted.claims.clone(),
        proved_key: admitted.holder.key().cloned(),
        resource: admitted.resource.clone(),
        operation: admitted.operation.clone(),
        arguments: arguments.clone(),
        approval: admitted.approval.clone(),
        content: content.map(Arc::new),
        request_id: context.request_id.clone(),
        traceparent: head.headers.get(TRACEPARENT).cloned(),
    };
    let mut granted = ask(gateway, asking(None)).await;
    // No other call is read for more than it says itself.
    if granted.as_ref().is_err_and(asks_for_content) {
        let content = read_content(gateway, &admitted, head, body, &context.request_id).await?;
        granted = ask(gateway, asking(Some(content))).await;
        admitted.once = true;
    }
    let grant = granted.map_err(challenge)?;
    if grant.directive.url.is_empty() {
        return Err(Refusal::of(ErrorCode::AccessDenied)
            .describe("resource upstream not configured")
            .reason(Reason::UpstreamNotConfigured));
    }
    Ok((admitted, grant))
}
