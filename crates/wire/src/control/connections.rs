//! Connections: accounts at upstreams' OAuth servers.

use caracal_core::{
    ConnectionId, ProviderId, Timestamp, ZoneId,
    entity::{Connection, ConnectionStatus, UpstreamRevocation},
    words,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Line;

/// Which connections to list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListConnections {
    /// Only those at this provider.
    pub provider_id: Option<ProviderId>,
    /// Only those of exactly this subject.
    pub subject_id: Option<Line<512>>,
    /// Only those that stand so.
    pub status: Option<ConnectionStatus>,
}

/// Body that keeps tokens which somebody got elsewhere. Unknown members are ignored. Not printable: it holds credentials.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateConnection {
    /// For whom; `caracal:shared`, for whoever has none of their own, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<Line<512>>,
    /// At which provider.
    pub provider_id: ProviderId,
    /// The access token: at most 16384 printable characters without blanks.
    pub access_token: String,
    /// The refresh token, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// When the access token ends, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// Body that begins to connect an account, or ends a connection. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionOf {
    /// For whom; `caracal:shared`, for whoever has none of their own, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_id: Option<Line<512>>,
    /// At which provider.
    pub provider_id: ProviderId,
}

/// Where a person says yes, and what comes back with them. Not printable: whoever has it is on the way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BegunAuthorization {
    /// The address to open in a browser.
    pub authorization_url: String,
    /// What comes back as `state`.
    pub state: String,
    /// When it is too late to come back.
    pub expires_at: Timestamp,
}

/// What a person comes back with. Not printable: it holds a code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuthorizationAnswer {
    /// The state that was given out.
    pub state: Line<256>,
    /// The code, where the person said yes.
    pub code: Option<Line<4096>>,
    /// Why there is none.
    pub error: Option<Line<256>>,
    /// Who says so (RFC 9207).
    pub iss: Option<Line<2048>>,
}

words!(
    /// Why a server does not authorize: RFC 6749 §4.1.2.1 and OpenID Connect Core §3.1.2.6. Other words are not repeated.
    ProviderAuthorizationError {
        /// The person or the server said no.
        AccessDenied = "access_denied",
        /// The request is not as the server wants it.
        InvalidRequest = "invalid_request",
        /// The client may not ask so.
        UnauthorizedClient = "unauthorized_client",
        /// The server gives no codes.
        UnsupportedResponseType = "unsupported_response_type",
        /// A scope is unknown or not for this client.
        InvalidScope = "invalid_scope",
        /// The server failed.
        ServerError = "server_error",
        /// The server has too much to do.
        TemporarilyUnavailable = "temporarily_unavailable",
        /// The person has to do something first.
        InteractionRequired = "interaction_required",
        /// The person has to sign in first.
        LoginRequired = "login_required",
        /// The person has to choose an account first.
        AccountSelectionRequired = "account_selection_required",
        /// The person has to agree first.
        ConsentRequired = "consent_required",
    }
);

/// `details` of `provider_oauth_denied`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuthorizationDenied {
    /// The server's word, where it is one of the known ones.
    pub error: Option<ProviderAuthorizationError>,
}

/// `details` of `provider_token_exchange_failed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExchangeFailed {
    /// The word of RFC 6749 §5.2 that the server said, where it said one.
    pub error: Option<String>,
}

/// A connection. Its tokens are shown by no route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionItem {
    /// Id. It stays when the same subject connects again.
    pub id: ConnectionId,
    /// Zone.
    pub zone_id: ZoneId,
    /// For whom; `caracal:shared` for whoever has none of their own.
    pub subject_id: String,
    /// At which provider.
    pub provider_id: ProviderId,
    /// How it stands.
    pub status: ConnectionStatus,
    /// When its access token ends, where that is known.
    pub expires_at: Option<Timestamp>,
    /// When it was renewed last.
    pub refreshed_at: Option<Timestamp>,
    /// Whether it is renewed without a person.
    pub renewable: bool,
    /// Scopes that were granted, where the server says so.
    pub scope: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// What became of telling the server that it was revoked.
    pub upstream_revocation: UpstreamRevocation,
    /// Who connected it.
    pub created_by: String,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

impl From<Connection> for ConnectionItem {
    fn from(connection: Connection) -> Self {
        Self {
            renewable: connection.is_renewable(),
            id: connection.id,
            zone_id: connection.zone_id,
            subject_id: connection.subject_id,
            provider_id: connection.provider_id,
            status: connection.status,
            expires_at: connection.expires_at,
            refreshed_at: connection.refreshed_at,
            scope: connection.scope,
            revoked_at: connection.revoked_at,
            upstream_revocation: connection.upstream_revocation,
            created_by: connection.created_by,
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }
}
