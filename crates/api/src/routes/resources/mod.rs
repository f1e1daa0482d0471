//! `/v1/zones/{zoneId}/resources`: protected upstreams.

pub(super) mod archive;
pub(super) mod create;
pub(super) mod get;
pub(super) mod list;
pub(super) mod operations;
pub(super) mod patch;
pub(super) mod rules;
pub(super) mod test;

use caracal_service::Refusal;
use caracal_wire::ErrorCode;

use crate::fields::on_conflict;

pub(in crate::routes) const CODE: ErrorCode = ErrorCode::InvalidResource;
/// Prefix of the platform's own resources.
pub(in crate::routes) const RESERVED_IDENTIFIER: &str = "caracal-sys://";

/// What is wrong with a resource as it would be.
pub(super) const RULES: [ErrorCode; 13] = [
    ErrorCode::InvalidResourceIdentifier,
    ErrorCode::ResourceIdentifierConflict,
    ErrorCode::ReservedNamespace,
    ErrorCode::ProtectedResource,
    ErrorCode::ProviderNotFound,
    ErrorCode::CredentialProviderRequired,
    ErrorCode::UpstreamUrlRequired,
    ErrorCode::OperationDuplicate,
    ErrorCode::OperationMethodAndPathRequired,
    ErrorCode::OperationMethodUnknown,
    ErrorCode::OperationPathInvalid,
    ErrorCode::OperationPathMustBeAbsolute,
    ErrorCode::OperationScopeNotInResourceScopes,
];

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::ResourceNotFound).describe("no such resource")
}

fn identifier_conflict(error: caracal_storage::Error) -> Refusal {
    on_conflict(
        error,
        ErrorCode::ResourceIdentifierConflict,
        "another resource of the zone has this identifier",
    )
}
