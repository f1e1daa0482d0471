//! The operator routes of the audit role: search, chain verification, dead letters.

mod dead_letters;
mod search;
mod verify;

use axum::{
    Router,
    extract::{FromRequestParts, State},
    routing::{get, post},
};
use caracal_service::{Refusal, health::bearer_of};
use caracal_wire::ErrorCode;
use http::request::Parts;

use crate::AuditDeps;

/// Proof that the caller holds the operator's token. A route without it as a parameter does not read the ledger.
#[derive(Debug)]
pub(crate) struct Operator;

impl FromRequestParts<AuditDeps> for Operator {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, deps: &AuditDeps) -> Result<Self, Refusal> {
        let allowed = deps
            .admin_token
            .as_ref()
            .zip(bearer_of(&parts.headers))
            .is_some_and(|(token, given)| {
                caracal_crypto::constant_time_eq(given.as_bytes(), token.expose().as_bytes())
            });
        if allowed {
            Ok(Self)
        } else {
            Err(Refusal::of(ErrorCode::Unauthorized).authenticate("Bearer realm=\"caracal-audit\""))
        }
    }
}

/// The audit role's own routes. Without an operator token there are none.
pub fn router(deps: AuditDeps) -> Router {
    if deps.admin_token.is_none() {
        return Router::new();
    }
    Router::new()
        .route("/api/audit/search", get(search::get))
        .route("/api/audit/verify/{zone_id}", get(verify::get))
        .route("/api/audit/dlq", get(dead_letters::list))
        .route("/api/audit/dlq/replay", post(dead_letters::replay))
        .with_state(deps)
}

/// A zone id from outside.
fn zone(text: &str) -> Result<caracal_core::ZoneId, Refusal> {
    caracal_core::ZoneId::parse(text)
        .map_err(|error| Refusal::invalid_field(ErrorCode::InvalidParams, "zone_id", error.to_string()))
}

/// The deps as the handlers take them.
type Deps = State<AuditDeps>;
