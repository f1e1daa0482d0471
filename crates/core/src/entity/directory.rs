//! Zones and what administrators register in them.

use serde::{Deserialize, Serialize};

use crate::{ApplicationId, ProviderId, ResourceId, ScopeSet, Timestamp, ZoneId, words};

/// Who made and last changed an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Attribution {
    /// `admin:<token id>`, an account id, or a caller-supplied name.
    pub created_by: Option<String>,
    /// Whether the console's operator assistant made it; always false here, kept for clients.
    pub created_via_operator: bool,
    /// As `created_by`, for the last change.
    pub updated_by: Option<String>,
    /// As `created_via_operator`, for the last change.
    pub updated_via_operator: bool,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change; applications have none until first changed.
    pub updated_at: Option<Timestamp>,
    /// Counts the changes, from 1; what an update says it was made from. Callers see it as the entity tag.
    #[serde(skip)]
    pub version: i64,
}

impl Attribution {
    /// Of what somebody made at an instant and nobody changed since.
    pub const fn made(by: Option<String>, at: Timestamp) -> Self {
        Self {
            created_by: by,
            created_via_operator: false,
            updated_by: None,
            updated_via_operator: false,
            created_at: at,
            updated_at: None,
            version: 1,
        }
    }

    /// The version after a change.
    pub fn next(&self) -> i64 {
        self.version.saturating_add(1)
    }
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Zone {
    /// Id.
    pub id: ZoneId,
    /// Display name, 1 to 120 characters.
    pub name: String,
    /// Globally unique `[a-z0-9-]+`, never reused.
    pub slug: String,
    /// Whether administrators may create short-lived (`dcr`) applications.
    pub dcr_enabled: bool,
    /// Kept for clients.
    pub operator_coauthor_badge: bool,
    /// Kept for clients.
    pub operator_governed: bool,
    /// Since when nothing in it is allowed; absent unless it is frozen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub frozen_at: Option<Timestamp>,
    /// Mints a minute of each application at each resource, where that is less than the deployment allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(nullable = false))]
    pub mint_limit_per_minute: Option<u32>,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
    /// Archived zones answer 404 and authorise nothing.
    #[serde(skip)]
    pub archived_at: Option<Timestamp>,
}

words!(
    /// How an application came to be.
    RegistrationMethod {
        /// Made by an administrator, lives until archived.
        Managed = "managed",
        /// Short-lived; `expires_at` is set.
        Dcr = "dcr",
    }
);

/// A client of the STS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Id.
    pub id: ApplicationId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name.
    pub name: String,
    /// Managed or short-lived.
    pub registration_method: RegistrationMethod,
    /// Stored digest of the client secret (`crypto::secret_hash`); absent means the application cannot log in.
    pub client_secret_hash: Option<String>,
    /// Traits such as `control:invoke`.
    pub traits: Vec<String>,
    /// End of life of a `dcr` application.
    pub expires_at: Option<Timestamp>,
    /// Archived applications cannot log in.
    pub archived_at: Option<Timestamp>,
    /// Who and when.
    pub attribution: Attribution,
}

impl Application {
    /// Whether the application may act at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.archived_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

words!(
    /// Where an upstream credential comes from.
    ProviderKind {
        /// No credential; the caller's authorization is stripped.
        None = "none",
        /// The upstream verifies Caracal's own mandate.
        CaracalMandate = "caracal_mandate",
        /// An OAuth grant per person.
        Oauth2AuthorizationCode = "oauth2_authorization_code",
        /// An OAuth service token.
        Oauth2ClientCredentials = "oauth2_client_credentials",
        /// A key in a header or a query parameter.
        ApiKey = "api_key",
        /// A static bearer token.
        BearerToken = "bearer_token",
        /// RFC 7617 basic authentication.
        HttpBasic = "http_basic",
    }
);

/// A source of upstream credentials. Secret values live sealed in the secret store, never here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Id.
    pub id: ProviderId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name.
    pub name: String,
    /// `provider://slug`, unique among active providers.
    pub identifier: String,
    /// Kind.
    pub kind: ProviderKind,
    /// Public settings, as stored: the JSON of [`super::ProviderConfig`], which alone reads it.
    pub config_json: serde_json::Map<String, serde_json::Value>,
    /// Names of the sealed keys.
    pub secret_config_keys: Vec<String>,
    /// When the last connectivity check failed.
    pub connectivity_failed_at: Option<Timestamp>,
    /// Archived providers serve nobody.
    pub archived_at: Option<Timestamp>,
    /// Who and when.
    pub attribution: Attribution,
}

words!(
    /// Whether calls must match a declared operation.
    OperationEnforcement {
        /// Only declared operations, each with its scope.
        Enforced = "enforced",
        /// Every path alike.
        TransportUniform = "transport_uniform",
    }
);

/// A declared operation of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Operation))]
pub struct DeclaredOperation {
    /// Upper-case HTTP method; `MCP` for a message to an MCP server, `GRPC` for a gRPC call, `WEBSOCKET` for the opening
    /// of a WebSocket.
    pub method: String,
    /// Absolute path, literal or with `{id}` for one segment and `{rest+}` for the rest, matched after decoding. Of
    /// `MCP` a JSON-RPC method, with `:NAME` or `:{name}` where it is about a tool, a prompt or a resource.
    pub path: String,
    /// Scope it needs.
    pub scope: String,
}

/// A protected upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Row id.
    pub id: ResourceId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name.
    pub name: String,
    /// The URI clients ask for (RFC 8707), unique among active resources.
    pub identifier: String,
    /// Where the Gateway forwards; absent means not routed.
    pub upstream_url: Option<String>,
    /// Declared scopes.
    pub scopes: ScopeSet,
    /// Provider of its credential.
    pub credential_provider_id: ProviderId,
    /// Declared operations.
    pub operations: Vec<DeclaredOperation>,
    /// Whether operations are enforced.
    pub operation_enforcement: OperationEnforcement,
    /// How long its upstream may be silent before and within an answer, in seconds; absent means as long as the Gateway
    /// waits for any.
    pub upstream_timeout_seconds: Option<u32>,
    /// Whether cookies pass between callers and its upstream.
    pub cookies: bool,
    /// Archived resources grant nothing.
    pub archived_at: Option<Timestamp>,
    /// Who and when.
    pub attribution: Attribution,
}
