//! What an audit row says about a change: which kind, which fields. Never values.

use caracal_core::text::excerpt;
use http::Method;
use serde_json::{Map, Value};

/// Collections whose members administrative audit rows name.
const COLLECTIONS: [&str; 17] = [
    "sessions",
    "delegations",
    "approvals",
    "notification-sinks",
    "accounts",
    "zones",
    "applications",
    "workloads",
    "subject-issuers",
    "resources",
    "providers",
    "provider-connections",
    "grants",
    "policies",
    "policy-sets",
    "subjects",
    "admin-tokens",
];

/// Last segments that name what is done rather than what there is.
const VERBS: [&str; 23] = [
    "activate",
    "approve",
    "authorize",
    "callback",
    "canary",
    "client-secret",
    "freeze",
    "redeliver",
    "reject",
    "end-sessions",
    "link",
    "revoke",
    "rotate-secret",
    "discovery",
    "secret",
    "resume",
    "shadow",
    "simulate",
    "suspend",
    "terminate",
    "test",
    "thaw",
    "unblock",
];

/// The innermost collection of a route's path and the name of the parameter that follows it, if one does.
pub(crate) fn entity(path: &'static str) -> Option<(&'static str, Option<&'static str>)> {
    let mut found = None;
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        if COLLECTIONS.contains(&segment) {
            let parameter = segments
                .peek()
                .and_then(|next| next.strip_prefix('{')?.strip_suffix('}'));
            found = Some((segment, parameter));
        }
    }
    found
}

/// What is done to an object, such as `rotate-secret`, where the path says so.
fn verb(path: &str) -> Option<&str> {
    let (_, last) = path.rsplit_once('/')?;
    VERBS.contains(&last).then_some(last)
}

/// Members that hold credentials. Their names are left out of `changed_fields`; meeting one says that a secret
/// changed.
const SECRETS: [&str; 14] = [
    "current",
    "device",
    "link",
    "client_secret",
    "secret",
    "password",
    "token",
    "private_key",
    "client_key",
    "api_key",
    "assertion",
    "bearer_token",
    "access_token",
    "refresh_token",
];

const MAX_FIELDS: usize = 64;
const MAX_SEGMENTS: usize = 4;

/// `change_kind`, `changed_fields`, `secret_rotated` of a request that changed something.
pub(crate) fn describe(method: &Method, path: &str, body: &[u8]) -> Map<String, Value> {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut fields = Vec::new();
    let mut secret = false;
    walk(&body, "", 1, &mut fields, &mut secret);
    fields.sort_unstable();
    fields.truncate(MAX_FIELDS);
    let rotated = secret || verb(path) == Some("rotate-secret");

    let kind = match (method.clone(), verb(path)) {
        (Method::DELETE, _) => "delete",
        (_, Some("rotate-secret")) => "secret_rotation",
        (Method::POST, None) => "create",
        (_, Some(_)) => "action",
        _ if rotated => "secret_rotation",
        _ => "update",
    };
    let mut payload = Map::new();
    payload.insert(String::from("change_kind"), kind.into());
    payload.insert(String::from("changed_fields"), fields.into());
    if rotated {
        payload.insert(String::from("secret_rotated"), true.into());
    }
    payload
}

fn walk(value: &Value, path: &str, depth: usize, fields: &mut Vec<String>, secret: &mut bool) {
    let Some(members) = value.as_object() else { return };
    for (name, member) in members {
        if SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
            *secret = true;
            continue;
        }
        // A member that no route knows has whatever name the caller gave it.
        let name = excerpt(name);
        let path = if path.is_empty() {
            name.into_owned()
        } else {
            format!("{path}.{name}")
        };
        if member.as_object().is_some_and(|inner| !inner.is_empty()) && depth < MAX_SEGMENTS {
            walk(member, &path, depth + 1, fields, secret);
        } else {
            fields.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described(method: &Method, path: &str, body: &Value) -> Map<String, Value> {
        describe(method, path, body.to_string().as_bytes())
    }

    #[test]
    fn a_path_tells_the_object_and_the_verb() {
        for (path, object, done) in [
            (
                "/v1/zones/{zoneId}/applications/{id}/rotate-secret",
                ("applications", Some("id")),
                Some("rotate-secret"),
            ),
            ("/v1/zones/{zoneId}/applications", ("applications", None), None),
            ("/v1/zones/{zoneId}", ("zones", Some("zoneId")), None),
        ] {
            assert_eq!((entity(path), verb(path)), (Some(object), done), "{path}");
        }
    }

    #[test]
    fn values_and_names_of_secrets_never_appear() {
        let body = json!({"name": "n", "config_json": {"header_name": "x", "API_KEY": "canary"}, "list": [{"a": 1}]});
        let payload = described(&Method::PATCH, "/v1/zones/{zoneId}/providers/{id}", &body);
        assert_eq!(
            Value::Object(payload),
            json!({
                "change_kind": "secret_rotation",
                "changed_fields": ["config_json.header_name", "list", "name"],
                "secret_rotated": true,
            })
        );
    }

    #[test]
    fn names_of_unknown_members_are_cut_and_printable() {
        let body = json!({ "\u{0}name": 1, "x".repeat(100_000): 1 });
        let payload = described(&Method::POST, "/v1/zones", &body);
        let fields = payload["changed_fields"].to_string();
        assert!(fields.len() < 200 && !fields.contains("u0000"), "{fields}");
    }

    #[test]
    fn kinds_follow_the_route() {
        let kind = |method: &Method, path: &str| described(method, path, &json!({}))["change_kind"].clone();
        assert_eq!(kind(&Method::DELETE, "/v1/zones/{zoneId}"), "delete");
        assert_eq!(kind(&Method::POST, "/v1/zones"), "create");
        assert_eq!(kind(&Method::PATCH, "/v1/zones/{zoneId}"), "update");
        assert_eq!(
            kind(&Method::POST, "/v1/zones/{zoneId}/policies/{id}/versions"),
            "create"
        );
        assert_eq!(
            kind(&Method::POST, "/v1/zones/{zoneId}/policy-sets/{id}/activate"),
            "action"
        );
        assert_eq!(
            kind(
                &Method::POST,
                "/v1/zones/{zoneId}/applications/{id}/rotate-secret"
            ),
            "secret_rotation"
        );
        assert_eq!(
            kind(&Method::POST, "/v1/zones/{zoneId}/subjects/revoke"),
            "action"
        );
    }
}
