//! `POST /v1/zones/{zoneId}/applications/{id}/rotate-secret`

use caracal_core::{ApplicationId, entity::RegistrationMethod};
use caracal_service::{
    Refusal,
    front::{Answer, ById, Path},
};
use caracal_wire::control::applications::ApplicationWithSecret;
use caracal_wire::events::DirectoryKind;

use super::{SECRET_PREFIX, keep_secret, live, not_found, with_secret};
use crate::{call::ZoneCall, change::Done, custody};

/// The old secret stops working with the answer.
pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApplicationId>>,
) -> Result<Answer<ApplicationWithSecret>, Refusal> {
    let (client_secret, hash) = custody::generate(&call, SECRET_PREFIX)?;
    let mut change = call.change().await?;
    let mut application = live(&call, change.applications().get(&id).await?)?;
    application.client_secret_hash = Some(hash);
    call.stamp(&mut application.attribution);
    if !change.applications().update(&application).await? {
        return Err(not_found());
    }
    // Secrets of short-lived applications are kept nowhere.
    if application.registration_method == RegistrationMethod::Managed {
        keep_secret(&mut change, &application, &client_secret).await?;
    }
    change.directory_changed(DirectoryKind::Application, application.id.as_str());
    let rotated = with_secret(&call, application, &client_secret);
    Ok(Answer(change.answer(Done::ok(), rotated).await?))
}
