//! `GET /v1/zones/{zoneId}/applications/{id}/client-secret`

use caracal_core::{ApplicationId, entity::RegistrationMethod};
use caracal_crypto::Location;
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::{ErrorCode, control::applications::ClientSecret};
use serde::Serialize;

use super::not_found;
use crate::{call::ZoneCall, custody};

#[derive(Serialize)]
struct Revealed {
    credential: &'static str,
    application_id: ApplicationId,
    application_name: String,
    actor: String,
}

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
    let revealed = Revealed {
        credential: "application_client_secret",
        application_id: id,
        application_name: application.name,
        actor: call.caller.attributed_to(),
    };
    let not_stored = ErrorCode::ClientSecretNotStored;
    let client_secret = custody::reveal(&call, change, &location, not_stored, revealed).await?;
    Ok(Answer(ClientSecret { client_secret }))
}
