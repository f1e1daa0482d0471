//! `POST /v1/zones/{zoneId}/applications`

use caracal_core::{
    ApplicationId,
    entity::{Application, RegistrationMethod},
};
use caracal_service::Refusal;
use caracal_wire::events::DirectoryKind;
use serde::Deserialize;

use super::{CODE, WithSecret, check_reserved, name_taken, row, secret, traits};
use crate::{
    answer::Answer,
    call::{ZoneCall, require_zone},
    change::Done,
    fields::trimmed,
};

/// Only managed applications are made here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Method {
    Managed,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    name: String,
    #[expect(
        dead_code,
        reason = "required by the contract; the one word it may be says nothing"
    )]
    registration_method: Method,
    #[serde(default)]
    traits: Vec<String>,
}

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let body: Body = call.body(CODE)?;
    let name = trimmed(CODE, "name", &body.name, 200)?;
    check_reserved(&name, call.caller.is_bootstrap())?;
    traits::check(&body.traits, call.caller.is_global())?;
    // Names have no unique index, so creations of one zone take turns.
    change.lock("application_name").await?;
    if change.applications().name_taken(&name, None).await? {
        return Err(name_taken());
    }

    let (client_secret, hash) = secret::generate(&call)?;
    let mut attribution = call.made();
    attribution.updated_at = None;
    let application = Application {
        id: ApplicationId::generate(&call.role.world),
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
    secret::keep(&mut change, &application, &client_secret).await?;
    change.directory_changed(DirectoryKind::Application, application.id.as_str());
    change.commit(Done::created(application.id.as_str())).await?;
    Answer::created(&WithSecret {
        row: row(&application, call.caller.is_global()),
        client_secret: client_secret.expose(),
    })
}
