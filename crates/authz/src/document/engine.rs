//! The engine that parses and evaluates documents, and what its errors say.

use std::num::{NonZeroU32, NonZeroUsize};

use regorus::{Engine, LimitError, PolicyLengthConfig};

use super::{MAX_SOURCE_BYTES, PolicyProblem, Position};

/// An engine that accepts every source within our own limits. It has no input and no data.
pub(super) fn engine() -> Engine {
    let mut engine = Engine::new();
    let max_bytes = NonZeroUsize::new(MAX_SOURCE_BYTES).unwrap_or(NonZeroUsize::MIN);
    engine.set_policy_length_config(PolicyLengthConfig {
        max_col: NonZeroU32::MAX,
        max_file_bytes: max_bytes,
        max_lines: max_bytes.saturating_add(1),
    });
    engine
}

/// Reads the place and the reason out of an engine's error.
pub(super) fn engine_problem(text: &str, limit: Option<&LimitError>, code: &str) -> PolicyProblem {
    if let Some(limit) = limit {
        return PolicyProblem::new(
            "policy_too_complex",
            format!("evaluating the policy took too much: {limit}"),
        );
    }
    let message = text.rsplit("error: ").next().unwrap_or(text).trim();
    let code = if message.contains("nesting too deep") {
        "policy_too_complex"
    } else {
        code
    };
    let message = if message.is_empty() {
        "the policy could not be read"
    } else {
        message
    };
    let problem = PolicyProblem::new(code, message.chars().take(512).collect::<String>());
    match place_in(text) {
        Some((source, place)) => {
            let problem = problem.at(place);
            if matches!(source, "policy" | "absent") {
                problem
            } else {
                problem.in_version(source)
            }
        }
        None => problem,
    }
}

/// Finds the last `--> source:line:column` of an engine's message.
fn place_in(text: &str) -> Option<(&str, Position)> {
    let (_, rest) = text.rsplit_once("--> ")?;
    let mut parts = rest.lines().next()?.rsplitn(3, ':');
    let column = parts.next()?.trim().parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?, Position { line, column }))
}
