//! Connections: accounts at upstreams' OAuth servers, from the tokens that a server gives to their end.
//!
//! A token is sealed for the connection that it belongs to, before it reaches a row, and opened only for whoever sends
//! it. Connecting again gives the connection there is other tokens; whoever renews the former ones meanwhile stores
//! nothing. What is revoked has no tokens any more, so that no replica can use it, whatever it remembers, and an event names
//! it, so that what streams with one of them is cut.

use caracal_core::{
    ConnectionId, ProviderId, Secret, Timestamp, World,
    entity::{Connection, ConnectionStatus, ConnectionToken, UpstreamRevocation},
};
use caracal_crypto::{KeyRing, Location};
use caracal_storage::{ConnectionFilter, Error, RenewedTokens, ZoneWork};

use crate::events::Events;

/// Connections that one statement revokes.
const BATCH: u32 = 500;

/// What seals.
#[derive(Debug, Clone, Copy)]
pub struct Sealing<'s> {
    /// Randomness and time.
    pub world: &'s World,
    /// The keys.
    pub keys: &'s KeyRing,
}

/// What a token endpoint gave.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The access token.
    pub access: Secret,
    /// The refresh token, where there is one.
    pub refresh: Option<Secret>,
    /// Scopes, where the server says so.
    pub scope: Option<String>,
    /// When the access token ends, where that is known.
    pub expires_at: Option<Timestamp>,
}

/// Whose account it is, and whose client the tokens were given to.
#[derive(Debug, Clone, Copy)]
pub struct ConnectedAccount<'a> {
    /// The provider.
    pub provider: &'a ProviderId,
    /// For whom it is used.
    pub subject: &'a str,
    /// The token endpoint that gave the tokens.
    pub token_endpoint: &'a str,
    /// The client.
    pub client_id: &'a str,
    /// Who connects it.
    pub by: &'a str,
}

impl Sealing<'_> {
    fn seal(
        self,
        work: &dyn ZoneWork,
        id: &ConnectionId,
        kind: ConnectionToken,
        token: &Secret,
    ) -> Result<Vec<u8>, Error> {
        let location = Location::connection_token(work.zone_id(), id, kind);
        self.keys
            .seal(self.world, &location, token.expose().as_bytes())
            .map_err(|_| Error::Corrupt(String::from("a token could not be sealed")))
    }
}

/// Connects an account. The subject's connection at the provider gets the tokens where there is one.
///
/// # Errors
/// As the storage; [`Error::Contended`] when the subject connected elsewhere at the same time.
pub async fn connect(
    work: &mut dyn ZoneWork,
    sealing: Sealing<'_>,
    account: ConnectedAccount<'_>,
    tokens: &Tokens,
) -> Result<Connection, Error> {
    let now = sealing.world.now();
    let there = work.connections().find(account.provider, account.subject).await?;
    let id = match &there {
        Some(there) => there.id.clone(),
        None => ConnectionId::generate(sealing.world),
    };
    let refresh = tokens.refresh.as_ref();
    let refresh = refresh.map(|token| sealing.seal(work, &id, ConnectionToken::Refresh, token));
    let mut connection = Connection {
        zone_id: work.zone_id().clone(),
        provider_id: account.provider.clone(),
        subject_id: account.subject.to_owned(),
        status: ConnectionStatus::Active,
        token_endpoint: account.token_endpoint.to_owned(),
        client_id: account.client_id.to_owned(),
        access_token: Some(sealing.seal(work, &id, ConnectionToken::Access, &tokens.access)?),
        refresh_token: refresh.transpose()?,
        scope: tokens.scope.clone(),
        issued_at: now,
        expires_at: tokens.expires_at,
        refreshed_at: None,
        revoked_at: None,
        upstream_revocation: UpstreamRevocation::NotAsked,
        created_by: account.by.to_owned(),
        created_at: now,
        updated_at: now,
        version: 1,
        id,
    };
    let Some(there) = there else {
        return match work.connections().create(&connection).await {
            Ok(()) => Ok(connection),
            Err(Error::Conflict { .. }) => Err(Error::Contended("the subject connected meanwhile".into())),
            Err(error) => Err(error),
        };
    };
    if !work.connections().replace(&connection).await? {
        return Err(Error::Contended("the connection was revoked meanwhile".into()));
    }
    connection.created_by = there.created_by;
    connection.created_at = there.created_at;
    Ok(connection)
}

/// Stores what was got for the refresh token of `seen`; whether it was, which it is not when somebody else changed the
/// connection since.
///
/// # Errors
/// As the storage.
pub async fn renew(
    work: &mut dyn ZoneWork,
    sealing: Sealing<'_>,
    seen: &Connection,
    tokens: &Tokens,
) -> Result<bool, Error> {
    let refresh = tokens.refresh.as_ref();
    let refresh = refresh.map(|token| sealing.seal(work, &seen.id, ConnectionToken::Refresh, token));
    let renewed = RenewedTokens {
        access_token: sealing.seal(work, &seen.id, ConnectionToken::Access, &tokens.access)?,
        refresh_token: refresh.transpose()?,
        scope: tokens.scope.clone(),
        expires_at: tokens.expires_at,
        at: sealing.world.now(),
    };
    work.connections().renew(&seen.id, seen.version, &renewed).await
}

/// Says that what the connection has cannot be used any more; whether it was said, as in [`renew`].
///
/// # Errors
/// As the storage.
pub async fn fail(
    work: &mut dyn ZoneWork,
    seen: &Connection,
    status: ConnectionStatus,
    at: Timestamp,
) -> Result<bool, Error> {
    work.connections().fail(&seen.id, seen.version, status, at).await
}

/// Revokes what the filter finds at `at`, and says so to whatever carries their tokens at that moment. Their tokens are
/// deleted; they are returned as they were, so that the server can be told. `reason` travels with the events; printable.
///
/// # Errors
/// As the storage; nothing of the unit of work may be committed then.
pub async fn revoke(
    work: &mut dyn ZoneWork,
    world: &World,
    filter: &ConnectionFilter,
    at: Timestamp,
    reason: &str,
) -> Result<Vec<Connection>, Error> {
    let zone = work.zone_id().clone();
    let mut revoked = Vec::new();
    loop {
        let some = work.connections().revoke(filter, at, BATCH).await?;
        if some.is_empty() {
            return Ok(revoked);
        }
        let mut events = Events::new(world, &zone);
        for connection in &some {
            events.connection_revoke(&connection.id, reason);
        }
        work.outbox().append(&events.into_messages()?).await?;
        revoked.extend(some);
    }
}

/// A token of the connection, opened for whoever sends it; absent when there is none.
///
/// # Errors
/// [`Error::Corrupt`] when it does not open.
pub fn open(keys: &KeyRing, connection: &Connection, kind: ConnectionToken) -> Result<Option<Secret>, Error> {
    let envelope = match kind {
        ConnectionToken::Access => &connection.access_token,
        ConnectionToken::Refresh => &connection.refresh_token,
    };
    let Some(envelope) = envelope else {
        return Ok(None);
    };
    let location = Location::connection_token(&connection.zone_id, &connection.id, kind);
    let unreadable = || Error::Corrupt(format!("the {kind} token of a connection cannot be opened"));
    let opened = keys.open(&location, envelope).map_err(|_| unreadable())?;
    let text = std::str::from_utf8(&opened).map_err(|_| unreadable())?;
    Ok(Some(Secret::new(text)))
}
