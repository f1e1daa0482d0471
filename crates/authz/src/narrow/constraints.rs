//! Reading constraints that a client asks for.

use std::{ops::RangeInclusive, sync::Arc};

use caracal_core::{
    Timestamp,
    entity::{Constraints, MAX_HOPS},
    text::TextRule,
};
use serde_json::{Map, Value};

/// Most resources one delegation may name.
pub const MAX_RESOURCES: usize = 64;

/// Longest resource identifier, in bytes.
const MAX_IDENTIFIER_BYTES: usize = 2048;

const TTL_SECONDS: RangeInclusive<u64> = 1..=86_400;
const HOPS: RangeInclusive<u64> = 1..=MAX_HOPS as u64;
const BUDGET: RangeInclusive<u64> = 1..=64;
const REASON: TextRule = TextRule::line(256);
const IDENTIFIER: TextRule = TextRule::line(MAX_IDENTIFIER_BYTES);

/// Why constraints were refused. The wire code is [`ConstraintError::code`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConstraintError {
    /// Not an object, or a member nobody knows.
    #[error("{0}")]
    Unknown(String),
    /// A member out of its range.
    #[error("`{field}` must be {expected}")]
    Field {
        /// The member.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

impl ConstraintError {
    /// `invalid_<field>`, or `invalid_delegation_constraint`.
    pub fn code(&self) -> String {
        match self {
            Self::Unknown(_) => String::from("invalid_delegation_constraint"),
            Self::Field { field, .. } => format!("invalid_{field}"),
        }
    }
}

/// Reads the constraints of a new delegation from a request body, strictly. `max_depth` is another name of
/// `max_hops`: the result has `max_hops` whenever either is given.
///
/// # Errors
/// [`ConstraintError`] for anything but a closed object of known members within their ranges: at most
/// [`MAX_RESOURCES`] resources, 1 to 10 hops (both names alike), a budget of 1 to 64, 1 to 86,400 seconds and a
/// reason of 1 to 256 characters.
pub fn parse_constraints(value: &Value) -> Result<Constraints, ConstraintError> {
    let members = value
        .as_object()
        .ok_or_else(|| ConstraintError::Unknown(String::from("constraints must be an object")))?;
    let mut constraints = Constraints::default();
    for (name, value) in members {
        match name.as_str() {
            "resources" => constraints.resources = resources(value)?,
            "max_depth" => constraints.max_depth = Some(whole("max_depth", value, HOPS, "1 to 10")?),
            "max_hops" => constraints.max_hops = Some(whole("max_hops", value, HOPS, "1 to 10")?),
            "budget" => constraints.budget = Some(whole("budget", value, BUDGET, "1 to 64")?),
            "ttl_seconds" => {
                constraints.ttl_seconds =
                    Some(whole("ttl_seconds", value, TTL_SECONDS, "1 to 86400 seconds")?);
            }
            "policy_approved" => {
                let approved = value.as_bool();
                constraints.policy_approved =
                    Some(approved.ok_or(field("policy_approved", "true or false"))?);
            }
            "expires_at" => {
                let at = value
                    .as_str()
                    .and_then(|text| Timestamp::parse_rfc3339(text).ok());
                constraints.expires_at = Some(at.ok_or(field("expires_at", "an RFC 3339 date-time"))?);
            }
            "broad_reason" => {
                let reason = value.as_str().filter(|text| REASON.check(text).is_ok());
                let reason = reason.ok_or(field("broad_reason", "1 to 256 printable characters"))?;
                constraints.broad_reason = Some(reason.to_owned());
            }
            unknown => {
                let name: String = unknown.chars().take(64).collect();
                return Err(ConstraintError::Unknown(format!("`{name}` is not a constraint")));
            }
        }
    }
    same_hops(&mut constraints, members)?;
    Ok(constraints)
}

fn same_hops(constraints: &mut Constraints, members: &Map<String, Value>) -> Result<(), ConstraintError> {
    if members.contains_key("max_hops") && members.contains_key("max_depth") {
        if constraints.max_hops != constraints.max_depth {
            return Err(field("max_hops", "equal to `max_depth`, its other name"));
        }
    } else {
        constraints.max_hops = constraints.max_hops.or(constraints.max_depth);
    }
    Ok(())
}

const fn field(field: &'static str, expected: &'static str) -> ConstraintError {
    ConstraintError::Field { field, expected }
}

fn whole(
    name: &'static str,
    value: &Value,
    range: RangeInclusive<u64>,
    expected: &'static str,
) -> Result<u32, ConstraintError> {
    value
        .as_u64()
        .filter(|number| range.contains(number))
        .and_then(|number| u32::try_from(number).ok())
        .ok_or(field(name, expected))
}

fn resources(value: &Value) -> Result<Vec<Arc<str>>, ConstraintError> {
    let identifier = |item: &Value| {
        item.as_str()
            .filter(|text| text.len() <= MAX_IDENTIFIER_BYTES && IDENTIFIER.check(text).is_ok())
            .map(Arc::from)
    };
    value
        .as_array()
        .filter(|items| items.len() <= MAX_RESOURCES)
        .and_then(|items| items.iter().map(identifier).collect())
        .ok_or(field("resources", "at most 64 resource identifiers"))
}
