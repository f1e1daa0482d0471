//! `POST /v1/zones/{zoneId}/applications`

use caracal_core::{
    ApplicationId, Secret,
    entity::{Application, RegistrationMethod},
};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_storage::Lock;
use caracal_wire::control::applications::{ApplicationWithSecret, CreateApplication};
use caracal_wire::events::DirectoryKind;

use super::{SECRET_PREFIX, check_reserved, keep_secret, name_taken, traits, with_secret};
use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
    custody,
};

pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreateApplication>,
) -> Result<Created<ApplicationWithSecret>, Refusal> {
    check_reserved(&body.name, call.caller.is_bootstrap())?;
    traits::check(&body.traits, call.caller.is_global())?;
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let id = ApplicationId::generate(&call.role.world);
    let (application, client_secret) = make(&mut change, id, body).await?;
    let id = application.id.clone();
    let made = with_secret(&call, application, &client_secret);
    Ok(Created(change.answer(Done::created(id.as_str()), made).await?))
}

/// Makes it in a change that the caller commits; its name and traits were checked.
pub(in crate::routes) async fn make(
    change: &mut ZoneChange<'_>,
    id: ApplicationId,
    body: CreateApplication,
) -> Result<(Application, Secret), Refusal> {
    let call = change.call();
    let name = body.name.0;
    // Names have no unique index, so creations of one zone take turns.
    change.lock(Lock::ApplicationName).await?;
    if change.applications().name_taken(&name, None).await? {
        return Err(name_taken());
    }

    let (client_secret, hash) = custody::generate(call, SECRET_PREFIX)?;
    let mut attribution = call.made();
    attribution.updated_at = None;
    let application = Application {
        id,
        zone_id: call.zone.clone(),
        name,
        registration_method: RegistrationMethod::Managed,
        client_secret_hash: Some(hash),
        traits: body.traits,
        expires_at: None,
        archived_at: None,
        attribution,
    };
    change.applications().create(&application).await?;
    keep_secret(change, &application, &client_secret).await?;
    change.directory_changed(DirectoryKind::Application, application.id.as_str());
    Ok((application, client_secret))
}
