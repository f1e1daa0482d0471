//! `/v1/zones`: tenants.

pub(super) mod activity;
pub(super) mod archive;
pub(super) mod create;
pub(super) mod dcr_status;
pub(super) mod freeze;
pub(super) mod get;
pub(super) mod list;
pub(super) mod overview;
pub(super) mod patch;

use caracal_service::Refusal;
use caracal_wire::ErrorCode;

use crate::fields::{RESERVED_NAME, RESERVED_SLUG, is_reserved, reserved_namespace};

const CODE: ErrorCode = ErrorCode::InvalidZone;

fn zone_not_found() -> Refusal {
    Refusal::of(ErrorCode::ZoneNotFound).describe("no such zone")
}

fn slug_conflict(error: caracal_storage::Error) -> Refusal {
    crate::fields::on_conflict(
        error,
        ErrorCode::ZoneSlugConflict,
        "another zone has or had this slug; slugs are never reused",
    )
}

/// Slugs are `[a-z0-9-]+` of at most 120 characters.
fn check_slug(slug: &str) -> Result<(), Refusal> {
    let fits = (1..=120).contains(&slug.len());
    if fits
        && slug
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    {
        return Ok(());
    }
    Err(Refusal::invalid_field(
        CODE,
        "slug",
        "must be 1 to 120 characters of a-z 0-9 -",
    ))
}

fn check_reserved(name: Option<&str>, slug: Option<&str>, bootstrap: bool) -> Result<(), Refusal> {
    if bootstrap {
        return Ok(());
    }
    if name.is_some_and(|name| is_reserved(RESERVED_NAME, name)) {
        return Err(reserved_namespace(RESERVED_NAME));
    }
    if slug.is_some_and(|slug| is_reserved(RESERVED_SLUG, slug)) {
        return Err(reserved_namespace(RESERVED_SLUG));
    }
    Ok(())
}
