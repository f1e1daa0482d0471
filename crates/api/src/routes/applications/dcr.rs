//! `POST /v1/zones/{zoneId}/applications/dcr`

use std::time::Duration;

use caracal_core::{
    ApplicationId,
    entity::{Application, RegistrationMethod},
};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_wire::events::DirectoryKind;
use caracal_wire::{
    ErrorCode,
    control::applications::{ApplicationWithSecret, RegisterApplication},
};

use super::{CODE, SECRET_PREFIX, check_reserved, with_secret};
use crate::{
    call::{ZoneCall, require_zone},
    change::Done,
    custody,
};

const LONGEST: u32 = 3600;

/// Makes a short-lived application. Its secret is shown once and kept nowhere.
pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<RegisterApplication>,
) -> Result<Created<ApplicationWithSecret>, Refusal> {
    let name = body.name.0;
    let expires_in = body.expires_in.unwrap_or(LONGEST);
    if !(1..=LONGEST).contains(&expires_in) {
        return Err(Refusal::invalid_field(
            CODE,
            "expires_in",
            "must be 1 to 3600 seconds",
        ));
    }
    check_reserved(&name, call.caller.is_bootstrap())?;

    let (client_secret, hash) = custody::generate(&call, SECRET_PREFIX)?;
    let mut change = call.change().await?;
    let now = call.now();
    let live = change.applications().hold_registrations(now).await?;
    if !require_zone(&mut *change).await?.dcr_enabled {
        return Err(
            Refusal::of(ErrorCode::DcrDisabled).describe("the zone does not take short-lived applications")
        );
    }
    if live >= call.role.config.max_live_dcr {
        return Err(Refusal::of(ErrorCode::DcrLimitExceeded)
            .describe("too many short-lived applications are alive in the zone")
            .retry_after(60));
    }
    let mut attribution = call.made();
    attribution.updated_at = None;
    let application = Application {
        id: ApplicationId::generate(&call.role.world),
        zone_id: call.zone.clone(),
        name,
        registration_method: RegistrationMethod::Dcr,
        client_secret_hash: Some(hash),
        traits: Vec::new(),
        expires_at: Some(now.plus(Duration::from_secs(u64::from(expires_in)))),
        archived_at: None,
        attribution,
    };
    change.applications().create(&application).await?;
    change.directory_changed(DirectoryKind::Application, application.id.as_str());
    let id = application.id.clone();
    let made = with_secret(&call, application, &client_secret);
    Ok(Created(change.answer(Done::created(id.as_str()), made).await?))
}
