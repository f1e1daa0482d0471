//! `/v1/zones/{zoneId}/subject-issuers`: identity providers whose users the zone takes as subjects.

pub(super) mod archive;
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod patch;

use caracal_service::Refusal;
use caracal_wire::ErrorCode;

use crate::fields::plain_url;

const CODE: ErrorCode = ErrorCode::InvalidSubjectIssuer;

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::SubjectIssuerNotFound).describe("no such issuer of subjects")
}

/// Keys are fetched over https alone, and from a place that is compared as it is written.
pub(in crate::routes) fn check_url(path: &str, url: &str) -> Result<(), Refusal> {
    plain_url(CODE, path, url, 2048, &["https"])
}
