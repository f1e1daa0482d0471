//! `/health` says "do not kill me", `/ready` says "send me traffic", `/metrics` says how it goes.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use caracal_wire::{
    ErrorCode,
    health::{Alive, NotReady, Readiness},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;

use crate::{Refusal, bearers::Bearers, front::Declaration, revocation::Revocations, server::OPERATIONAL};

/// Something a role cannot serve without.
#[async_trait]
pub trait Dependency: Send + Sync + fmt::Debug {
    /// Whether it works now; otherwise the reason.
    async fn check(&self) -> Result<(), NotReady>;
}

/// What the operational routes of one role need.
#[derive(Clone)]
pub struct Operational {
    /// Checked in order; the first failure is the answer.
    pub dependencies: Arc<Vec<Arc<dyn Dependency>>>,
    /// Set while shutting down.
    pub draining: Arc<AtomicBool>,
    /// Renders the process's metrics.
    pub metrics: PrometheusHandle,
    /// Brings figures up to date that are kept elsewhere, just before they are rendered.
    pub before_render: Arc<dyn Fn() + Send + Sync>,
    /// What the role knows of ended authority, where it enforces by it.
    pub revocations: Option<Arc<Revocations>>,
    /// Bearers of `/metrics`. None: open in `dev`, refused elsewhere.
    pub metrics_bearers: Bearers,
    /// Whether no bearer means open.
    pub metrics_open: bool,
}

impl fmt::Debug for Operational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operational").finish_non_exhaustive()
    }
}

/// Longest a readiness probe takes, whatever its dependencies do.
const READY_BUDGET: Duration = Duration::from_secs(2);

/// The operational routes.
pub fn routes(operational: Operational) -> Router {
    let [alive, wanted, measured] = OPERATIONAL;
    Router::new()
        .route(alive, get(health))
        .route(wanted, get(ready))
        .route(measured, get(metrics))
        .with_state(operational)
}

/// The operational routes as declarations: `open` is what the first two need of their caller, `measure` the last.
pub fn declarations<N: Copy>(open: N, measure: N) -> [Declaration<N>; 3] {
    let [alive, wanted, measured] = OPERATIONAL;
    [
        Declaration::new(Method::GET, alive, "health.get", open, |operation| {
            operation.answer::<Alive>(StatusCode::OK);
        })
        .refuses(&[ErrorCode::MalformedRequest])
        .summary("Tell whether the process lives."),
        Declaration::new(Method::GET, wanted, "ready.get", open, |operation| {
            operation.answer::<Readiness>(StatusCode::OK);
            operation.answer::<Readiness>(StatusCode::SERVICE_UNAVAILABLE);
        })
        .refuses(&[ErrorCode::MalformedRequest])
        .summary("Tell whether to send traffic."),
        Declaration::new(Method::GET, measured, "metrics.get", measure, |operation| {
            operation.text(StatusCode::OK, "text/plain");
        })
        .refuses(&[ErrorCode::Unauthorized])
        .summary("Read the metrics of the process."),
    ]
}

async fn health() -> impl IntoResponse {
    json(StatusCode::OK, &Alive { ok: true })
}

async fn ready(State(operational): State<Operational>) -> impl IntoResponse {
    let reason = tokio::time::timeout(READY_BUDGET, first_failure(&operational))
        .await
        .unwrap_or(Some(NotReady::Timeout));
    let status = match reason {
        None => StatusCode::OK,
        Some(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let revocations = operational.revocations.as_ref();
    json(
        status,
        &Readiness::new(reason, revocations.map(|known| known.health())),
    )
}

async fn first_failure(operational: &Operational) -> Option<NotReady> {
    if operational.draining.load(Ordering::Relaxed) {
        return Some(NotReady::Draining);
    }
    for dependency in operational.dependencies.iter() {
        if let Err(reason) = dependency.check().await {
            return Some(reason);
        }
    }
    None
}

async fn metrics(
    State(operational): State<Operational>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    let bearers = &operational.metrics_bearers;
    let allowed = bearers.admit(&headers) || bearers.is_empty() && operational.metrics_open;
    if !allowed {
        return Err(Refusal::of(ErrorCode::Unauthorized).authenticate("Bearer"));
    }
    (operational.before_render)();
    Ok((
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
        )],
        operational.metrics.render(),
    ))
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
        serde_json::to_string(body).unwrap_or_default(),
    )
        .into_response()
}
