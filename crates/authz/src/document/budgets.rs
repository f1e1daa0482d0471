//! Budgets over several calls: what `budgets` says, and what a call takes out of them.
//!
//! A budget is of every session, or of every delegation, that a call is made under. What stands below one of them takes
//! from it as well, so what is handed on never has more than it came from. `rego/contract.rego` says the same as
//! `budgets_charged`, of methods and paths that a resource can declare; `tests/budgets.rs` holds both equal.

use caracal_core::{
    Operation,
    entity::{BudgetHolder, PARTS},
};
use serde_json::{Number, Value};

use super::{
    arguments::{ArgumentDenial, OtherLetters, argument_at, out_of_bounds, path, whole},
    call_pattern::{CallPattern, named},
};
use crate::operations::MCP;

/// Every member that an element may have. One that is misspelt would limit nothing, so no other is accepted.
pub(crate) const MEMBERS: [&str; 7] = ["resource", "method", "path", "per", "calls", "argument", "sum"];

/// Most that may be counted of an argument: with six places behind the point it still is a 64-bit number.
const MAX_SUM: i64 = 9_000_000_000_000;

/// Places behind the point of what is counted.
const PLACES: i32 = 6;

/// One element of `budgets`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    resource: Box<str>,
    calls: CallPattern,
    per: BudgetHolder,
    max_calls: Option<i64>,
    sum: Option<Sum>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Sum {
    argument: Vec<Box<str>>,
    /// In whole ones.
    most: i64,
}

/// A well-formed element of `budgets`.
pub(crate) fn budget(value: &Value) -> Option<Budget> {
    let entry = value.as_object()?;
    if entry.keys().any(|member| !MEMBERS.contains(&member.as_str())) {
        return None;
    }
    let calls = CallPattern::of(entry)?;
    let max_calls = match entry.get("calls") {
        None => None,
        Some(most) => Some(i64::try_from(whole(most)?).ok().filter(|most| *most > 0)?),
    };
    let sum = match (entry.get("argument"), entry.get("sum")) {
        (None, None) => None,
        // What carries no arguments has none to add up.
        (Some(argument), Some(most)) if calls.method() == MCP && calls.path().starts_with("tools/call:") => {
            Some(Sum {
                argument: path(argument)?,
                most: whole_sum(most)?,
            })
        }
        _ => return None,
    };
    if max_calls.is_none() && sum.is_none() {
        return None;
    }
    Some(Budget {
        resource: named(entry, "resource")?.into(),
        per: BudgetHolder::parse(named(entry, "per")?)?,
        calls,
        max_calls,
        sum,
    })
}

/// 1 to [`MAX_SUM`], written with or without a fraction of zero.
fn whole_sum(value: &Value) -> Option<i64> {
    let parts = parts(value.as_number()?).ok()?;
    (parts > 0 && parts % PARTS == 0).then_some(parts / PARTS)
}

impl Budget {
    /// The resource that it is about.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The method, as it is declared.
    pub fn method(&self) -> &str {
        self.calls.method()
    }

    /// The path, in lower case.
    pub fn path(&self) -> &str {
        self.calls.path()
    }

    /// Whose it is.
    pub const fn per(&self) -> BudgetHolder {
        self.per
    }

    /// Most calls.
    pub const fn max_calls(&self) -> Option<i64> {
        self.max_calls
    }

    /// Most of the argument, in whole ones.
    pub fn max_sum(&self) -> Option<i64> {
        self.sum.as_ref().map(|sum| sum.most)
    }

    /// The argument that is added up: the names on the way to it, with dots between them.
    pub fn argument(&self) -> Option<String> {
        self.sum.as_ref().map(|sum| sum.argument.join("."))
    }

    /// What stays the same when its limits change: what was used up before still counts.
    pub fn identity(&self) -> String {
        let argument = self.sum.as_ref().map(|sum| &sum.argument);
        let parts = (
            self.per.as_str(),
            &self.resource,
            self.method(),
            self.calls.nameless_path(),
            argument,
        );
        // Texts and lists of texts always serialise.
        serde_json::to_string(&parts).unwrap_or_default()
    }

    /// Whether `operation` is what it is about.
    pub(crate) fn is_met_by(&self, operation: &Operation) -> bool {
        self.calls.is_met_by(operation)
    }

    /// What a call with `arguments` takes out of the sum, in [`PARTS`] of one; 0 where only calls are counted. Absent
    /// arguments were not read.
    ///
    /// # Errors
    /// The argument is not there, is no number, is less than nothing, or is more exact or larger than can be counted.
    pub fn amount(&self, arguments: &Value) -> Result<i64, ArgumentDenial> {
        let Some(sum) = &self.sum else { return Ok(0) };
        let denial = |bound, limit: &str| out_of_bounds(&sum.argument, bound, limit);
        let value = argument_at(arguments, &sum.argument)
            .map_err(|OtherLetters| denial("letters", "its names, in these letters alone"))?
            .ok_or_else(|| denial("required", "it is not there"))?;
        let number = value.as_number().ok_or_else(|| denial("type", "number"))?;
        parts(number).map_err(|uncounted| match uncounted {
            Uncounted::Negative => denial("minimum", "0"),
            Uncounted::TooExact => denial("precision", "six places behind the point"),
            Uncounted::TooLarge => denial("maximum", &MAX_SUM.to_string()),
        })
    }
}

/// Why a number is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Uncounted {
    /// It would give back.
    Negative,
    TooExact,
    TooLarge,
}

/// A number from 0 to [`MAX_SUM`] in [`PARTS`] of one: by its shortest spelling, as it would be printed. Of a number with more
/// digits than a double keeps that is what a double keeps of it.
fn parts(number: &Number) -> Result<i64, Uncounted> {
    let text = number.to_string();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.starts_with('-') {
        let is_zero = mantissa.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
        return if is_zero { Ok(0) } else { Err(Uncounted::Negative) };
    }
    let fraction = fraction.trim_end_matches('0');
    // The digits, and how many places behind the point the last of them stands.
    let digits = [whole, fraction].concat();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let places = i32::try_from(fraction.len()).map_err(|_| Uncounted::TooExact)?;
    let exponent: i32 = exponent.parse().map_err(|_| Uncounted::TooLarge)?;
    let mut digits = digits;
    let mut shift = exponent.saturating_sub(places).saturating_add(PLACES);
    while shift < 0 {
        digits = digits.strip_suffix('0').ok_or(Uncounted::TooExact)?;
        shift = shift.saturating_add(1);
    }
    let scale = u32::try_from(shift)
        .ok()
        .and_then(|shift| 10_i64.checked_pow(shift));
    let value: Option<i64> = digits.parse().ok();
    (value.zip(scale))
        .and_then(|(value, scale)| value.checked_mul(scale))
        .filter(|parts| *parts <= MAX_SUM.saturating_mul(PARTS))
        .ok_or(Uncounted::TooLarge)
}

#[cfg(test)]
mod tests {
    use caracal_core::entity::written;
    use proptest::prelude::*;

    use super::*;

    fn counted(text: &str) -> Result<i64, Uncounted> {
        parts(&serde_json::from_str(text).expect("a number"))
    }

    #[test]
    fn numbers_are_counted_exactly_or_not_at_all() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("-0.0", Ok(0)),
            ("0.000", Ok(0)),
            ("1", Ok(1_000_000)),
            ("19.99", Ok(19_990_000)),
            ("0.1", Ok(100_000)),
            ("0.000001", Ok(1)),
            ("1e-6", Ok(1)),
            ("1e3", Ok(1_000_000_000)),
            ("1.5E1", Ok(15_000_000)),
            ("9000000000000", Ok(9_000_000_000_000_000_000)),
            ("9000000000000.5", Err(Uncounted::TooLarge)),
            ("9000000000001", Err(Uncounted::TooLarge)),
            ("1e300", Err(Uncounted::TooLarge)),
            ("18446744073709551615", Err(Uncounted::TooLarge)),
            ("0.0000001", Err(Uncounted::TooExact)),
            ("1.23456789", Err(Uncounted::TooExact)),
            ("1e-7", Err(Uncounted::TooExact)),
            ("5e-324", Err(Uncounted::TooExact)),
            ("-1", Err(Uncounted::Negative)),
            ("-0.000001", Err(Uncounted::Negative)),
            ("-1e300", Err(Uncounted::Negative)),
        ] {
            assert_eq!(counted(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_counted_as_it_was(parts in 0..=MAX_SUM) {
            prop_assert_eq!(counted(&written(parts)), Ok(parts));
        }

        #[test]
        fn decimals_count_for_what_they_are(whole in 0..=9_000_000_i64, fraction in 0..PARTS) {
            let counted = counted(&format!("{whole}.{fraction:06}"));
            prop_assert_eq!(counted, Ok(whole * PARTS + fraction));
        }

        #[test]
        fn no_number_panics(number in any::<f64>(), exponent in -320..310_i32) {
            for number in [number, 10_f64.powi(exponent)] {
                if let Some(number) = Number::from_f64(number) {
                    let _ = parts(&number);
                }
            }
        }
    }
}
