//! The parameters of a path.

use std::str::FromStr;

use axum::extract::{FromRequestParts as _, RawPathParams};
use caracal_core::id::{InvalidId, is_valid};
use caracal_wire::ErrorCode;
use http::request::Parts;

use crate::Refusal;

/// Decoded path parameters. Past the gates every one is a well-formed id.
#[derive(Debug, Default, Clone)]
pub struct Params(pub(super) Vec<(String, String)>);

const ID_RULE: &str = "must be 1 to 128 characters of A-Z a-z 0-9 _ . : -";

impl Params {
    pub(super) async fn decoded(head: &mut Parts) -> Result<Self, Refusal> {
        let raw = RawPathParams::from_request_parts(head, &()).await.map_err(|_| {
            Refusal::invalid_field(ErrorCode::InvalidParams, "", "the path is not valid UTF-8")
        })?;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(Self(raw.iter().map(owned).collect()))
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        match self.iter().find(|(_, value)| !is_valid(value)) {
            Some((name, _)) => Err(Refusal::invalid_field(ErrorCode::InvalidParams, name, ID_RULE)),
            None => Ok(()),
        }
    }

    /// All of them, in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The parameter as text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The parameter as a typed id.
    ///
    /// # Errors
    /// 400 `invalid_params` with its name.
    pub fn id<T: FromStr<Err = InvalidId>>(&self, name: &str) -> Result<T, Refusal> {
        let id = self.get(name).and_then(|text| text.parse().ok());
        id.ok_or_else(|| Refusal::invalid_field(ErrorCode::InvalidParams, name, ID_RULE))
    }
}
