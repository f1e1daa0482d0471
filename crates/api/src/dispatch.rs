//! The one way in: authenticate, authorise, limit, read the body, handle, record refusals.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts as _, RawPathParams, Request},
    response::{IntoResponse as _, Response},
    routing::{MethodFilter, on},
};
use bytes::Bytes;
use caracal_core::ZoneId;
use caracal_service::{
    Refusal,
    body::{JSON_LIMIT, read_bounded},
    contention::{Attempts, given_up},
    request::RequestContext,
    server::PeerAddr,
};
use caracal_storage::Access;
use http::{Method, StatusCode, header, request::Parts};
use serde_json::Map;

use crate::{
    answer::Answer,
    auth::{self, Principal},
    call::{Call, Params, ZoneCall},
    change::Context,
    deps::ApiDeps,
    query::Query,
    route::{Handler, Route},
    routes::ROUTES,
};

/// The routes of the Control API.
pub fn router(deps: ApiDeps) -> Router {
    let api = Arc::new(deps);
    let mut router = Router::new();
    for route in ROUTES {
        let api = api.clone();
        let handler = move |request: Request| dispatch(api, route, request);
        router = router.route(route.path, on(filter(&route.method), handler));
    }
    router
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

async fn dispatch(api: Arc<ApiDeps>, route: &'static Route, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let request_id = match parts.extensions.get::<RequestContext>() {
        Some(context) => context.request_id.clone(),
        None => RequestContext::of(&parts.headers, &api.world).request_id,
    };
    let peer = parts.extensions.get::<PeerAddr>().map(|peer| peer.0.ip());

    // Nothing of the body is read, and nothing is written, for a caller who is nobody.
    let principal = match auth::authenticate(&api, &parts.headers, peer).await {
        Ok(principal) => principal,
        Err(refusal) => return refusal.into_response(),
    };
    let path = parts.uri.path().to_owned();
    let mut refused = Refused {
        api: api.clone(),
        principal: principal.clone(),
        request_id: request_id.clone(),
        route,
        path,
        params: Params::default(),
        zone: principal.home_zone().cloned(),
    };
    match serve(api, route, principal, request_id, &mut parts, body, &mut refused).await {
        Ok(answer) => answer.into_response(),
        Err(refusal) => {
            refused.record(refusal.status).await;
            refusal.into_response()
        }
    }
}

async fn serve(
    api: Arc<ApiDeps>,
    route: &'static Route,
    principal: Principal,
    request_id: Arc<str>,
    parts: &mut Parts,
    body: axum::body::Body,
    refused: &mut Refused,
) -> Result<Answer, Refusal> {
    // Before anything that may be written down about a refusal.
    auth::limit_principal(&api, &principal).await?;
    auth::check_capability(&principal, route)?;
    let params = path_params(parts).await?;
    refused.params = params.clone();
    let zone = match route.handler {
        Handler::Global(_) => None,
        Handler::Zone(_) => {
            let zone: ZoneId = params.id("zoneId")?;
            auth::admit_to_zone(&api, &principal, route, &zone).await?;
            refused.zone = Some(zone.clone());
            Some(zone)
        }
    };

    let body = read_body(parts, body).await?;
    let query = Query::parse(parts.uri.query());
    let path = refused.path.clone();
    let call = Call {
        api,
        principal,
        request_id,
        route,
        path,
        params,
        query,
        body,
    };
    // A handler commits one change, or changes that may be made twice, so it may run again when one gave way.
    let world = call.api.world.clone();
    let mut attempts = Attempts::default();
    loop {
        let call = call.clone();
        let outcome = match (route.handler, zone.clone()) {
            (Handler::Zone(handle), Some(zone)) => handle(ZoneCall { call, zone }).await,
            (Handler::Global(handle), _) => handle(call).await,
            (Handler::Zone(_), None) => Err(Refusal::not_found("zone_not_found")),
        };
        if !attempts.again(&world, outcome.as_ref().err()).await {
            return outcome.map_err(given_up);
        }
    }
}

async fn path_params(parts: &mut Parts) -> Result<Params, Refusal> {
    let malformed = || Refusal::bad_request("invalid_params").describe("the path is not valid UTF-8");
    let raw = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| malformed())?;
    let params: Vec<(String, String)> = raw
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for (name, value) in &params {
        if !caracal_core::id::is_valid(value) {
            return Err(Refusal::invalid_field(
                "invalid_params",
                name,
                "must be 1 to 128 characters of A-Z a-z 0-9 _ . : -",
            ));
        }
    }
    Ok(Params(params))
}

/// Bodies are JSON. A body where none is read is drained within the bound and ignored.
async fn read_body(parts: &Parts, body: axum::body::Body) -> Result<Bytes, Refusal> {
    let bytes = read_bounded(body, JSON_LIMIT).await?;
    let reads = matches!(parts.method, Method::POST | Method::PATCH | Method::PUT);
    if !reads || bytes.is_empty() {
        return Ok(Bytes::new());
    }
    let essence = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = essence.and_then(|value| value.split(';').next()).map(str::trim);
    if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
        return Err(
            Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
                .describe("send Content-Type: application/json"),
        );
    }
    Ok(bytes)
}

/// What is known of a request that may be refused.
struct Refused {
    api: Arc<ApiDeps>,
    principal: Principal,
    request_id: Arc<str>,
    route: &'static Route,
    path: String,
    params: Params,
    /// The zone whose chain records it: the caller's own until the path's zone admitted the caller, so that
    /// nobody writes into a chain they have no business with.
    zone: Option<ZoneId>,
}

impl Refused {
    /// Best effort: the caller is refused either way. Refusals for load are not recorded, since writing them
    /// would add to it.
    async fn record(&self, status: StatusCode) {
        if matches!(
            status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        ) {
            return;
        }
        let recorded = async {
            let mut work = self.api.store.global(Access::Write).await?;
            let zone = match &self.zone {
                Some(zone) if work.zones().get(zone).await?.is_some() => Some(zone),
                _ => None,
            };
            let context = Context {
                api: &self.api,
                principal: &self.principal,
                request_id: &self.request_id,
                route: self.route,
                path: &self.path,
                params: &self.params,
            };
            let record = context.record(status, zone, None, Map::new());
            work.admin_audit().append(&record).await?;
            work.commit().await
        };
        if let Err(error) = recorded.await {
            tracing::warn!(error = %caracal_service::error_chain(&error), "could not record a refusal");
        }
    }
}
