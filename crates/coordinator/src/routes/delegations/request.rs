//! What a delegation request says.

use std::time::Duration;

use caracal_authz::narrow::{ConstraintError, parse_constraints};
use caracal_core::{
    ApplicationId, DelegationId, ScopeSet, SessionId, Timestamp,
    entity::Constraints,
    json,
    text::{TextRule, is_unprintable},
};
use caracal_lifecycle::{
    Principal,
    delegations::{End, NewDelegation},
};
use caracal_service::Refusal;
use caracal_wire::{ErrorCode, coordinator::delegations::CreateDelegation};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::canonical::CanonicalPrincipal;

const MAX_TTL_SECONDS: u32 = 86_400;
const MAX_SCOPES: usize = 256;
const MAX_SCOPE_BYTES: usize = 256;
const MAX_RESOURCE_BYTES: usize = 2048;
const RESOURCE: TextRule = TextRule::line(MAX_RESOURCE_BYTES);

/// The body, checked as far as it can be by itself.
#[derive(Debug)]
pub(super) struct DelegationRequest {
    pub(super) grant: NewDelegation,
    expires_at: Option<Timestamp>,
    ttl_seconds: Option<u32>,
}

/// What makes two requests the same. Every member stands there, absent ones as null: keys of requests are kept for a day.
#[derive(Serialize)]
struct Canonical<'a> {
    principal: CanonicalPrincipal<'a>,
    source_session_id: &'a SessionId,
    target_session_id: &'a SessionId,
    issuer_application_id: &'a ApplicationId,
    receiver_application_id: &'a ApplicationId,
    parent_edge_id: Option<&'a DelegationId>,
    resource_id: Option<&'a str>,
    /// A set: sorted, so that order means nothing.
    scopes: &'a ScopeSet,
    constraints: &'a Constraints,
    expires_at: Option<Timestamp>,
    ttl_seconds: Option<u32>,
}

impl DelegationRequest {
    pub(super) fn check(body: CreateDelegation) -> Result<Self, Refusal> {
        if body
            .ttl_seconds
            .is_some_and(|seconds| !(1..=MAX_TTL_SECONDS).contains(&seconds))
        {
            return Err(invalid("ttl_seconds", "a whole number from 1 to 86400"));
        }
        if body
            .resource_id
            .as_ref()
            .is_some_and(|name| name.len() > MAX_RESOURCE_BYTES || RESOURCE.check(name).is_err())
        {
            return Err(invalid("resource_id", "a resource's id or identifier"));
        }
        if body.scopes.len() > MAX_SCOPES {
            return Err(invalid("scopes", "at most 256 scopes"));
        }
        let sound = |scope: &str| {
            (1..=MAX_SCOPE_BYTES).contains(&scope.len())
                && !scope.contains(|c: char| c.is_whitespace() || is_unprintable(c))
        };
        if let Some(position) = body.scopes.iter().position(|scope| !sound(scope)) {
            return Err(invalid(
                &format!("scopes.{position}"),
                "1 to 256 bytes without white space",
            ));
        }
        let mut constraints = constraints(body.constraints_json, body.constraints)?;
        constraints.ttl_seconds = constraints.ttl_seconds.or(body.ttl_seconds);
        let end = match (body.expires_at, constraints.expires_at, constraints.ttl_seconds) {
            // Both named: the earlier holds, whichever it is.
            (Some(body), Some(constraint), _) => End::At(body.min(constraint)),
            (Some(at), None, _) | (None, Some(at), _) => End::At(at),
            (None, None, Some(seconds)) => End::After(Duration::from_secs(u64::from(seconds))),
            (None, None, None) => {
                return Err(Refusal::of(ErrorCode::DelegationExpiryRequired)
                    .describe("send expires_at or ttl_seconds"));
            }
        };
        Ok(Self {
            grant: NewDelegation {
                source_session_id: body.source_session_id,
                target_session_id: body.target_session_id,
                issuer_application_id: body.issuer_application_id,
                receiver_application_id: body.receiver_application_id,
                parent_edge_id: body.parent_edge_id,
                resource: body.resource_id,
                scopes: body.scopes.into(),
                constraints,
                end,
            },
            expires_at: body.expires_at,
            ttl_seconds: body.ttl_seconds,
        })
    }

    /// What an idempotency key stands for.
    pub(super) fn canonical(&self, principal: &Principal) -> Value {
        let grant = &self.grant;
        json::tree(&Canonical {
            principal: principal.into(),
            source_session_id: &grant.source_session_id,
            target_session_id: &grant.target_session_id,
            issuer_application_id: &grant.issuer_application_id,
            receiver_application_id: &grant.receiver_application_id,
            parent_edge_id: grant.parent_edge_id.as_ref(),
            resource_id: grant.resource.as_deref(),
            scopes: &grant.scopes,
            constraints: &grant.constraints,
            expires_at: self.expires_at,
            ttl_seconds: self.ttl_seconds,
        })
    }
}

/// Two names for one object; where both have a member, `constraints` holds.
fn constraints(legacy: Option<Value>, given: Option<Value>) -> Result<Constraints, Refusal> {
    let mut members = Map::new();
    for value in [legacy, given].into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::Object(object) => members.extend(object),
            other => {
                return Err(refused(
                    &parse_constraints(&other).err().unwrap_or_else(not_an_object),
                ));
            }
        }
    }
    parse_constraints(&Value::Object(members)).map_err(|error| refused(&error))
}

fn not_an_object() -> ConstraintError {
    ConstraintError::Unknown(String::from("constraints must be an object"))
}

fn refused(error: &ConstraintError) -> Refusal {
    let path = match error {
        ConstraintError::Field { field, .. } => format!("constraints.{field}"),
        ConstraintError::Unknown(_) => String::from("constraints"),
    };
    let code = error.code().parse();
    let code = code.unwrap_or(ErrorCode::InvalidDelegationConstraint);
    Refusal::invalid_field(code, &path, error.to_string())
}

fn invalid(path: &str, expected: &'static str) -> Refusal {
    Refusal::invalid_field(ErrorCode::InvalidBody, path, expected)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(extra: &Value) -> Result<DelegationRequest, Refusal> {
        let mut body = json!({
            "source_session_id": "s1", "target_session_id": "s2",
            "issuer_application_id": "a1", "receiver_application_id": "a2",
        });
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        DelegationRequest::check(serde_json::from_value(body).unwrap())
    }

    #[test]
    fn every_malformed_constraint_has_its_code() {
        for (extra, code) in [
            (
                json!({"constraints": [1], "ttl_seconds": 60}),
                "invalid_delegation_constraint",
            ),
            (
                json!({"constraints": {"depth": 1}, "ttl_seconds": 60}),
                "invalid_delegation_constraint",
            ),
            (
                json!({"constraints": {"max_hops": 11}, "ttl_seconds": 60}),
                "invalid_max_hops",
            ),
            (
                json!({"constraints": {"max_hops": 2, "max_depth": 3}, "ttl_seconds": 60}),
                "invalid_max_hops",
            ),
            (
                json!({"constraints": {"budget": 0}, "ttl_seconds": 60}),
                "invalid_budget",
            ),
            (json!({"constraints": {"ttl_seconds": 0}}), "invalid_ttl_seconds"),
            (
                json!({"constraints": {"resources": "x"}, "ttl_seconds": 60}),
                "invalid_resources",
            ),
            (
                json!({"constraints": {"max_depth": 0}, "ttl_seconds": 60}),
                "invalid_max_depth",
            ),
            (
                json!({"constraints": {"policy_approved": 1}, "ttl_seconds": 60}),
                "invalid_policy_approved",
            ),
            (
                json!({"constraints": {"expires_at": "soon"}}),
                "invalid_expires_at",
            ),
            (
                json!({"constraints": {"broad_reason": ""}, "ttl_seconds": 60}),
                "invalid_broad_reason",
            ),
            (json!({"constraints": {}}), "delegation_expiry_required"),
            (json!({"ttl_seconds": 0}), "invalid_body"),
            (json!({"ttl_seconds": 60, "scopes": [""]}), "invalid_body"),
            (json!({"ttl_seconds": 60, "scopes": ["a b"]}), "invalid_body"),
            (json!({"ttl_seconds": 60, "resource_id": ""}), "invalid_body"),
        ] {
            assert_eq!(check(&extra).unwrap_err().code.as_str(), code, "{extra}");
        }
    }

    #[test]
    fn an_absolute_end_is_not_shortened_by_the_time_to_live() {
        let asked = check(&json!({"expires_at": "2030-01-01T00:00:00Z", "ttl_seconds": 60})).unwrap();
        assert_eq!(
            asked.grant.end,
            End::At(Timestamp::parse_rfc3339("2030-01-01T00:00:00Z").unwrap())
        );
        assert_eq!(asked.grant.constraints.ttl_seconds, Some(60));
        let merged = check(
            &json!({"constraints_json": {"max_hops": 2, "ttl_seconds": 9}, "constraints": {"max_hops": 3}}),
        );
        let merged = merged.unwrap();
        assert_eq!(
            (merged.grant.constraints.max_hops, merged.grant.end),
            (Some(3), End::After(Duration::from_secs(9)))
        );
    }
}
