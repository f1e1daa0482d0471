//! What a refusal shows of the caller's own words, and what evidence keeps of it.
//!
//! A value may be a secret in the wrong field, and it may be long. An answer shows an excerpt; the ledger, which
//! nobody can clean, keeps the rule, the field and numbers.

use caracal_core::text;
use caracal_service::Refusal;
use serde_json::{Map, Value};

/// Most elements of a list that an answer shows.
const MAX_LISTED: usize = 32;
/// Members of `details` whose text is ours: a rule, a field's path, an id.
const OURS: [&str; 3] = ["rule", "path", "session_id"];

/// The refusal with every text of its details cut to an excerpt and every list to its start.
pub(crate) fn shown(mut refusal: Refusal) -> Refusal {
    if let Some(details) = refusal.members.get_mut("details") {
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

/// What evidence keeps of the details: texts of ours and numbers, nothing that a caller wrote.
pub(crate) fn kept(details: &Value) -> Option<Value> {
    match details {
        Value::Object(members) => {
            let mut left = Map::new();
            for (name, member) in members {
                let ours = OURS.contains(&name.as_str()) && !member.is_object();
                let member = if ours { Some(member.clone()) } else { kept(member) };
                left.extend(member.map(|member| (name.clone(), member)));
            }
            (!left.is_empty()).then_some(Value::Object(left))
        }
        Value::Array(items) => {
            let left: Vec<Value> = items.iter().take(MAX_LISTED).filter_map(kept).collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        Value::Number(_) | Value::Bool(_) => Some(details.clone()),
        Value::String(_) | Value::Null => None,
    }
}

#[cfg(test)]
mod tests {
    use caracal_wire::ErrorCode;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_shows_excerpts_and_evidence_keeps_rules_and_numbers() {
        let secret = "s3cret".repeat(1000);
        let refusal = Refusal::of(ErrorCode::AccessDenied).describe(format!("`{secret}`")).with(
            "details",
            json!({"rule": "hops", "limit": 2, "exceeding": vec![secret.clone(); 100], "resource": secret}),
        );
        let kept = kept(&refusal.members["details"]);
        assert_eq!(kept, Some(json!({"rule": "hops", "limit": 2})));
        let shown = serde_json::to_string(&shown(refusal).body("r")).unwrap();
        assert!(shown.len() < 4_000, "{}", shown.len());
        let issues = Refusal::invalid_field(ErrorCode::InvalidBody, "labels.0", "`s3cret`");
        assert_eq!(
            super::kept(&issues.members["details"]),
            Some(json!({"issues": [{"path": ["labels", "0"]}]}))
        );
    }
}
