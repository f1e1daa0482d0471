//! `/v1/zones/{zoneId}/applications`: clients of the STS.

pub(super) mod archive;
pub(super) mod create;
pub(super) mod dcr;
pub(super) mod get;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod reveal;
pub(super) mod rotate;
pub(super) mod traits;

use caracal_core::{ControlKey, Secret, entity::Application};
use caracal_crypto::Location;
use caracal_service::Refusal;
use caracal_wire::{
    ErrorCode,
    control::applications::{ApplicationItem, ApplicationWithSecret},
};

use crate::{
    call::Call,
    change::ZoneChange,
    custody,
    fields::{RESERVED_NAME, is_reserved, reserved_namespace},
};

const CODE: ErrorCode = ErrorCode::InvalidApplication;

/// How secrets of applications begin.
const SECRET_PREFIX: &str = "cs_";

/// What is wrong with traits.
pub(super) const TRAITS: [ErrorCode; 4] = [
    ErrorCode::TraitInvalid,
    ErrorCode::TraitDuplicate,
    ErrorCode::TraitForbidden,
    ErrorCode::TraitCountExceeded,
];

/// Keeps a copy of the application's secret that can be revealed.
async fn keep_secret(
    change: &mut ZoneChange<'_>,
    application: &Application,
    secret: &Secret,
) -> Result<(), Refusal> {
    let location = Location::application_client_secret(&application.zone_id, &application.id);
    custody::keep(change, &location, secret).await
}

/// An application together with its secret, as the caller may see it.
fn with_secret(call: &Call, application: Application, secret: &Secret) -> ApplicationWithSecret {
    ApplicationWithSecret {
        application: ApplicationItem::new(application, call.caller.is_global()),
        client_secret: secret.expose().to_owned(),
    }
}

/// 404 for an application that is not there, archived, or not the caller's to see.
pub(in crate::routes) fn live(call: &Call, application: Option<Application>) -> Result<Application, Refusal> {
    visible(
        call,
        application.filter(|application| application.archived_at.is_none()),
    )
}

/// 404 for an application that is not there, or not the caller's to see.
fn visible(call: &Call, application: Option<Application>) -> Result<Application, Refusal> {
    application
        .filter(|application| is_visible(call, application))
        .ok_or_else(not_found)
}

/// Control keys neither see nor change control keys, themselves included: a key that could would outlive its bounds.
fn is_visible(call: &Call, application: &Application) -> bool {
    call.caller.control.is_none() || !ControlKey::is_named(&application.traits)
}

pub(in crate::routes) fn not_found() -> Refusal {
    Refusal::of(ErrorCode::ApplicationNotFound).describe("no such application")
}

fn name_taken() -> Refusal {
    Refusal::of(ErrorCode::ApplicationNameTaken)
        .describe("another managed application of the zone has this name")
}

pub(in crate::routes) fn check_reserved(name: &str, bootstrap: bool) -> Result<(), Refusal> {
    if !bootstrap && is_reserved(RESERVED_NAME, name) {
        return Err(reserved_namespace(RESERVED_NAME));
    }
    Ok(())
}
