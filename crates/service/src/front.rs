//! The HTTP front: what stands between the listener and a handler, the same for every role.
//!
//! A role lists its [`Route`]s; each is declared once with method, path, name, what it needs of its caller and a
//! handler, and the handler's signature says what is read and answered. [`router`] is the only way to serve them and
//! takes nothing but declared routes. Each request goes through the same steps, in this order: who calls, how often,
//! with which capability, on which parameters, then the body within its bound, then everything parsed, then the
//! handler, done again while others are in its way. A refusal on the way is recorded by the role and rendered once.
//!
//! [`document`] tells the same declarations as OpenAPI.

mod answer;
mod declaration;
mod document;
mod inbound;
mod input;
mod operation;
mod params;
mod refusals;
mod repeat;
mod route;
mod subrequest;

use std::{collections::HashSet, net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::Request,
    middleware::map_response,
    response::{IntoResponse as _, Response},
    routing::{MethodFilter, MethodRouter, get, on},
};
use caracal_wire::ErrorCode;
use http::{Method, StatusCode, header, request::Parts};
use tracing::Instrument as _;
pub use utoipa::openapi::Required;

pub use answer::{
    Accepted, Answer, Answers, Archive, Cacheable, Created, CreatedOnce, Done, Download, Events, Linked,
    NoContent, PlainText, Sheet, Tagged, Versioned,
};
pub use declaration::{AuthScheme, BodyKind, Declaration, Evidence, Record};
pub use document::{Surface, document, member_names, unresolved};
use inbound::{Declared, GatedHandler, GatedRoutes};
pub use inbound::{HttpRole, Inbound};
pub use input::{
    Body, ById, Form, Input, Listed, OptionalBody, Paging, Path, Query, QueryOnce, Searched, SearchedByTime,
    Sorted,
};
pub use operation::OpenApiOperation;
pub use params::Params;
pub use repeat::{IdempotencyKey, IfMatch, request_digest};
use route::Work;
pub use route::{FromInbound, Handler, Route, RouteError};
pub use subrequest::{Subrequest, Subresponse};

use crate::{
    Refusal,
    contention::{given_up, retried},
    cross_origin,
    limits::{LimitClass, Limits},
    metrics, sampled,
    server::{PeerAddr, Standing},
    turns::Turn,
};

/// The routes of a role as they are served. Only [`router`] makes it, so a listener has no route that was not declared.
#[derive(Debug, Clone)]
pub struct Served(Router);

impl From<Served> for Router {
    fn from(served: Served) -> Self {
        served.0
    }
}

/// The routes of a role, and their document at `/openapi.json`.
///
/// # Panics
/// When a declaration contradicts itself or another one: that is found at every start, before listening.
pub fn router<R: HttpRole>(role: R, routes: Vec<Route<R>>) -> Served {
    Served(mount(&Arc::new(role), routes))
}

fn mount<R: HttpRole>(role: &Arc<R>, routes: Vec<Route<R>>) -> Router {
    check(role.limits(), &routes);
    let document: Arc<str> = document(&routes).into();
    let mut router = Router::new().route(
        "/openapi.json",
        get(move || async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()) }),
    );
    let routes: Vec<_> = routes
        .into_iter()
        .map(|Route { mut declared, work }| {
            let operation = document::operation(&declared);
            declared.query_names = operation.query_names();
            let of_role = R::refuses(&declared.needs);
            declared.refuses = refusals::all(&declared, (&of_role, R::changes(&declared)), &operation);
            (Arc::new(declared), work)
        })
        .collect();
    let gated_routes = Arc::new(gated_routes(&routes));
    for (declared, work) in routes {
        let filter = filter(&declared.method);
        let paths = std::iter::once(declared.path).chain(declared.also);
        let serving = match work {
            Work::Raw(mounted) => mounted(role.clone(), declared.clone(), filter),
            Work::Gated(handler) => {
                let (role, declared, gated_routes) = (role.clone(), declared.clone(), gated_routes.clone());
                on(filter, move |request: Request| {
                    serve(role, declared, gated_routes, handler, request)
                })
            }
        };
        let serving = if declared.open_to_pages {
            for_pages(serving, declared.method.clone())
        } else {
            serving
        };
        router = paths.fold(router, |router, path| router.route(path, serving.clone()));
    }
    router
}

/// The routes that go through the gates, by name.
fn gated_routes<R: HttpRole>(routes: &[(Declared<R>, Work<R>)]) -> GatedRoutes<R> {
    let gated = routes.iter().filter_map(|(declared, work)| match work {
        Work::Gated(handler) => Some((declared.name, (declared.clone(), handler.clone()))),
        Work::Raw(_) => None,
    });
    GatedRoutes(gated.collect())
}

/// A route that pages of other origins call as well. A browser asks first, which costs nothing here and tells nothing.
fn for_pages(serving: MethodRouter, method: Method) -> MethodRouter {
    let asked = move |request: Request| async move {
        if cross_origin::is_asked_for(request.method(), request.headers()) {
            cross_origin::allow(&method)
        } else {
            let refusal = Refusal::of(ErrorCode::MethodNotAllowed).into_response();
            ([(header::ALLOW, method.to_string())], refusal).into_response()
        }
    };
    serving
        .layer(map_response(|response: Response| async move {
            cross_origin::readable(response)
        }))
        .on(MethodFilter::OPTIONS, asked)
}

fn check<R: HttpRole>(limits: Option<&Limits>, routes: &[Route<R>]) {
    let mut names = HashSet::new();
    for route in routes {
        let (name, path) = (route.name, route.path);
        assert!(
            route.limit == LimitClass::Ordinary || limits.is_some_and(|limits| limits.has(route.limit)),
            "{name} counts towards {:?}, which has no rule",
            route.limit
        );
        assert!(names.insert(name), "two routes are called {name}");
        for parameter in route.parameters {
            assert!(
                path.contains(&format!("{{{parameter}}}")),
                "{name} reads {parameter}, which {path} does not have"
            );
        }
        assert!(
            !(route.method == Method::GET && route.reads.is_some()),
            "{name} reads a body that has none"
        );
        assert!(
            !route.idempotent || route.method == Method::POST,
            "{name} takes an idempotency key and makes nothing"
        );
    }
}

/// GET routes answer HEAD as well.
fn filter(method: &Method) -> MethodFilter {
    match *method {
        Method::POST => MethodFilter::POST,
        Method::PATCH => MethodFilter::PATCH,
        Method::PUT => MethodFilter::PUT,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    }
}

async fn serve<R: HttpRole>(
    role: Arc<R>,
    route: Arc<Declaration<R::Needs>>,
    gated_routes: Arc<GatedRoutes<R>>,
    handler: GatedHandler<R>,
    request: Request,
) -> Response {
    let (mut head, body) = request.into_parts();
    let envelope = route.envelope;
    // Nothing of the body is read, and nothing is written, for a caller who is nobody.
    let proved = async {
        let params = Params::decoded(&mut head).await?;
        let caller = prove(role.as_ref(), &route, &params, &head).await?;
        Ok::<_, Refusal>((params, caller))
    };
    let (params, caller) = match proved.await {
        Ok(proved) => proved,
        Err(refusal) => {
            route.assert_declared(&refusal);
            return refusal.in_envelope(envelope).into_response();
        }
    };
    let mut inbound = Inbound::new(role, route, gated_routes, caller, params, &mut head);
    let entered = inbound.enter(body).await;
    match concluded(&handler, inbound, entered).await {
        Ok(response) => response,
        Err(refusal) => refusal.in_envelope(envelope).into_response(),
    }
}

/// What a request that entered, or was refused at the gates, ends with; a refusal is recorded.
async fn concluded<R: HttpRole>(
    handler: &GatedHandler<R>,
    inbound: Inbound<R>,
    entered: Result<(), Refusal>,
) -> Result<Response, Refusal> {
    let inbound = Arc::new(inbound);
    let turn = match entered {
        Ok(()) => inbound.take_turn().await,
        Err(refusal) => Err(refusal),
    };
    let outcome = match turn {
        Ok(()) => {
            let span = tracing::info_span!("route", role = R::NAME, otel.name = inbound.route.name, request.id = %inbound.request_id);
            handle(handler, &inbound).instrument(span).await
        }
        Err(refusal) => Err(refusal),
    };
    inbound.release_turn();
    let refusal = match outcome {
        Ok(response) => return Ok(response),
        Err(refusal) => inbound.role.rephrase(refusal),
    };
    inbound.route.assert_declared(&refusal);
    count_stranger(&inbound, &refusal).await;
    if R::evidence(&inbound.route.needs, &inbound.route.method).refused != Record::Nowhere {
        inbound.role.refused(&inbound, &refusal).await;
    }
    Err(refusal)
}

/// Who calls. Whoever was told to come back later costs nothing until then.
async fn prove<R: HttpRole>(
    role: &R,
    route: &Declaration<R::Needs>,
    params: &Params,
    head: &Parts,
) -> Result<R::Caller, Refusal> {
    let peer = PeerAddr::of(&head.extensions);
    if let Some(limits) = role.limits() {
        if let Some(wait) = limits.credential_waits(&head.headers) {
            return Err(wait);
        }
        // Whoever proves nothing has no credentials that could be refused: they wait for what they asked in vain.
        if !R::proves_caller(&route.needs) {
            let wait = limits.stranger_waits(peer).filter(|_| !route.minds_strangers);
            if let Some(wait) = wait {
                return Err(wait);
            }
        } else if let Some(wait) = limits.address_waits(peer)
            && !role.may_be_good(head).await
        {
            return Err(wait);
        }
    }
    let _turn = turn_to_prove(role, route, peer, head).await?;
    match role.authenticate(route.needs, params, head).await {
        Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => {
            metrics::credentials_refused(R::NAME);
            sampled::tell_refused(R::NAME, route.name, peer, refusal.code, role.world());
            if let Some(limits) = role.limits() {
                limits.count_refused(peer).await?;
            }
            Err(refusal)
        }
        Ok(caller) => {
            if R::proves_caller(&route.needs)
                && let Some(standing) = head.extensions.get::<Standing>()
            {
                standing.proved();
            }
            Ok(caller)
        }
        refused @ Err(_) => refused,
    }
}

/// A turn among strangers for whoever is not proved yet. Where none is free, those who may well be somebody do not wait for it:
/// nobody is kept out by how many others are nobody.
async fn turn_to_prove<R: HttpRole>(
    role: &R,
    route: &Declaration<R::Needs>,
    peer: Option<IpAddr>,
    head: &Parts,
) -> Result<Option<Turn>, Refusal> {
    let Some(limits) = role.limits().filter(|_| R::proves_caller(&route.needs)) else {
        return Ok(None);
    };
    match limits.free_stranger_turn(peer) {
        Some(turn) => Ok(Some(turn)),
        None if role.may_be_good(head).await => Ok(None),
        None => limits.stranger_turn(peer).await.map(Some),
    }
}

/// Whether such an answer is one to somebody who tries what is not theirs: what guesses at secrets and names are told.
pub const fn refuses_stranger(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::CONFLICT
            | StatusCode::GONE
    )
}

/// Counts and tells what somebody was refused whom nobody proved before the handler: from an address that is refused too
/// often nothing reaches storage for a while.
async fn count_stranger<R: HttpRole>(inbound: &Inbound<R>, refusal: &Refusal) {
    if !refuses_stranger(refusal.status) || !inbound.is_of_strangers() {
        return;
    }
    let (route, world) = (inbound.route.name, inbound.role.world());
    sampled::tell_refused(R::NAME, route, inbound.peer, refusal.code, world);
    if let Some(limits) = inbound.role.limits() {
        // Past the limit the next one is told to wait; this one keeps its answer.
        let _ = limits.count_stranger(inbound.peer).await;
    }
}

/// A handler commits one change, or changes that may be made twice, so it may run again when one gave way.
async fn handle<R: HttpRole>(
    handler: &GatedHandler<R>,
    inbound: &Arc<Inbound<R>>,
) -> Result<Response, Refusal> {
    let handled = retried(inbound.role.world(), || async {
        match before(inbound).await? {
            Some(response) => Ok(response),
            None => handler(inbound.clone()).await,
        }
    });
    handled.await.map_err(given_up)
}

/// The answer that a request with an idempotency key got before.
async fn before<R: HttpRole>(inbound: &Inbound<R>) -> Result<Option<Response>, Refusal> {
    if !inbound.route.idempotent || inbound.idempotency_key.is_none() {
        return Ok(None);
    }
    Ok(inbound.role.answered(inbound).await?.map(answer::replayed))
}

#[cfg(test)]
mod tests;
