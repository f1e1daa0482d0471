//! Clients that people sign in with, as OAuth has them say it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ErrorCode;

/// What registering a client is refused with, by status.
pub const REGISTRATION_REFUSALS: &[(u16, &[ErrorCode])] = &[
    (
        400,
        &[
            ErrorCode::InvalidToken,
            ErrorCode::InvalidClientMetadata,
            ErrorCode::InvalidRedirectUri,
        ],
    ),
    (413, &[ErrorCode::PayloadTooLarge]),
    (429, &[ErrorCode::ProviderRateLimited]),
    (503, &[ErrorCode::StsUnavailable]),
];

/// What redeeming a code or a refresh token is refused with, by status, beyond what exchanges are.
pub const REDEMPTION_REFUSALS: &[(u16, &[ErrorCode])] = &[(
    400,
    &[
        ErrorCode::InteractionRequired,
        ErrorCode::InvalidGrant,
        ErrorCode::InvalidRequest,
        ErrorCode::InvalidScope,
        ErrorCode::InvalidTarget,
    ],
)];

caracal_core::words!(
    /// Why a client's person is not signed in (RFC 6749 §4.1.2.1).
    AuthorizationError {
        /// Something is missing, or of another form.
        InvalidRequest = "invalid_request",
        /// The person or the operator says no.
        AccessDenied = "access_denied",
        /// Only codes are given.
        UnsupportedResponseType = "unsupported_response_type",
        /// The resource declares none of the scopes.
        InvalidScope = "invalid_scope",
        /// The operator has something to set right.
        ServerError = "server_error",
        /// Somebody does not answer; try again.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// Parameters come in the query alone.
        RequestNotSupported = "request_not_supported",
    }
);

/// A client has its person sent here (RFC 6749 §4.1.1).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuthorizationQuery {
    /// `code`.
    pub response_type: String,
    /// The https address that describes the client, or an id that was registered.
    pub client_id: String,
    /// Where the person is sent back to, exactly as the client named it; the port of a program on the device may differ.
    pub redirect_uri: String,
    /// Address of the resource.
    pub resource: String,
    /// Scopes, separated by spaces; all that the resource declares where it is absent.
    pub scope: Option<String>,
    /// Comes back as it is.
    pub state: Option<String>,
    /// Digest of a verifier (RFC 7636 §4.2).
    pub code_challenge: String,
    /// `S256`.
    pub code_challenge_method: String,
    /// Thumbprint of the key that the code is bound to: it is redeemed with a proof by that key, or not at all
    /// (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
}

/// What an identity provider brings back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProviderAnswer {
    /// Of the sign-in that began in this browser.
    pub state: String,
    /// To be redeemed at the provider.
    pub code: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why nobody is there.
    pub error: Option<String>,
}

/// What a person says.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ConsentForm {
    /// What the page had.
    pub token: String,
    /// `allow` or `deny`.
    pub decision: String,
    /// What the client may do, once for each scope that it asked for and the person leaves checked.
    #[serde(default)]
    pub scope: Vec<String>,
}

/// A client that registers (RFC 7591 §2). Members that say nothing here are passed over.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ClientRegistration {
    /// 1 to 8 addresses that people are sent back to: https, http to the device itself, or of a scheme of the program's own.
    pub redirect_uris: Vec<String>,
    /// What people are told that it is called.
    #[serde(default)]
    pub client_name: Option<String>,
    /// `none`, where it is there.
    #[serde(default)]
    pub token_endpoint_auth_method: Option<String>,
    /// `authorization_code` and `refresh_token` alone.
    #[serde(default)]
    pub grant_types: Option<Vec<String>>,
    /// `code` alone.
    #[serde(default)]
    pub response_types: Option<Vec<String>>,
    /// Whether it proves with each request for a token that it holds a key (RFC 9449 §5.2): then none is given without.
    #[serde(default)]
    pub dpop_bound_access_tokens: Option<bool>,
}

/// A client that registered (RFC 7591 §3.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegisteredClient {
    /// Its id, which holds what it said.
    pub client_id: String,
    /// When, in seconds since the epoch.
    pub client_id_issued_at: i64,
    /// What people are told that it is called.
    pub client_name: String,
    /// Where people may be sent back to, if the application of the resource allows it.
    pub redirect_uris: Vec<String>,
    /// `authorization_code` and `refresh_token`.
    pub grant_types: Vec<String>,
    /// `code`.
    pub response_types: Vec<String>,
    /// `none`.
    pub token_endpoint_auth_method: String,
    /// Whether it gets no token without proving that it holds a key.
    pub dpop_bound_access_tokens: bool,
}
