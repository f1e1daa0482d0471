//! Flags as they were sent, and the request that they make.

use caracal_core::text::excerpt;
use caracal_service::{Refusal, front::IdempotencyKey};
use caracal_wire::ErrorCode;
use serde_json::{Map, Value};

use super::catalog::{Flag, FlagTarget, Form, Subcommand};

/// Most flags of a command.
const MAX_FLAGS: usize = 32;
/// Longest name, in bytes.
const MAX_NAME: usize = 64;
/// Longest text, in bytes.
const MAX_TEXT: usize = 131_072;
/// Most members of an array.
const MAX_ITEMS: usize = 64;
/// The flag that every change may have.
const KEY: &str = "idempotency-key";

/// What a subcommand is told, put where it belongs.
#[derive(Debug, Default)]
pub(crate) struct CommandInput {
    pub(crate) params: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Map<String, Value>,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    /// Flags that the command itself minds.
    pub(crate) own: Map<String, Value>,
}

impl CommandInput {
    /// Whether a flag that the command itself minds is set.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.own.get(name) == Some(&Value::Bool(true))
    }
}

/// 400 `invalid` that names the flag.
pub(super) fn invalid(name: &str, rule: &str) -> Refusal {
    Refusal::invalid_field(ErrorCode::Invalid, &format!("flags.{}", excerpt(name)), rule)
}

/// Bounds of any flags, whatever they mean.
pub(super) fn check(flags: &Map<String, Value>) -> Result<(), Refusal> {
    if flags.len() > MAX_FLAGS {
        let rule = format!("at most {MAX_FLAGS} flags");
        return Err(Refusal::invalid_field(ErrorCode::Invalid, "flags", rule));
    }
    for (name, value) in flags {
        if !(1..=MAX_NAME).contains(&name.len()) {
            return Err(invalid(name, "names of flags have 1 to 64 bytes"));
        }
        let bounded = match value {
            Value::Array(items) => items.len() <= MAX_ITEMS && items.iter().all(is_scalar),
            scalar => is_scalar(scalar),
        };
        if !bounded {
            let rule = "must be null, true, false, a number, a text of at most 131072 bytes, or an array of at most 64 \
                        of those; what is nested travels as text that is JSON";
            return Err(invalid(name, rule));
        }
    }
    Ok(())
}

fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => text.len() <= MAX_TEXT,
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// Puts every flag where it belongs.
///
/// # Errors
/// 400 `invalid` that names a flag that is unknown, missing or malformed.
pub(super) fn parse(subcommand: &Subcommand, flags: &Map<String, Value>) -> Result<CommandInput, Refusal> {
    let known = |name: &str| subcommand.flags().any(|flag| flag.name == name);
    if let Some(name) = flags.keys().find(|name| !known(name)) {
        return Err(invalid(name, "is no flag of this command"));
    }
    let mut input = CommandInput::default();
    for flag in subcommand.flags() {
        let given = flags.get(flag.name);
        let given = given.filter(|value| !value.is_null() || flag.form == Form::TextOrNull);
        let Some(given) = given else {
            if flag.required {
                return Err(invalid(flag.name, "is required"));
            }
            continue;
        };
        let value = read(flag, given)?;
        match flag.target {
            FlagTarget::Path(parameter) => input.params.push((parameter.to_owned(), text_of(&value))),
            FlagTarget::Query(parameter) => input.query.push((parameter.to_owned(), text_of(&value))),
            FlagTarget::Body(member) => drop(input.body.insert(member.to_owned(), value)),
            FlagTarget::Own if flag.name == KEY => {
                let key = IdempotencyKey::parse(&text_of(&value));
                input.idempotency_key = Some(key.ok_or_else(|| {
                    invalid(
                        KEY,
                        "must have 1 to 255 bytes without control or invisible characters and surrounding space",
                    )
                })?);
            }
            FlagTarget::Own => drop(input.own.insert(flag.name.to_owned(), value)),
        }
    }
    Ok(input)
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn read(flag: &Flag, given: &Value) -> Result<Value, Refusal> {
    let refused = |rule: &str| invalid(flag.name, rule);
    match flag.form {
        Form::Text => match given {
            Value::String(_) => Ok(given.clone()),
            _ => Err(refused("must be text")),
        },
        Form::TextOrNull => match given {
            Value::String(_) | Value::Null => Ok(given.clone()),
            _ => Err(refused("must be text or null")),
        },
        Form::List => list(given)
            .map(Value::from)
            .ok_or_else(|| refused("must be texts, as an array or with commas between them")),
        Form::Versions => {
            let ids = list(given).ok_or_else(|| {
                refused("must be ids of policy versions, as an array or with commas between them")
            })?;
            Ok(ids
                .into_iter()
                .map(|id| Value::from_iter([("policy_version_id", id)]))
                .collect())
        }
        Form::Number => {
            let number = match given {
                Value::Number(number) => number.as_i64(),
                Value::String(text) => text.trim().parse().ok(),
                _ => None,
            };
            number
                .map(Value::from)
                .ok_or_else(|| refused("must be a whole number"))
        }
        Form::Switch => match given {
            Value::Bool(_) => Ok(given.clone()),
            Value::String(text) if text == "true" => Ok(Value::Bool(true)),
            Value::String(text) if text == "false" => Ok(Value::Bool(false)),
            _ => Err(refused("must be true or false")),
        },
        Form::Json => match given {
            Value::String(text) => {
                serde_json::from_str(text).map_err(|error| refused(&format!("is no JSON: {error}")))
            }
            _ => Err(refused("must be text that is JSON")),
        },
    }
}

fn list(given: &Value) -> Option<Vec<String>> {
    match given {
        Value::String(text) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Some(items.map(str::to_owned).collect())
        }
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::catalog, *};

    fn given(command: &str, subcommand: &str, flags: Value) -> Result<CommandInput, String> {
        let command = catalog::find(command).unwrap();
        let subcommand = command.subcommand(subcommand).unwrap();
        let Value::Object(flags) = flags else {
            unreachable!()
        };
        check(&flags)
            .and_then(|()| parse(subcommand, &flags))
            .map_err(|refusal| {
                assert_eq!(refusal.code, ErrorCode::Invalid);
                refusal.description.unwrap_or_default().into_owned()
            })
    }

    #[test]
    fn a_flag_that_is_unknown_missing_or_malformed_is_named() {
        for (flags, named) in [
            (json!({}), "flags.id: is required"),
            (json!({"id": null}), "flags.id: is required"),
            (json!({"id": 7}), "flags.id: must be text"),
            (json!({"id": "r", "--id": "r"}), "flags.--id: is no flag"),
            (json!({"id": "r", "name": 1}), "flags.name"),
            (json!({"id": "r", "scopes": [1]}), "flags.scopes"),
            (json!({"id": "r", "scopes": {"a": 1}}), "flags.scopes"),
            (
                json!({"id": "r", "operations": "[{"}),
                "flags.operations: is no JSON",
            ),
            (json!({"id": "r", "operations": ["GET"]}), "flags.operations"),
            (json!({"id": "r", "upstream-url": 1}), "flags.upstream-url"),
            (json!({"id": "r", "name": "x".repeat(131_073)}), "flags.name"),
            (
                json!({"id": "r", "idempotency-key": " a"}),
                "flags.idempotency-key",
            ),
            (json!({"id": "r", "": 1}), "names of flags"),
            (json!({"id": "r", "scopes": vec!["a"; 65]}), "flags.scopes"),
        ] {
            let refused = given("resource", "patch", flags.clone()).unwrap_err();
            assert!(refused.contains(named), "{flags}: {refused}");
        }
        let many: Map<String, Value> = (0..33).map(|n| (format!("f{n}"), json!(1))).collect();
        assert!(
            given("resource", "patch", Value::Object(many))
                .unwrap_err()
                .contains("at most 32")
        );
    }

    #[test]
    fn flags_become_the_request_of_the_route() {
        let input = given(
            "resource",
            "patch",
            json!({"id": "res", "scopes": "a, b,", "upstream-url": null, "operations": "[{\"method\":\"GET\"}]",
                   "idempotency-key": "k"}),
        )
        .unwrap();
        assert_eq!(input.params, [("id".to_owned(), "res".to_owned())]);
        assert_eq!(
            Value::Object(input.body),
            json!({"scopes": ["a", "b"], "upstream_url": null, "operations": [{"method": "GET"}]})
        );
        assert_eq!(input.idempotency_key.map(|key| key.text).as_deref(), Some("k"));
        let input = given("app", "dcr", json!({"name": "n", "expires-in": "60"})).unwrap();
        assert_eq!(Value::Object(input.body), json!({"name": "n", "expires_in": 60}));
        let input = given(
            "policy-set",
            "version",
            json!({"id": "s", "policy-versions": ["v"]}),
        )
        .unwrap();
        assert_eq!(input.body["manifest"], json!([{"policy_version_id": "v"}]));
        let input = given(
            "audit",
            "tail",
            json!({"limit": 5, "event-type": "control.invoke"}),
        )
        .unwrap();
        assert_eq!(input.query.len(), 2);
        assert!(
            given("state", "apply", json!({"document": "{}", "dry-run": "true"}))
                .unwrap()
                .is_set("dry-run")
        );
    }
}
