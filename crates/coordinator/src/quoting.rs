//! What a refusal shows of the caller's own words, and what evidence keeps of it.
//!
//! A value may be a secret in the wrong field, and it may be long. An answer shows an excerpt; the ledger, which
//! nobody can clean, keeps the rule, the field and numbers.

use std::collections::HashSet;

use caracal_core::{id, text};
use caracal_service::Refusal;
use serde_json::{Map, Value};

/// Most elements of a list that an answer shows.
const MAX_LISTED: usize = 32;
/// The rule that was broken, in a word of ours.
const RULE: &str = "rule";
/// The session that it is about.
const SESSION: &str = "session_id";
/// Where a field is: of its steps those are ours that a document of this role has.
const PATH: &str = "path";
/// Stands for a step that the caller made up.
const UNKNOWN: &str = "*";

/// The refusal with every text of its details cut to an excerpt and every list to its start.
pub(crate) fn shown(mut refusal: Refusal) -> Refusal {
    if let Some(details) = refusal.details_mut() {
        cut(details);
    }
    refusal.description = refusal
        .description
        .map(|text| text::without_long_quotes(&text).into());
    refusal
}

fn cut(value: &mut Value) {
    match value {
        // Messages of issues are sentences about the rule, cut where they were made.
        Value::Object(members) => {
            for (_, member) in members.iter_mut().filter(|(name, _)| *name != "message") {
                cut(member);
            }
        }
        Value::Array(items) => {
            items.truncate(MAX_LISTED);
            items.iter_mut().for_each(cut);
        }
        Value::String(text) => {
            let short = text::excerpt(text).into_owned();
            *text = short;
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What evidence keeps of the details: texts of ours and numbers, nothing that a caller wrote. `ours` are the members of
/// what this role is sent.
pub(crate) fn kept(details: &Value, ours: &HashSet<String>) -> Option<Value> {
    match details {
        Value::Object(members) => {
            let mut left = Map::new();
            for (name, member) in members {
                let member = match name.as_str() {
                    PATH => steps(member, ours),
                    RULE if !member.is_object() => Some(member.clone()),
                    SESSION => member.as_str().map(|session| Value::from(id::claimed(session))),
                    _ => kept(member, ours),
                };
                left.extend(member.map(|member| (name.clone(), member)));
            }
            (!left.is_empty()).then_some(Value::Object(left))
        }
        Value::Array(items) => {
            let kept = |item| kept(item, ours);
            let left: Vec<Value> = items.iter().take(MAX_LISTED).filter_map(kept).collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        Value::Number(_) | Value::Bool(_) => Some(details.clone()),
        Value::String(_) | Value::Null => None,
    }
}

/// A path whose unknown steps, which may be a secret in the place of a name, are not told.
fn steps(path: &Value, ours: &HashSet<String>) -> Option<Value> {
    let step = |step: &Value| {
        let known = |text: &str| ours.contains(text) || text.parse::<u32>().is_ok();
        let text = step.as_str().filter(|text| known(text));
        Value::from(text.unwrap_or(UNKNOWN))
    };
    let path = path.as_array()?;
    Some(path.iter().take(MAX_LISTED).map(step).collect())
}

#[cfg(test)]
mod tests {
    use caracal_wire::ErrorCode;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_shows_excerpts_and_evidence_keeps_rules_and_numbers() {
        let secret = "s3cret".repeat(1000);
        let details =
            json!({"rule": "hops", "limit": 2, "exceeding": vec![secret.clone(); 100], "resource": secret});
        let refusal = Refusal::of(ErrorCode::AccessDenied)
            .describe(format!("`{secret}`"))
            .with_details(&details);
        let ours = HashSet::from([String::from("labels")]);
        let kept = |refusal: &Refusal| kept(refusal.details().unwrap(), &ours);
        assert_eq!(kept(&refusal), Some(json!({"rule": "hops", "limit": 2})));
        let shown = serde_json::to_string(&shown(refusal).body("r")).unwrap();
        assert!(shown.len() < 4_000, "{}", shown.len());
        let issues = Refusal::invalid_field(ErrorCode::InvalidBody, "labels.0", "`s3cret`");
        assert_eq!(
            kept(&issues),
            Some(json!({"issues": [{"path": ["labels", "0"]}]}))
        );
        let named = Refusal::invalid_field(ErrorCode::InvalidBody, "labels.s3cret", "unknown field");
        assert_eq!(kept(&named), Some(json!({"issues": [{"path": ["labels", "*"]}]})));
    }
}
