//! The token endpoint (RFC 8693), and what of its answer the Gateway follows.

mod denial;
mod upstream;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use caracal_core::{ApplicationId, ApprovalId, AuthorityRecordId, DelegationId, KeyId, SessionId, ZoneId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use self::{
    denial::{DenialDetails, DenialReason, Explanation, NeededScope},
    upstream::{AuthLocation, AuthMode, UpstreamDirective},
};
use crate::{ErrorCode, form::trimmed};

/// What the token endpoint refuses with, by status. The Gateway passes it on.
pub const EXCHANGE_REFUSALS: &[(u16, &[ErrorCode])] = &[
    (
        400,
        &[
            ErrorCode::InvalidToken,
            ErrorCode::InvalidDpopProof,
            ErrorCode::UseDpopNonce,
        ],
    ),
    (
        401,
        &[
            ErrorCode::AccessDenied,
            ErrorCode::InvalidToken,
            ErrorCode::InteractionRequired,
        ],
    ),
    (
        403,
        &[
            ErrorCode::AccessDenied,
            ErrorCode::ZoneInvalid,
            ErrorCode::OperationNotPermitted,
        ],
    ),
    (409, &[ErrorCode::ApprovalConsumed]),
    (413, &[ErrorCode::PayloadTooLarge]),
    (415, &[ErrorCode::InvalidToken]),
    (429, &[ErrorCode::ProviderRateLimited]),
    (502, &[ErrorCode::HttpRequestFailed]),
    (503, &[ErrorCode::StsUnavailable]),
];

/// A request for a token (RFC 8693 §2.1). Id and secret of the application may come as HTTP Basic instead.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct TokenForm {
    /// `urn:ietf:params:oauth:grant-type:token-exchange`; of a client that a person signed in with, `authorization_code` or
    /// `refresh_token`.
    pub grant_type: String,
    /// Zone of the application.
    pub zone_id: Option<ZoneId>,
    /// Who asks.
    pub application_id: Option<ApplicationId>,
    /// The proof.
    pub client_secret: Option<String>,
    /// Identifiers of 1 to 64 resources, each a field of its own.
    #[serde(default)]
    pub resource: Vec<String>,
    /// Scopes, separated by spaces.
    pub scope: Option<String>,
    /// Of a client that a person signed in with: the code.
    pub code: Option<String>,
    /// With a code: where the person was sent back to.
    pub redirect_uri: Option<String>,
    /// With a code: what its challenge is the digest of.
    pub code_verifier: Option<String>,
    /// With a code or a refresh token: the client.
    pub client_id: Option<String>,
    /// Of such a client: what gets the next tokens.
    pub refresh_token: Option<String>,
    /// Seconds that the mandate should live; absent or 0 for the default.
    pub ttl_seconds: Option<u32>,
    /// The application's own authority record.
    pub session_id: Option<AuthorityRecordId>,
    /// Session that the mandate acts in.
    pub agent_session_id: Option<SessionId>,
    /// Delegation that the session holds.
    pub delegation_edge_id: Option<DelegationId>,
    /// A token that stands for somebody else.
    pub subject_token: Option<String>,
    /// What kind of token that is; goes with it.
    pub subject_token_type: Option<String>,
    /// An approval to redeem.
    pub approval_id: Option<ApprovalId>,
    /// Of a Gateway: method of the call, as sent.
    pub request_method: Option<String>,
    /// Of a Gateway: path of the call, decoded.
    pub request_path: Option<String>,
    /// Of a Gateway: what a tool is called with, as JSON in base64url without padding.
    pub request_arguments: Option<String>,
    /// Of a Gateway: what a call carries, as JSON in base64url without padding, or `unread` as long as nobody asked for it.
    pub request_content: Option<String>,
    /// Of a Gateway: thumbprint of the key that its caller proved to hold, of a mandate that is bound to one.
    pub request_key: Option<String>,
    /// Of a Gateway: the same as `X-Request-Id`.
    pub gateway_request_id: Option<String>,
}

/// Whose keys to publish.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeysOf {
    /// The zone.
    #[serde(deserialize_with = "trimmed")]
    pub zone_id: ZoneId,
}

/// Public keys that mandates of a zone are verified with, newest first (RFC 7517 §5).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct KeySet {
    /// The keys.
    pub keys: Vec<PublicKey>,
}

/// A public key.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PublicKey {
    /// Its name, as mandates give it.
    pub kid: KeyId,
    /// `EC`.
    pub kty: String,
    /// `P-256`.
    pub crv: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// `ES256`.
    pub alg: String,
    /// First coordinate, 32 bytes in base64url.
    pub x: String,
    /// Second coordinate, 32 bytes in base64url.
    pub y: String,
}

/// A successful answer (RFC 8693 §2.2.1) with the members clients of this endpoint read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenResponse {
    /// The mandate.
    pub access_token: String,
    /// `Bearer`, or `DPoP` of a mandate that is bound to the key of the proof that came with the request (RFC 9449).
    pub token_type: Cow<'static, str>,
    /// Seconds until it ends, at least one.
    pub expires_in: i64,
    /// What it may be used for; absent when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The URN of access tokens.
    pub issued_token_type: Cow<'static, str>,
    /// Identifiers of the resources that were granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub target_resources: Vec<Arc<str>>,
    /// For the Gateway alone: where to forward and what to attach, by resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub upstreams: BTreeMap<String, UpstreamDirective>,
    /// Refused targets of a partial grant, with reasons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<DeniedTarget>,
    /// For a client that a person signed in with: what gets the next tokens, once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// A target that was refused where another was granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeniedTarget {
    /// As the caller named it.
    pub resource: String,
    /// Which rule refused. As text, because a client may be older than the service that it asks.
    #[schema(value_type = DenialReason)]
    pub reason: Cow<'static, str>,
    /// What the rule is about.
    pub details: Value,
}

/// Answer of a key rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyRotated {
    /// True.
    pub rotated: bool,
    /// Whose key.
    pub zone_id: ZoneId,
    /// The new key, published at once.
    pub kid: KeyId,
}
