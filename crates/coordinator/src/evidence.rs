//! One audit event per decision about a session or a delegation, in the spool before the answer is sent; of what ends by itself,
//! in the outbox of the transaction that ends it.

use caracal_core::{
    ApplicationId, ZoneId,
    audit::{Draft, EventType, SpoolEvent},
};
use caracal_lifecycle::{About, Principal, audit_frame};
use caracal_service::{Refusal, error_chain};
use caracal_storage::{AdminAuditRecord, Error, ZoneWork};
use caracal_wire::ErrorCode;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{deps::App, quoting};

/// Who does what happens by itself.
const SWEEPER: &str = "caracal-sweeper";

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(flatten)]
    about: &'a About,
    /// Who called, when that is not the application it is about.
    caller: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Value>,
}

/// Records an allowed decision.
///
/// # Errors
/// 503 `audit_unavailable`: the caller must not carry the decision out.
pub(crate) async fn allowed(
    app: &App,
    principal: &Principal,
    event_type: EventType,
    request_id: &str,
    about: &About,
    replayed: bool,
) -> Result<(), Refusal> {
    let metadata = Metadata {
        about,
        caller: principal.name(),
        replayed,
        details: None,
    };
    let event = Draft::new(
        &app.world,
        &principal.zone,
        event_type,
        request_id,
        "allow",
        metadata,
    );
    append(app, event).await
}

/// Records a refusal. It stands whether or not it could be recorded.
pub(crate) async fn refused(
    app: &App,
    principal: &Principal,
    event_type: EventType,
    request_id: &str,
    refusal: &Refusal,
    about: &About,
) {
    let kept = refusal
        .details()
        .and_then(|details| quoting::kept(details, &app.members));
    let details = kept.as_ref();
    let metadata = Metadata {
        about,
        caller: principal.name(),
        replayed: false,
        details,
    };
    let mut event = Draft::new(
        &app.world,
        &principal.zone,
        event_type,
        request_id,
        "deny",
        metadata,
    );
    event.evaluation_status = refusal.code.as_str();
    event.refused_for(refusal.code.as_str());
    // A failure is logged by `append`; there is nothing to undo.
    let _ = append(app, event).await;
}

/// Leaves an event of each end that nobody asked for, because time ran out, in the outbox of `work`.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub(crate) async fn swept(
    app: &App,
    work: &mut dyn ZoneWork,
    event_type: EventType,
    abouts: impl IntoIterator<Item = About>,
) -> Result<(), Error> {
    let zone = work.zone_id().clone();
    let mut frames = Vec::new();
    for about in abouts {
        let metadata = Metadata {
            about: &about,
            caller: SWEEPER,
            replayed: false,
            details: None,
        };
        let event = Draft::new(&app.world, &zone, event_type, "", "allow", metadata);
        frames.push(audit_frame(&app.world, app.audit_keys.as_ref(), &event)?);
    }
    if frames.is_empty() {
        return Ok(());
    }
    work.outbox().append(&frames).await
}

/// The administrative record of short-lived applications that were archived because their time was over.
pub(crate) fn archived(app: &App, zone: &ZoneId, applications: &[ApplicationId]) -> AdminAuditRecord {
    let mut payload = Map::new();
    payload.insert(String::from("change_kind"), Value::from("archive"));
    payload.insert(String::from("reason"), Value::from("application_ended"));
    let action = String::from("expired applications archived");
    let ids = applications.iter().map(ApplicationId::as_str);
    payload.insert(String::from("application_ids"), ids.collect());
    AdminAuditRecord {
        actor_id: Some(SWEEPER.to_owned()),
        actor_name: Some(SWEEPER.to_owned()),
        zone_id: Some(zone.clone()),
        entity_type: Some(String::from("applications")),
        payload_json: Some(Value::Object(payload)),
        ..AdminAuditRecord::new(&app.world, action, StatusCode::OK.as_u16())
    }
}

async fn append(app: &App, event: impl SpoolEvent + Send + Sync) -> Result<(), Refusal> {
    app.spool.append_async(&[event]).await.map_err(|error| {
        tracing::error!(error = %error_chain(&error), "could not record a decision");
        Refusal::of(ErrorCode::AuditUnavailable).describe("the decision cannot be recorded now, try again")
    })
}
