//! `GET /v1/zones/{zoneId}/applications/{id}/client-secret`

use caracal_core::{
    ApplicationId,
    audit::{Draft, EventType},
    entity::RegistrationMethod,
};
use caracal_crypto::Location;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::{ErrorCode, control::applications::ClientSecret};
use http::StatusCode;
use serde::Serialize;

use super::{not_found, secret::backend_unavailable};
use crate::{call::ZoneCall, change::Done, events};

#[derive(Serialize)]
struct Revealed<'r> {
    credential: &'static str,
    application_id: &'r ApplicationId,
    application_name: &'r str,
    actor: String,
}

/// Shows the secret only once its evidence is durable: no audit event, no secret.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApplicationId>>,
) -> Result<Answer<ClientSecret>, Refusal> {
    let mut change = call.change().await?;
    let application = change
        .applications()
        .get(&id)
        .await?
        .filter(|application| application.archived_at.is_none())
        .filter(|application| application.registration_method == RegistrationMethod::Managed)
        .ok_or_else(not_found)?;
    let location = Location::application_client_secret(&call.zone, &id);
    let envelope = change.secrets().get(location.as_str()).await?.ok_or_else(|| {
        Refusal::of(ErrorCode::ClientSecretNotStored)
            .describe("no copy of the secret is kept; rotate it instead")
    })?;
    let opened = call.role.keyring.open(&location, &envelope).map_err(|error| {
        tracing::error!(zone.id = %call.zone, application.id = %id, %error, "a client secret cannot be opened");
        backend_unavailable()
    })?;
    let client_secret = std::str::from_utf8(&opened).map_err(|_| backend_unavailable())?;

    let event = Draft::new(
        &call.role.world,
        &call.zone,
        EventType::CredentialRevealed,
        &call.request_id,
        "allow",
        Revealed {
            credential: "application_client_secret",
            application_id: &application.id,
            application_name: &application.name,
            actor: call.caller.attributed_to(),
        },
    );
    let frame = events::audit_frame(
        &call.role.world,
        call.role.audit_keys.as_ref(),
        &event.undecided(),
    )
    .map_err(|error| {
        tracing::error!(%error, "an audit event could not be written as JSON");
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::AuditUnavailable)
    })?;
    change.publish(frame);
    change.commit(Done::ok()).await?;
    Ok(Answer(ClientSecret {
        client_secret: client_secret.to_owned(),
    }))
}
