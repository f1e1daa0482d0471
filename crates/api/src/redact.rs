//! Hides values that read like credentials from what administrators read back.

use serde_json::{Value, value::RawValue};

const HIDDEN: [&str; 18] = [
    "password",
    "passwd",
    "secret",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "api_key",
    "apikey",
    "authorization",
    "cookie",
    "set_cookie",
    "client_secret",
    "private_key",
    "client_key",
    "session",
    "session_id",
    "assertion",
];

/// A stored document as a value; null where there is none.
pub(crate) fn document(raw: Option<&RawValue>) -> Value {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or(Value::Null)
}

/// A stored document as it may be shown.
pub(crate) fn redacted(raw: Option<&RawValue>) -> Value {
    let mut value = document(raw);
    redact(&mut value);
    value
}

/// Replaces the value of every member that is named like a credential, at any depth.
pub(crate) fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if HIDDEN.iter().any(|hidden| name.eq_ignore_ascii_case(hidden)) {
                    *member = Value::from("[redacted]");
                } else {
                    redact(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn credentials_are_hidden_at_any_depth_and_in_any_case() {
        let mut value = json!({"a": [{"Authorization": "x", "ok": 1}], "session_id": "s", "sessions": 2});
        super::redact(&mut value);
        assert_eq!(
            value,
            json!({"a": [{"Authorization": "[redacted]", "ok": 1}], "session_id": "[redacted]", "sessions": 2})
        );
    }
}
