//! Connections: accounts at upstreams' OAuth servers that are used for a subject.

use crate::{ConnectionId, ProviderId, Timestamp, ZoneId, words};

/// The subject of a connection that serves whoever has none of their own.
pub const SHARED_SUBJECT: &str = "caracal:shared";

words!(
    /// How a connection stands.
    ConnectionStatus {
        /// Its tokens are used.
        Active = "active",
        /// The server renews nothing any more, or the provider's client became another: a person has to connect again.
        ReauthorizationRequired = "reauthorization_required",
        /// Its token ran out, and nothing renews it.
        Expired = "expired",
        /// Somebody ended it; its tokens are gone.
        Revoked = "revoked",
    }
);

words!(
    /// What became of telling the server that its tokens are not needed any more (RFC 7009).
    UpstreamRevocation {
        /// Nobody told it.
        NotAsked = "not_asked",
        /// It took them back.
        Revoked = "revoked",
        /// The provider names no place where one could tell it.
        Unsupported = "unsupported",
        /// It did not answer, or not with a yes.
        Failed = "failed",
    }
);

words!(
    /// Which token of a connection.
    ConnectionToken {
        /// What calls carry.
        Access = "access",
        /// What gets the next one.
        Refresh = "refresh",
    }
);

/// An account that was connected. Tokens are sealed, and gone once it is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Id. It stays when the same subject connects again.
    pub id: ConnectionId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Whose server it is an account at.
    pub provider_id: ProviderId,
    /// For whom it is used, or [`SHARED_SUBJECT`].
    pub subject_id: String,
    /// How it stands.
    pub status: ConnectionStatus,
    /// The token endpoint that gave the tokens: they are sent to no other.
    pub token_endpoint: String,
    /// The client that they were given to.
    pub client_id: String,
    /// CSS1 envelope of the access token; absent once revoked.
    pub access_token: Option<Vec<u8>>,
    /// CSS1 envelope of the refresh token, where there is one.
    pub refresh_token: Option<Vec<u8>>,
    /// Scopes that were granted, where the server says so.
    pub scope: Option<String>,
    /// When the access token was got.
    pub issued_at: Timestamp,
    /// When it ends, where that is known.
    pub expires_at: Option<Timestamp>,
    /// When it was renewed last.
    pub refreshed_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Whether the server was told so.
    pub upstream_revocation: UpstreamRevocation,
    /// Who connected it.
    pub created_by: String,
    /// Creation.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// 1, 2, 3, …: one more with every change of its tokens. Whoever renews them names the version they were read at.
    pub version: i64,
}

impl Connection {
    /// Whether it can be renewed without a person.
    pub const fn is_renewable(&self) -> bool {
        self.refresh_token.is_some()
    }
}

/// Somebody on the way to an OAuth server and back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionAttempt {
    /// Digest of the `state` that comes back. The state itself is kept nowhere.
    pub state_digest: [u8; 32],
    /// Zone.
    pub zone_id: ZoneId,
    /// To whose server.
    pub provider_id: ProviderId,
    /// The provider's version: a code is given to the endpoint it was asked for, and to no other.
    pub provider_version: i64,
    /// For whom.
    pub subject_id: String,
    /// Who began, and alone may finish.
    pub initiator: String,
    /// PKCE challenge (RFC 7636 §4.2).
    pub challenge: String,
    /// Begin.
    pub created_at: Timestamp,
    /// End.
    pub expires_at: Timestamp,
}
