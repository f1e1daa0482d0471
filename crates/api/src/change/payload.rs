//! What an audit row says about a change: which kind, which fields. Never values.

use caracal_core::text::excerpt;
use http::Method;
use serde_json::{Map, Value, json};

use crate::route::Route;

/// Members that hold credentials. Their names are left out of `changed_fields`; meeting one says that a secret
/// changed.
const SECRETS: [&str; 10] = [
    "client_secret",
    "secret",
    "password",
    "token",
    "private_key",
    "api_key",
    "assertion",
    "bearer_token",
    "access_token",
    "refresh_token",
];

const MAX_FIELDS: usize = 64;
const MAX_SEGMENTS: usize = 4;

/// `change_kind`, `changed_fields`, `secret_rotated` of a request that changed something.
pub(super) fn describe(route: &Route, body: &[u8]) -> Map<String, Value> {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let mut fields = Vec::new();
    let mut secret = false;
    walk(&body, "", 1, &mut fields, &mut secret);
    fields.sort_unstable();
    fields.truncate(MAX_FIELDS);
    let rotated = secret || route.verb() == Some("rotate-secret");

    let kind = match (route.method.clone(), route.verb()) {
        (Method::DELETE, _) => "delete",
        (_, Some("rotate-secret")) => "secret_rotation",
        (Method::POST, None) => "create",
        (_, Some(_)) => "action",
        _ if rotated => "secret_rotation",
        _ => "update",
    };
    let mut payload = Map::new();
    payload.insert(String::from("change_kind"), json!(kind));
    payload.insert(String::from("changed_fields"), json!(fields));
    if rotated {
        payload.insert(String::from("secret_rotated"), json!(true));
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
    use super::*;
    use crate::routes::ROUTES;

    fn described(method: &Method, path: &str, body: &Value) -> Map<String, Value> {
        let route = ROUTES
            .iter()
            .find(|route| route.method == method && route.path == path)
            .unwrap();
        describe(route, body.to_string().as_bytes())
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
