//! Kinds of providers that this build serves.

use caracal_core::entity::ProviderKind;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::config;

/// The kinds a provider may have, for an error.
pub(super) fn offered() -> String {
    let kinds = ProviderKind::ALL.iter().filter(|kind| config::is_served(**kind));
    kinds.map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
}

/// Reads a kind; an error offers those alone that are not refused afterwards.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ProviderKind, D::Error> {
    let word = String::deserialize(deserializer)?;
    ProviderKind::parse(&word).ok_or_else(|| D::Error::custom(format!("must be one of {}", offered())))
}
