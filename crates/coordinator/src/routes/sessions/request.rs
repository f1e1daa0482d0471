//! What a start request says.

use std::sync::Arc;

use caracal_core::{
    ApplicationId, AuthorityRecordId, DelegationId, JsonObject, SessionId, entity::Lifecycle, json,
    text::TextRule,
};
use caracal_lifecycle::{Principal, sessions::Start};
use caracal_service::Refusal;
use caracal_wire::{
    ErrorCode,
    coordinator::sessions::{ParentAuthority, StartSession},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::canonical::CanonicalPrincipal;

/// Time to live of a task that asks for none, in seconds.
const DEFAULT_TTL_SECONDS: u32 = 3600;
const MAX_TTL_SECONDS: u32 = 86_400;
const MAX_LABELS: usize = 32;
/// A label, where it is given and where it is asked for.
pub(super) const LABEL: TextRule = TextRule::line(64);
const MAX_METADATA_BYTES: usize = 16 << 10;
const MAX_METADATA_KEYS: usize = 64;
const MAX_METADATA_DEPTH: usize = 8;

/// The body with defaults filled in and limits checked.
#[derive(Debug)]
pub(super) struct SessionRequest {
    pub(super) start: Start,
    pub(super) subject_session_id: Option<AuthorityRecordId>,
    pub(super) subject_token: Option<String>,
}

/// What makes two requests the same. Every member stands there, absent ones as null: keys of requests are kept for a day.
#[derive(Serialize)]
struct Canonical<'a> {
    principal: CanonicalPrincipal<'a>,
    application_id: &'a ApplicationId,
    subject_authority_record_id: Option<&'a AuthorityRecordId>,
    parent_id: Option<&'a SessionId>,
    lifecycle: Lifecycle,
    labels: &'a [Arc<str>],
    ttl_seconds: Option<u32>,
    parent_authority: ParentAuthority,
    inherit_parent_edge_id: Option<&'a DelegationId>,
    metadata: &'a Map<String, Value>,
}

impl SessionRequest {
    pub(super) fn check(body: StartSession) -> Result<Self, Refusal> {
        let lifecycle = body.lifecycle.unwrap_or(Lifecycle::Task);
        let ttl_seconds = match (lifecycle, body.ttl_seconds) {
            (Lifecycle::Task, None) => Some(DEFAULT_TTL_SECONDS),
            (Lifecycle::Task, Some(seconds)) if (1..=MAX_TTL_SECONDS).contains(&seconds) => Some(seconds),
            (Lifecycle::Task, Some(_)) => {
                return Err(invalid("ttl_seconds", "a whole number from 1 to 86400"));
            }
            (Lifecycle::Service, None) => None,
            (Lifecycle::Service, Some(_)) => {
                return Err(invalid(
                    "ttl_seconds",
                    "a service lives by its lease; leave it out",
                ));
            }
        };
        Ok(Self {
            start: Start {
                application_id: body.application_id,
                parent_id: body.parent_id,
                lifecycle,
                labels: labels(body.labels.unwrap_or_default())?,
                ttl_seconds,
                parent_authority: body.parent_authority.unwrap_or_default(),
                inherit_parent_edge_id: body.inherit_parent_edge_id,
                metadata: metadata(&body.metadata.unwrap_or_default())?,
            },
            subject_session_id: body.subject_session_id,
            subject_token: body.subject_token.filter(|token| !token.is_empty()),
        })
    }

    /// What an idempotency key stands for: what the caller asked for, never the token it came with.
    pub(super) fn canonical(&self, principal: &Principal) -> Value {
        let start = &self.start;
        json::tree(&Canonical {
            principal: principal.into(),
            application_id: &start.application_id,
            subject_authority_record_id: self.subject_session_id.as_ref(),
            parent_id: start.parent_id.as_ref(),
            lifecycle: start.lifecycle,
            labels: &start.labels,
            ttl_seconds: start.ttl_seconds,
            parent_authority: start.parent_authority,
            inherit_parent_edge_id: start.inherit_parent_edge_id.as_ref(),
            metadata: &start.metadata,
        })
    }
}

fn labels(labels: Vec<String>) -> Result<Vec<Arc<str>>, Refusal> {
    if labels.len() > MAX_LABELS {
        return Err(invalid("labels", "at most 32 labels"));
    }
    labels
        .into_iter()
        .enumerate()
        .map(|(position, label)| {
            let label = label.trim();
            match LABEL.check(label) {
                Ok(()) => Ok(label.into()),
                Err(problem) => Err(Refusal::invalid_field(
                    ErrorCode::InvalidBody,
                    &format!("labels.{position}"),
                    problem.to_string(),
                )),
            }
        })
        .collect()
}

/// Bounded, since it is kept for as long as the session, and read wherever sessions are.
fn metadata(given: &JsonObject) -> Result<Map<String, Value>, Refusal> {
    let too_much = || invalid("metadata", "at most 16384 bytes of JSON");
    // Far more than would fit however it were spaced is not even looked into: a tree of its values is no small work.
    if given.as_str().len() > 4 * MAX_METADATA_BYTES {
        return Err(too_much());
    }
    let metadata: Map<String, Value> = serde_json::from_str(given.as_str()).map_err(|_| {
        invalid(
            "metadata",
            "numbers of 64 bits, and at most 8 levels of objects and lists",
        )
    })?;
    if !members_fit(metadata.len(), metadata.values(), MAX_METADATA_DEPTH) {
        return Err(invalid(
            "metadata",
            "at most 64 keys in an object and 8 levels of objects and lists",
        ));
    }
    let bytes = serde_json::to_vec(&metadata).map_or(usize::MAX, |text| text.len());
    if bytes > MAX_METADATA_BYTES {
        return Err(too_much());
    }
    Ok(metadata)
}

/// Whether an object of `keys` members, and everything below it, fits `levels`.
fn members_fit<'v>(keys: usize, values: impl Iterator<Item = &'v Value>, levels: usize) -> bool {
    keys <= MAX_METADATA_KEYS
        && levels > 0
        && values.into_iter().all(|value| match value {
            Value::Object(members) => members_fit(members.len(), members.values(), levels - 1),
            Value::Array(items) => list_fits(items, levels - 1),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        })
}

fn list_fits(items: &[Value], levels: usize) -> bool {
    // A list has no keys; what it holds is bounded as that of an object is.
    members_fit(0, items.iter(), levels)
}

fn invalid(path: &str, expected: &'static str) -> Refusal {
    Refusal::invalid_field(ErrorCode::InvalidBody, path, expected)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use caracal_wire::coordinator::sessions::ParentAuthority;

    use super::*;

    fn check(body: Value) -> Result<Start, Refusal> {
        SessionRequest::check(serde_json::from_value(body).unwrap()).map(|asked| asked.start)
    }

    #[test]
    fn limits_are_refused_by_the_name_of_their_field() {
        let long = "x".repeat(65);
        for (body, path) in [
            (json!({"application_id": "a", "ttl_seconds": 0}), "ttl_seconds"),
            (
                json!({"application_id": "a", "ttl_seconds": 86_401}),
                "ttl_seconds",
            ),
            (
                json!({"application_id": "a", "lifecycle": "service", "ttl_seconds": 60}),
                "ttl_seconds",
            ),
            (json!({"application_id": "a", "labels": vec!["x"; 33]}), "labels"),
            (json!({"application_id": "a", "labels": ["ok", "  "]}), "labels.1"),
            (json!({"application_id": "a", "labels": [long]}), "labels.0"),
            (json!({"application_id": "a", "labels": ["a\nb"]}), "labels.0"),
        ] {
            let refusal = check(body).unwrap_err();
            assert_eq!(refusal.code, ErrorCode::InvalidBody);
            assert!(refusal.description.unwrap().starts_with(&format!("{path}: ")));
        }
    }

    #[test]
    fn metadata_is_bounded_in_bytes_keys_and_depth() {
        fn nested(levels: usize) -> Value {
            (1..levels).fold(json!({}), |inner, level| {
                if level % 2 == 0 {
                    json!({ "o": inner })
                } else {
                    json!([inner])
                }
            })
        }
        let keys = |count: usize| Value::Object((0..count).map(|n| (n.to_string(), json!(n))).collect());
        let zeros = |count: usize| json!({ "m": vec![0; count] });
        for (metadata, fits) in [
            (json!({}), true),
            (keys(64), true),
            (keys(65), false),
            (json!({ "inner": keys(64) }), true),
            (json!({ "inner": [keys(65)] }), false),
            (json!({ "d": nested(7) }), true),
            (json!({ "d": nested(8) }), false),
            (json!({ "s": "x".repeat(16_384 - 8) }), true),
            (json!({ "s": "x".repeat(16_384 - 7) }), false),
            (zeros(8_000), true),
            (zeros(131_072), false),
        ] {
            match check(json!({"application_id": "a", "metadata": metadata})) {
                Ok(start) => assert!(fits, "{}", start.metadata.len()),
                Err(refusal) => {
                    assert!(!fits, "{refusal:?}");
                    assert_eq!(refusal.status.as_u16(), 400);
                    assert_eq!(refusal.code, ErrorCode::InvalidBody);
                    assert!(refusal.description.unwrap().starts_with("metadata: "));
                }
            }
        }
    }

    #[test]
    fn nulls_and_absence_mean_the_defaults() {
        let given = json!({
            "application_id": "a", "subject_session_id": null, "parent_id": null, "labels": null,
            "parent_authority": null, "metadata": null, "ttl_seconds": null, "unknown": 1,
        });
        let start = check(given).unwrap();
        assert_eq!(
            (start.lifecycle, start.ttl_seconds),
            (Lifecycle::Task, Some(3600))
        );
        assert_eq!(start.parent_authority, ParentAuthority::Inherit);
    }
}
