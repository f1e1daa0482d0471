//! What every route goes through: caller, limit, path, query, body, answer, evidence. In this order.

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    extract::{FromRequestParts as _, Path, Query, RawPathParams, Request, State},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use bytes::Bytes;
use caracal_core::{Timestamp, ZoneId, text};
use caracal_service::{
    Refusal,
    body::{parse_json, read_bounded},
    contention::{Attempts, given_up},
    request::RequestContext,
    zones::{DirectoryError, ZoneState},
};
use caracal_storage::{Access, AdminAuditRecord, ZoneWork};
use caracal_wire::ErrorCode;
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    auth::{self, Capability, Principal},
    deps::App,
    evidence::{self, About},
    limits, quoting,
};

/// One route. The capability is part of the type: there is no other way to mount a handler.
pub(crate) trait Route: Sized + Send + Sync + 'static {
    /// HTTP method.
    const METHOD: MethodFilter;
    /// Path template; always has `{zone}`.
    const PATH: &'static str;
    /// What the caller must be allowed to do.
    const CAPABILITY: Capability;
    /// Decoded path parameters.
    type Path: DeserializeOwned + Send;
    /// Query parameters.
    type Query: DeserializeOwned + Send;
    /// Body.
    type Body: ReadBody;

    /// Answers a proved caller.
    fn answer(call: &mut Call, input: Input<Self>) -> impl Future<Output = Result<Response, Refusal>> + Send;
}

/// What a request says, parsed.
pub(crate) struct Input<R: Route> {
    pub(crate) path: R::Path,
    pub(crate) query: R::Query,
    pub(crate) body: R::Body,
}

/// No query parameters are read.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct NoQuery {}

/// How a route reads its body.
pub(crate) trait ReadBody: Sized + Send {
    /// Whether it is looked at.
    const READ: bool = true;

    fn parse(headers: &HeaderMap, body: &Bytes) -> Result<Self, Refusal>;
}

/// The body is not looked at.
pub(crate) struct NoBody;

impl ReadBody for NoBody {
    const READ: bool = false;

    fn parse(_: &HeaderMap, _: &Bytes) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

/// A JSON body.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> ReadBody for JsonBody<T> {
    fn parse(headers: &HeaderMap, body: &Bytes) -> Result<Self, Refusal> {
        require_json(headers)?;
        parse_json(body, ErrorCode::InvalidBody).map(Self)
    }
}

/// A JSON body that may be absent, empty or `null`.
pub(crate) struct OptionalBody<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned + Send> ReadBody for OptionalBody<T> {
    fn parse(headers: &HeaderMap, body: &Bytes) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Ok(Self(None));
        }
        require_json(headers)?;
        parse_json::<Option<T>>(body, ErrorCode::InvalidBody).map(Self)
    }
}

fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    if essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    Err(Refusal::of(ErrorCode::UnsupportedMediaType).describe("send Content-Type: application/json"))
}

/// Adds a route to the router.
pub(crate) fn mount<R: Route>(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router.route(R::PATH, on(R::METHOD, handle::<R>))
}

async fn handle<R: Route>(State(app): State<Arc<App>>, request: Request) -> Result<Response, Refusal> {
    let (mut parts, body) = request.into_parts();
    let context = context(&parts, &app);
    let zone_in_path = zone_in_path(&mut parts).await?;
    let principal = match auth::authenticate(&app, &parts.headers, &R::CAPABILITY, &zone_in_path).await {
        Ok(principal) => principal,
        Err(rejected) => {
            let refusal = rejected.refusal;
            if let (Some(principal), Some(event_type)) = (&rejected.proved, R::CAPABILITY.evidence) {
                // Before the write: what is proved can be presented as often as its holder likes.
                limits::admit(&app, principal).await?;
                let about = About::default();
                evidence::refused(&app, principal, event_type, &context.request_id, &refusal, &about).await;
            }
            return Err(limits::note_refused(&app, &parts, refusal).await);
        }
    };
    limits::admit(&app, &principal).await?;

    let mut call = Call {
        request: RequestFacts {
            id: context.request_id,
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
        },
        about: About::default(),
        capability: R::CAPABILITY,
        app,
        principal,
        headers: std::mem::take(&mut parts.headers),
    };
    let body = if R::Body::READ {
        read_bounded(body, call.app.config.body_limit_bytes).await
    } else {
        Ok(Bytes::new())
    };
    // A route commits one unit of work, or what may be done twice, so it may answer again when one gave way.
    let mut attempts = Attempts::default();
    let outcome = loop {
        call.about = About::default();
        let outcome = match read::<R>(&mut parts, &call, &body).await {
            Ok(input) => R::answer(&mut call, input).await,
            Err(refusal) => Err(refusal),
        };
        let refused = outcome.as_ref().err();
        if !attempts.again(&call.app.world, refused).await {
            break outcome.map_err(given_up).map_err(quoting::shown);
        }
    };
    if let (Err(refusal), Some(event_type)) = (&outcome, R::CAPABILITY.evidence) {
        evidence::refused(
            &call.app,
            &call.principal,
            event_type,
            &call.request.id,
            refusal,
            &call.about,
        )
        .await;
    }
    if let Err(refusal) = &outcome {
        tracing::debug!(capability = R::CAPABILITY.name, code = %refusal.code, caller = call.principal.name(), "refused");
    }
    outcome
}

async fn read<R: Route>(
    parts: &mut Parts,
    call: &Call,
    body: &Result<Bytes, Refusal>,
) -> Result<Input<R>, Refusal> {
    let Path(path) = Path::<R::Path>::from_request_parts(parts, &())
        .await
        .map_err(|error| {
            Refusal::invalid_field(
                ErrorCode::InvalidParams,
                "",
                text::without_long_quotes(&error.body_text()),
            )
        })?;
    let Query(query) = Query::<R::Query>::from_request_parts(parts, &())
        .await
        .map_err(|error| {
            Refusal::invalid_field(
                ErrorCode::InvalidQuery,
                "",
                text::without_long_quotes(&error.body_text()),
            )
        })?;
    let body = R::Body::parse(&call.headers, body.as_ref().map_err(Refusal::clone)?)?;
    Ok(Input { path, query, body })
}

fn context(parts: &Parts, app: &App) -> RequestContext {
    let known = parts.extensions.get::<RequestContext>().cloned();
    known.unwrap_or_else(|| RequestContext::of(&parts.headers, &app.world))
}

/// The zone as the router decoded it, so that no other reading of the path can disagree.
async fn zone_in_path(parts: &mut Parts) -> Result<String, Refusal> {
    let params = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|_| Refusal::invalid_field(ErrorCode::InvalidParams, "", "the path is not valid UTF-8"))?;
    let zone = params
        .iter()
        .find_map(|(name, value)| (name == "zone").then(|| value.to_owned()));
    zone.ok_or_else(|| Refusal::invalid_field(ErrorCode::InvalidParams, "zone", "missing"))
}

/// What evidence says about the request itself.
#[derive(Debug)]
pub(crate) struct RequestFacts {
    pub(crate) id: Arc<str>,
    pub(crate) method: String,
    pub(crate) path: String,
}

/// One call of a proved caller.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) principal: Principal,
    pub(crate) headers: HeaderMap,
    pub(crate) request: RequestFacts,
    /// What the decision is about, as far as it is known; becomes part of the evidence.
    pub(crate) about: About,
    capability: Capability,
}

/// The changed object of an administrative record.
pub(crate) struct Entity<'a> {
    pub(crate) kind: &'static str,
    pub(crate) id: &'a str,
}

impl Call {
    pub(crate) fn now(&self) -> Timestamp {
        self.app.world.now()
    }

    pub(crate) fn zone_id(&self) -> &ZoneId {
        &self.principal.zone
    }

    /// A transaction in the caller's zone.
    pub(crate) async fn work(&self, access: Access) -> Result<Box<dyn ZoneWork>, Refusal> {
        Ok(self.app.store.zone(self.zone_id(), access).await?)
    }

    /// The caller's zone in memory.
    pub(crate) async fn zone(&self) -> Result<Arc<ZoneState>, Refusal> {
        self.app
            .zones
            .zone(self.zone_id())
            .await
            .map_err(|error| match error {
                DirectoryError::Unknown => Refusal::of(ErrorCode::ZoneNotFound),
                DirectoryError::Unavailable => Refusal::of(ErrorCode::StorageUnavailable),
            })
    }

    /// Records the decision and commits everything; the store puts it in force in this process with the commit.
    pub(crate) async fn commit(
        &self,
        mut work: Box<dyn ZoneWork>,
        status: StatusCode,
        entity: Entity<'_>,
    ) -> Result<(), Refusal> {
        let record = self.admin_record(status, &entity);
        work.admin_audit().append(&record).await?;
        // Before the commit: what cannot be proven is not done. Should the commit then fail, the refusal that
        // follows is recorded as well.
        self.allowed(false).await?;
        work.commit().await?;
        self.app.outbox.announce().await;
        Ok(())
    }

    /// Records an answer that repeats an earlier one and changes nothing.
    pub(crate) async fn replayed(&self) -> Result<(), Refusal> {
        self.allowed(true).await
    }

    async fn allowed(&self, replayed: bool) -> Result<(), Refusal> {
        let Some(event_type) = self.capability.evidence else {
            return Ok(());
        };
        evidence::allowed(
            &self.app,
            &self.principal,
            event_type,
            &self.request.id,
            &self.about,
            replayed,
        )
        .await
    }

    fn admin_record(&self, status: StatusCode, entity: &Entity<'_>) -> AdminAuditRecord {
        let RequestFacts { id, method, path } = &self.request;
        AdminAuditRecord {
            id: self.app.world.uuid_v7().to_string(),
            request_id: id.to_string(),
            actor_id: Some(self.principal.subject.to_string()),
            actor_name: Some(self.principal.name().to_owned()),
            actor_scope: Some(self.principal.scopes.to_claim()),
            action: format!("{method} {path}"),
            method: method.clone(),
            path: path.clone(),
            zone_id: Some(self.zone_id().clone()),
            entity_type: Some(entity.kind.to_owned()),
            entity_id: Some(entity.id.to_owned()),
            status_code: status.as_u16(),
            payload_json: None,
            occurred_at: self.now(),
        }
    }
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    text(body).map_or_else(Refusal::into_response, |text| json_text(status, text))
}

/// An answer as text.
///
/// # Errors
/// Only maps with keys that are not strings fail, and there are none; 500 rather than a panic.
pub(crate) fn text(body: &impl Serialize) -> Result<String, Refusal> {
    serde_json::to_string(body).map_err(|_| Refusal::of(ErrorCode::InternalError))
}

/// A JSON answer that is text already.
pub(crate) fn json_text(status: StatusCode, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, text).into_response()
}
