//! Rules that several objects share: texts, absent against null, the platform's own names.

use caracal_core::TextRule;
use caracal_service::Refusal;
use caracal_storage::Error;
use http::StatusCode;
use serde::{Deserialize, Deserializer};

/// A member that may be absent but not null.
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A member that may be absent, null, or a value, all of which say something else.
#[derive(Debug, Default)]
pub(crate) enum Member<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<T> Member<T> {
    pub(crate) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// A trimmed text of 1 to `max` characters without control characters.
pub(crate) fn trimmed(code: &'static str, path: &str, text: &str, max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    bounded(code, path, text, max)?;
    Ok(text.to_owned())
}

/// A text of 1 to `max` characters without control characters.
pub(crate) fn bounded(code: &'static str, path: &str, text: &str, max: usize) -> Result<(), Refusal> {
    check(TextRule::line(max), code, path, text)
}

/// Most characters of a description.
const MAX_DESCRIPTION: usize = 4096;

/// A description may be absent or empty and may have several lines.
pub(crate) fn description(code: &'static str, text: Option<&str>) -> Result<(), Refusal> {
    text.map_or(Ok(()), |text| {
        check(TextRule::prose(MAX_DESCRIPTION), code, "description", text)
    })
}

fn check(rule: TextRule, code: &'static str, path: &str, text: &str) -> Result<(), Refusal> {
    rule.check(text)
        .map_err(|problem| Refusal::invalid_field(code, path, problem.to_string()))
}

/// Scopes of a resource: 1 to 64, each 1 to 200 characters, without white space (RFC 6749 §3.3).
pub(crate) fn scopes(code: &'static str, path: &str, scopes: &[String]) -> Result<(), Refusal> {
    if !(1..=64).contains(&scopes.len()) {
        return Err(Refusal::invalid_field(code, path, "must hold 1 to 64 scopes"));
    }
    for (position, scope) in scopes.iter().enumerate() {
        let path = format!("{path}.{position}");
        bounded(code, &path, scope, 200)?;
        if scope.chars().any(char::is_whitespace) {
            return Err(Refusal::invalid_field(
                code,
                &path,
                "must not contain white space",
            ));
        }
    }
    Ok(())
}

/// 400 for a patch that changes nothing.
pub(crate) fn no_fields() -> Refusal {
    Refusal::invalid_field("no_fields", "", "name at least one field to change")
}

/// Names that begin like the platform's own, whatever their case and surrounding blanks.
pub(crate) fn is_reserved(prefix: &str, text: &str) -> bool {
    let text = text.trim();
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Prefix of the platform's own zones, applications and policies.
pub(crate) const RESERVED_NAME: &str = "caracal.sys/";
/// Prefix of the platform's own zone slugs.
pub(crate) const RESERVED_SLUG: &str = "caracal-sys-";

/// Whether the zone belongs to the platform.
pub(crate) fn is_reserved_zone(name: &str, slug: &str) -> bool {
    is_reserved(RESERVED_NAME, name) || is_reserved(RESERVED_SLUG, slug)
}

/// 409 for a name of the platform's.
pub(crate) fn reserved_namespace(prefix: &str) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, "reserved_namespace")
        .describe(format!("names beginning with {prefix} belong to the platform"))
}

/// 409 with `code` for a broken uniqueness rule; every other failure as it is.
pub(crate) fn on_conflict(error: Error, code: &'static str, description: &'static str) -> Refusal {
    match error {
        Error::Conflict { .. } => Refusal::new(StatusCode::CONFLICT, code).describe(description),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_found_in_any_case_and_foreign_text_is_not_cut_in_half() {
        assert!(is_reserved(RESERVED_NAME, "  CARACAL.SYS/x"));
        assert!(is_reserved_zone("plain", "caracal-sys-internal"));
        for free in [
            "caracal.sys",
            "my caracal.sys/",
            "",
            "carac\u{e4}\u{e4}\u{e4}\u{e4}",
        ] {
            assert!(!is_reserved(RESERVED_NAME, free), "{free}");
        }
    }

    #[test]
    fn texts_are_counted_in_characters_and_hold_no_control_characters() {
        assert!(trimmed("c", "name", "  \u{e4}\u{e4} ", 2).is_ok());
        for bad in ["", "   ", "abc", "a\n"] {
            assert!(
                bounded("c", "name", bad, 2).is_err() || trimmed("c", "name", bad, 2).is_err(),
                "{bad:?}"
            );
        }
    }
}
