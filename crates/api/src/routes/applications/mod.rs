//! `/v1/zones/{zoneId}/applications`: clients of the STS.

pub(super) mod archive;
pub(super) mod create;
pub(super) mod dcr;
pub(super) mod get;
pub(super) mod list;
pub(super) mod patch;
pub(super) mod reveal;
pub(super) mod rotate;
mod secret;
mod traits;

use caracal_core::entity::{Application, Attribution, RegistrationMethod};
use caracal_service::Refusal;
use http::StatusCode;
use serde::Serialize;

use crate::fields::{RESERVED_NAME, is_reserved, reserved_namespace};

const CODE: &str = "invalid_application";

/// An application as clients see it; never its secret's digest.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: &'a str,
    zone_id: &'a str,
    name: &'a str,
    registration_method: RegistrationMethod,
    /// Shown to callers of the whole deployment, since traits may grant reach beyond the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    traits: Option<&'a [String]>,
    expires_at: Option<caracal_core::Timestamp>,
    archived_at: Option<caracal_core::Timestamp>,
    #[serde(flatten)]
    attribution: &'a Attribution,
}

fn row(application: &Application, show_traits: bool) -> Row<'_> {
    Row {
        id: application.id.as_str(),
        zone_id: application.zone_id.as_str(),
        name: &application.name,
        registration_method: application.registration_method,
        traits: show_traits.then_some(application.traits.as_slice()),
        expires_at: application.expires_at,
        archived_at: application.archived_at,
        attribution: &application.attribution,
    }
}

/// A row together with the secret, shown this once.
#[derive(Debug, Serialize)]
struct WithSecret<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    client_secret: &'a str,
}

fn not_found() -> Refusal {
    Refusal::not_found("application_not_found").describe("no such application")
}

fn name_taken() -> Refusal {
    Refusal::new(StatusCode::CONFLICT, "application_name_taken")
        .describe("another managed application of the zone has this name")
}

fn check_reserved(name: &str, bootstrap: bool) -> Result<(), Refusal> {
    if !bootstrap && is_reserved(RESERVED_NAME, name) {
        return Err(reserved_namespace(RESERVED_NAME));
    }
    Ok(())
}
