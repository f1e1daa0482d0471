//! Accounts at upstreams' OAuth servers.

use async_trait::async_trait;
use caracal_core::{
    ConnectionId, ProviderId, Timestamp,
    entity::{Connection, ConnectionAttempt, ConnectionStatus, ConnectionToken, UpstreamRevocation},
};

use crate::{Error, Page, PageRequest};

/// Which connections are meant. Absent members match everything.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFilter {
    /// Exact provider.
    pub provider_id: Option<ProviderId>,
    /// Exact subject.
    pub subject_id: Option<String>,
    /// How it stands.
    pub status: Option<ConnectionStatus>,
}

/// What a token endpoint gave for a refresh token, sealed.
#[derive(Debug, Clone)]
pub struct RenewedTokens {
    /// Envelope of the access token.
    pub access_token: Vec<u8>,
    /// Envelope of the refresh token that takes the place of the former one; absent where that stays good.
    pub refresh_token: Option<Vec<u8>>,
    /// Scopes, where the server says so; else those that were granted before.
    pub scope: Option<String>,
    /// When the access token ends.
    pub expires_at: Option<Timestamp>,
    /// When it was got.
    pub at: Timestamp,
}

/// A token as it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedToken {
    /// Whose.
    pub connection: ConnectionId,
    /// Which.
    pub token: ConnectionToken,
    /// CSS1 envelope.
    pub envelope: Vec<u8>,
}

/// Connections of the zone. A subject has at most one at a provider that is not revoked.
#[async_trait]
pub trait ProviderConnections: Send {
    /// The connection, however it stands.
    async fn get(&mut self, id: &ConnectionId) -> Result<Option<Connection>, Error>;
    /// The unrevoked connection of exactly this subject.
    async fn find(&mut self, provider: &ProviderId, subject: &str) -> Result<Option<Connection>, Error>;
    /// Connections by `(created_at, id)`, newest first.
    async fn list(
        &mut self,
        filter: &ConnectionFilter,
        page: &PageRequest,
    ) -> Result<Page<Connection>, Error>;
    /// Inserts a connection.
    ///
    /// # Errors
    /// [`Error::Conflict`] (`provider_connections_subject`) when the subject has one at the provider;
    /// [`Error::MissingReference`] when the provider is not in the zone.
    async fn create(&mut self, connection: &Connection) -> Result<(), Error>;
    /// Gives an unrevoked connection other tokens, whatever its version: client, tokens, scope and times of `connection`,
    /// under the next version and active. Whoever is renewing the former ones finds that out. `false` when revoked or
    /// absent.
    async fn replace(&mut self, connection: &Connection) -> Result<bool, Error>;
    /// Claims the renewal of `version` until `until`. Of any number of callers at most one gets `true` while the claim
    /// lasts, and none once there is another version or it is not active.
    async fn claim_renewal(
        &mut self,
        id: &ConnectionId,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error>;
    /// Gives the claim of `version` back, unless it was taken over: `until` is what was claimed.
    async fn release_renewal(
        &mut self,
        id: &ConnectionId,
        version: i64,
        until: Timestamp,
    ) -> Result<(), Error>;
    /// Stores what was got for the refresh token of `version`. `false`, and nothing is stored, when there is another
    /// version or the connection is not active any more.
    async fn renew(&mut self, id: &ConnectionId, version: i64, tokens: &RenewedTokens)
    -> Result<bool, Error>;
    /// Says that what an active connection of `version` has cannot be used any more. `false` as in
    /// [`ProviderConnections::renew`].
    async fn fail(
        &mut self,
        id: &ConnectionId,
        version: i64,
        status: ConnectionStatus,
        at: Timestamp,
    ) -> Result<bool, Error>;
    /// Revokes up to `limit` of those that the filter finds and that are not revoked: their tokens are deleted. Returns them
    /// as they were before.
    async fn revoke(
        &mut self,
        filter: &ConnectionFilter,
        at: Timestamp,
        limit: u32,
    ) -> Result<Vec<Connection>, Error>;
    /// Notes whether the server was told of a revocation.
    async fn note_upstream(&mut self, id: &ConnectionId, outcome: UpstreamRevocation) -> Result<(), Error>;
    /// Every sealed token.
    async fn sealed(&mut self) -> Result<Vec<SealedToken>, Error>;
    /// Replaces the envelope `seen` of a token by one of the same content. `false` when it is another by now.
    async fn reseal(&mut self, seen: &SealedToken, envelope: &[u8]) -> Result<bool, Error>;

    /// Keeps an attempt, and deletes those that ended before it began.
    ///
    /// # Errors
    /// [`Error::MissingReference`] when the provider is not in the zone.
    async fn begin_attempt(&mut self, attempt: &ConnectionAttempt) -> Result<(), Error>;
    /// The attempt of this state, unless it ended by `now` or was taken.
    async fn attempt(
        &mut self,
        state_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<ConnectionAttempt>, Error>;
    /// Takes an attempt; whether it was there. Of any number of callers one gets `true`.
    async fn take_attempt(&mut self, state_digest: &[u8; 32]) -> Result<bool, Error>;
}
