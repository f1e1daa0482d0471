//! `GET /v1/zones/{zoneId}/applications/{id}/client-secret`

use caracal_core::{ApplicationId, entity::RegistrationMethod};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::applications::ClientSecret;

use super::not_found;
use crate::{
    call::ZoneCall,
    custody::{Revealed, reveal},
};

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
    let revealed = Revealed::ApplicationClientSecret {
        application_id: id,
        application_name: application.name,
    };
    let client_secret = reveal(&call, change, revealed).await?;
    Ok(Answer(ClientSecret { client_secret }))
}
