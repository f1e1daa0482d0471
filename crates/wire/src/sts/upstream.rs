//! What the Gateway follows of the token endpoint's answer: where to forward, and what to attach.

use std::fmt;

use caracal_core::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the upstream expects to be authenticated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthMode {
    /// Not at all.
    #[default]
    None,
    /// With a Caracal mandate.
    CaracalJwt,
    /// With an OAuth or basic credential in a header.
    ProviderOauth,
    /// With a key in a header or a query parameter.
    ProviderApikey,
}

impl AuthMode {
    /// The word as sent and logged.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::CaracalJwt => "caracal_jwt",
            Self::ProviderOauth => "provider_oauth",
            Self::ProviderApikey => "provider_apikey",
        }
    }
}

/// Where a key goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthLocation {
    /// A header.
    Header,
    /// A query parameter.
    Query,
}

/// Where to forward and what to attach (the `upstreams` member of the token response).
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct UpstreamDirective {
    /// Base URL; empty when the resource is not routed.
    pub url: String,
    /// Kind of credential.
    pub auth_mode: AuthMode,
    /// Place of an API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_location: Option<AuthLocation>,
    /// Header to set; `Authorization` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_header: Option<String>,
    /// Query parameter to set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_param_name: Option<String>,
    /// Word before the credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_scheme: Option<String>,
    /// Hosts the credential may travel to; empty means the upstream's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_token_hosts: Vec<String>,
    /// The credential itself.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "secret")]
    #[schema(value_type = Option<String>)]
    pub provider_token: Option<Secret>,
    /// Whom the Gateway is to the upstream while TLS is set up: certificates and their private key in PEM form.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "secret")]
    #[schema(value_type = Option<String>)]
    pub client_identity: Option<Secret>,
    /// Provider, for evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// Connection, for evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// Whether the upstream also gets the resource mandate in `X-Caracal-Identity`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forward_caracal_identity: bool,
    /// End of the credential, seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// How long this upstream may be silent before and within its answer, in seconds; the Gateway's own bounds when
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// Whether cookies pass between the caller and the upstream.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cookies: bool,
}

impl fmt::Debug for UpstreamDirective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamDirective")
            .field("url", &self.url)
            .field("auth_mode", &self.auth_mode)
            .finish_non_exhaustive()
    }
}

impl UpstreamDirective {
    /// Whether the upstream gets to see the resource mandate.
    pub const fn needs_mandate(&self) -> bool {
        matches!(self.auth_mode, AuthMode::CaracalJwt) || self.forward_caracal_identity
    }
}

/// Secrets cross this one boundary in clear: the signed exchange between STS and Gateway.
mod secret {
    use caracal_core::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the signature serde calls")]
    pub(super) fn serialize<S: Serializer>(value: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(secret) => serializer.serialize_str(secret.expose()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
    }
}
