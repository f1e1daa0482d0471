//! `POST /v1/zones/{zoneId}/applications/{id}/rotate-secret`

use caracal_core::{ApplicationId, entity::RegistrationMethod};
use caracal_service::Refusal;
use caracal_wire::events::DirectoryKind;

use super::{WithSecret, not_found, row, secret};
use crate::{answer::Answer, call::ZoneCall, change::Done};

/// The old secret stops working with the answer.
pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: ApplicationId = call.id("id")?;
    let (client_secret, hash) = secret::generate(&call)?;
    let mut change = call.change().await?;
    let mut application = change
        .applications()
        .get(&id)
        .await?
        .filter(|application| application.archived_at.is_none())
        .ok_or_else(not_found)?;
    application.client_secret_hash = Some(hash);
    call.stamp(&mut application.attribution);
    if !change.applications().update(&application).await? {
        return Err(not_found());
    }
    // Secrets of short-lived applications are kept nowhere.
    if application.registration_method == RegistrationMethod::Managed {
        secret::keep(&mut change, &application, &client_secret).await?;
    }
    change.directory_changed(DirectoryKind::Application, application.id.as_str());
    change.commit(Done::ok()).await?;
    Answer::ok(&WithSecret {
        row: row(&application, call.caller.is_global()),
        client_secret: client_secret.expose(),
    })
}
