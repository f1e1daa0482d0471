//! Providers.

use caracal_core::{
    ProviderId, Timestamp, ZoneId,
    entity::{Attribution, Provider, ProviderKind},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Body that makes a provider. Unknown members are ignored. Not printable: it holds a credential.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateProvider {
    /// Display name; the identifier when absent or blank.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// `provider://` and words of a-z 0-9 joined by hyphens; made from the name when absent or blank.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub identifier: Option<String>,
    /// Where the credential comes from.
    #[schema(value_type = ProviderKind)]
    pub kind: String,
    /// What the kind takes, its credential included.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub config_json: Map<String, Value>,
    /// Whether to try the token endpoint out first, and make nothing where that goes wrong.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub check: Option<bool>,
}

impl CreateProvider {
    /// One that puts `key` into the header `header`.
    pub fn api_key(name: &str, header: &str, key: &str) -> Self {
        let config = [
            ("auth_location", "header"),
            ("header_name", header),
            ("api_key", key),
        ];
        let config = config.map(|(name, value)| (name.to_owned(), value.into()));
        Self {
            name: Some(name.to_owned()),
            identifier: None,
            kind: ProviderKind::ApiKey.to_string(),
            config_json: config.into_iter().collect(),
            check: None,
        }
    }
}

changes! {
    /// Body that changes a provider. Unknown members are ignored. Not printable: it may hold a credential.
    UpdateProvider {
        /// Display name; a blank one changes nothing.
        name: String,
        /// `provider://` and words of a-z 0-9 joined by hyphens.
        identifier: String,
        /// Where the credential comes from; needs `config_json`.
        kind: ProviderKind,
        /// Replaces the public settings; without `kind` a credential left out stays.
        #[schema(value_type = Option<Object>)]
        config_json: Map<String, Value>,
    }
}

/// A provider: the names of its sealed settings, never their values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderItem {
    /// Id.
    pub id: ProviderId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name.
    pub name: String,
    /// `provider://slug`.
    pub identifier: String,
    /// Kind.
    pub kind: ProviderKind,
    /// Public settings.
    #[schema(value_type = Object)]
    pub config_json: Map<String, Value>,
    /// Names of the sealed settings.
    pub secret_config_keys: Vec<String>,
    /// When the last connectivity check failed.
    pub connectivity_failed_at: Option<Timestamp>,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
}

impl From<Provider> for ProviderItem {
    fn from(provider: Provider) -> Self {
        Self {
            id: provider.id,
            zone_id: provider.zone_id,
            name: provider.name,
            identifier: provider.identifier,
            kind: provider.kind,
            config_json: provider.config_json,
            secret_config_keys: provider.secret_config_keys,
            connectivity_failed_at: provider.connectivity_failed_at,
            archived_at: provider.archived_at,
            attribution: provider.attribution,
        }
    }
}
