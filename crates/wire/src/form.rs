//! How members of forms are read whose values people paste.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize as _, Deserializer, de::Error as _};

/// A value without the white space around it.
///
/// # Errors
/// What the value breaks.
pub fn trimmed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.trim().parse().map_err(D::Error::custom)
}

/// The same of a member that may be absent; with `#[serde(default)]`.
///
/// # Errors
/// As [`trimmed`].
pub fn trimmed_if_any<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let text = Option::<String>::deserialize(deserializer)?;
    let value = text.map(|text| text.trim().parse()).transpose();
    value.map_err(D::Error::custom)
}
