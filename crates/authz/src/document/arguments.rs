//! Bounds on the arguments of calls to tools: what `arguments` says, and whether a call is within it.
//!
//! Every bound that is about a call must hold. A bound that cannot be read, an argument that is not there, a value of
//! another type: each refuses. `rego/contract.rego` says the same as `arguments_allowed`; `tests/arguments.rs` holds both
//! equal. Names in other letters than a bound's are refused here alone: the module is asked about what every reader takes
//! for the same.

use std::cmp::Ordering;

use caracal_core::{operation::folded, text::excerpt};
use serde_json::{Map, Number, Value};

/// Most names on the way to an argument.
const MAX_PATH: usize = 4;

/// Any tool of the resource.
const ANY: &str = "*";

/// Every member that a bound may have. One that is misspelt would bound nothing, so no other is accepted.
pub(crate) const MEMBERS: [&str; 11] = [
    "resource",
    "tool",
    "argument",
    "type",
    "minimum",
    "maximum",
    "prefix",
    "max_length",
    "values",
    "optional",
    "each",
];

/// What a value has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    Number,
    Integer,
    Boolean,
}

impl Kind {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "string" => Self::String,
            "number" => Self::Number,
            "integer" => Self::Integer,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
        }
    }

    fn has(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => value.as_number().is_some_and(is_whole),
            Self::Boolean => value.is_boolean(),
        }
    }

    const fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::Integer)
    }
}

/// One element of `arguments`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ArgumentBound {
    resource: Box<str>,
    tool: Box<str>,
    path: Vec<Box<str>>,
    kind: Kind,
    minimum: Option<Number>,
    maximum: Option<Number>,
    prefix: Option<Box<str>>,
    max_length: Option<u64>,
    values: Option<Vec<Value>>,
    optional: bool,
    each: bool,
}

/// A well-formed element of `arguments`.
pub(crate) fn argument_bound(value: &Value) -> Option<ArgumentBound> {
    let bound = value.as_object()?;
    if bound.keys().any(|member| !MEMBERS.contains(&member.as_str())) {
        return None;
    }
    let kind = Kind::parse(bound.get("type")?.as_str()?)?;
    let number = |name: &str| match bound.get(name) {
        None => Some(None),
        Some(limit) => limit.as_number().filter(|_| kind.is_numeric()).cloned().map(Some),
    };
    let of_strings = |name: &str| bound.get(name).filter(|_| kind == Kind::String);
    let absent_or_of_string = |name: &str| !bound.contains_key(name) || kind == Kind::String;
    if !absent_or_of_string("prefix") || !absent_or_of_string("max_length") {
        return None;
    }
    let prefix = match of_strings("prefix") {
        None => None,
        Some(prefix) => Some(named(prefix)?.into()),
    };
    let max_length = match of_strings("max_length") {
        None => None,
        Some(length) => Some(whole(length)?),
    };
    let values = match bound.get("values") {
        None => None,
        Some(values) => {
            let values = values.as_array().filter(|values| !values.is_empty())?;
            let fit = |value: &Value| match kind {
                Kind::String => value.is_string(),
                // Two spellings of one number are one number to some readers alone.
                Kind::Integer => value.as_i64().is_some(),
                Kind::Number | Kind::Boolean => false,
            };
            Some(values.iter().all(fit).then(|| values.clone())?)
        }
    };
    Some(ArgumentBound {
        resource: named(bound.get("resource")?)?.into(),
        tool: named(bound.get("tool")?)?.into(),
        path: path(bound.get("argument")?)?,
        kind,
        minimum: number("minimum")?,
        maximum: number("maximum")?,
        prefix,
        max_length,
        values,
        optional: flag(bound, "optional")?,
        each: flag(bound, "each")?,
    })
}

fn named(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

fn flag(bound: &Map<String, Value>, name: &str) -> Option<bool> {
    bound.get(name).map_or(Some(false), Value::as_bool)
}

/// 0 to 2^32 - 1, written with or without a fraction of zero.
pub(super) fn whole(value: &Value) -> Option<u64> {
    if let Some(whole) = value.as_u64() {
        return u32::try_from(whole).ok().map(u64::from);
    }
    let number = value.as_f64()?;
    (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number)).then(|| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and in range, see above"
        )]
        let whole = number as u64;
        whole
    })
}

/// The names on the way to an argument: one, or a list of them.
pub(super) fn path(argument: &Value) -> Option<Vec<Box<str>>> {
    match argument {
        Value::String(_) => Some(vec![named(argument)?.into()]),
        Value::Array(names) if (1..=MAX_PATH).contains(&names.len()) => {
            names.iter().map(|name| named(name).map(Into::into)).collect()
        }
        _ => None,
    }
}

/// Why a call is not within its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgumentDenial {
    /// `arguments` cannot be relied on.
    Malformed,
    /// An argument is not within a bound.
    OutOfBounds {
        /// The names on the way to it, with dots between them.
        argument: String,
        /// The member of the bound that it is not within; `type`, `required` and `letters` included.
        bound: &'static str,
        /// What that member says, cut where it is long. Never the argument's value.
        limit: String,
    },
}

impl ArgumentBound {
    /// The resource that it is about.
    pub(crate) fn resource(&self) -> &str {
        &self.resource
    }

    /// Whether it is about calls to `tool`.
    pub(crate) fn is_about(&self, tool: &str) -> bool {
        self.tool.as_ref() == ANY || self.tool.as_ref() == tool
    }

    /// Whether `arguments` are within it.
    pub(crate) fn check(&self, arguments: &Value) -> Result<(), ArgumentDenial> {
        if !arguments.is_object() {
            return Err(self.denial("required", "an object of arguments"));
        }
        match argument_at(arguments, &self.path) {
            Err(OtherLetters) => Err(self.denial("letters", "its names, in these letters alone")),
            Ok(None) if self.optional => Ok(()),
            Ok(None) => Err(self.denial("required", "it is not there")),
            Ok(Some(value)) if self.each => match value.as_array() {
                None => Err(self.denial("each", "a list")),
                Some(items) => items.iter().try_for_each(|item| self.holds(item)),
            },
            Ok(Some(value)) => self.holds(value),
        }
    }

    fn holds(&self, value: &Value) -> Result<(), ArgumentDenial> {
        if !self.kind.has(value) {
            return Err(self.denial("type", self.kind.as_str()));
        }
        if let (Some(limit), Some(number)) = (&self.minimum, value.as_number())
            && compare(number, limit) == Ordering::Less
        {
            return Err(self.denial("minimum", &limit.to_string()));
        }
        if let (Some(limit), Some(number)) = (&self.maximum, value.as_number())
            && compare(number, limit) == Ordering::Greater
        {
            return Err(self.denial("maximum", &limit.to_string()));
        }
        if let (Some(prefix), Some(text)) = (&self.prefix, value.as_str())
            && (!text.starts_with(prefix.as_ref()) || climbs(text))
        {
            return Err(self.denial("prefix", prefix));
        }
        if let (Some(most), Some(text)) = (self.max_length, value.as_str())
            && u64::try_from(text.chars().count()).is_ok_and(|length| length > most)
        {
            return Err(self.denial("max_length", &most.to_string()));
        }
        if let Some(values) = &self.values
            && !values.iter().any(|known| same(known, value))
        {
            let known: Vec<String> = values.iter().take(8).map(ToString::to_string).collect();
            return Err(self.denial("values", &known.join(", ")));
        }
        Ok(())
    }

    fn denial(&self, bound: &'static str, limit: &str) -> ArgumentDenial {
        out_of_bounds(&self.path, bound, limit)
    }
}

/// The argument at the end of `path` is not within `bound`.
pub(super) fn out_of_bounds(path: &[Box<str>], bound: &'static str, limit: &str) -> ArgumentDenial {
    ArgumentDenial::OutOfBounds {
        argument: excerpt(&path.join(".")).into_owned(),
        bound,
        limit: excerpt(limit).into_owned(),
    }
}

/// A name stands there in other letters. Of readers that fold case one takes it for the argument, another does not.
pub(super) struct OtherLetters;

/// The argument at the end of `path`, through objects alone; nothing where it is not there.
pub(super) fn argument_at<'v>(
    arguments: &'v Value,
    path: &[Box<str>],
) -> Result<Option<&'v Value>, OtherLetters> {
    let mut value = arguments;
    for name in path {
        let Some(object) = value.as_object() else {
            return Ok(None);
        };
        let wanted = folded(name);
        let is_other = |other: &String| **other != **name && folded(other) == wanted;
        if object.keys().any(is_other) {
            return Err(OtherLetters);
        }
        match object.get(name.as_ref()) {
            Some(found) => value = found,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// Whether a text with a prefix may lead out of it: by a segment of two dots, in a spelling that whoever decodes once
/// would take for one.
fn climbs(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("%2e") || text.split(['/', '\\']).any(|segment| segment == "..")
}

fn same(known: &Value, value: &Value) -> bool {
    match (known.as_number(), value.as_number()) {
        (Some(known), Some(value)) => compare(known, value) == Ordering::Equal,
        _ => known == value,
    }
}

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// Whole numbers are compared as such: as floating point, neighbours past 2^53 would be equal.
fn compare(left: &Number, right: &Number) -> Ordering {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => left.cmp(&right),
        // Numbers of JSON are finite.
        _ => left
            .as_f64()
            .partial_cmp(&right.as_f64())
            .unwrap_or(Ordering::Less),
    }
}
