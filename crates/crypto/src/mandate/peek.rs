//! The claims an enforcement point reads before it knows which key to ask for.

use std::{borrow::Cow, str::FromStr};

use caracal_core::{ApplicationId, ZoneId};
use serde::{Deserialize, Deserializer};

/// Unproved claims. An id that is missing or malformed reads as `None`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Peek {
    /// Expiry, seconds since the epoch.
    pub exp: i64,
    /// Zone whose keys to try.
    #[serde(default, deserialize_with = "id_or_none")]
    pub zone_id: Option<ZoneId>,
    /// Application the token says it was issued to.
    #[serde(default, deserialize_with = "id_or_none")]
    pub client_id: Option<ApplicationId>,
}

fn id_or_none<'de, D: Deserializer<'de>, I: FromStr>(deserializer: D) -> Result<Option<I>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}
