//! Connections of a zone.

use async_trait::async_trait;
use caracal_core::{
    ConnectionId, ProviderId, Timestamp,
    entity::{Connection, ConnectionAttempt, ConnectionStatus, ConnectionToken, UpstreamRevocation},
};
use caracal_storage::{
    ConnectionFilter, Error, Page, PageRequest, ProviderConnections, RenewedTokens, SealedToken,
};

use crate::{
    mapped::{Mapped, mapped},
    paging::Listing,
    params::{json_list, params},
    work::ZoneUnit,
};

mapped!(Connection in "provider_connections" {
    zone_id, id, provider_id, subject_id, status, token_endpoint, client_id, access_token, refresh_token, scope,
    issued_at, expires_at, refreshed_at, revoked_at, upstream_revocation, created_by, created_at, updated_at, version
});
mapped!(ConnectionAttempt in "connection_attempts" {
    zone_id, state_digest, provider_id, provider_version, subject_id, initiator, challenge, created_at, expires_at
});

const COLUMNS: &str = Connection::COLUMNS;

/// Where a search finds the name of the provider that a connection is of: see the sessions.
const NAMES: &str = "
    LEFT JOIN (SELECT id AS named_provider, name AS provider_name FROM providers WHERE zone_id = $1) AS named
        ON named_provider = provider_id";

/// The column of a token.
const fn column(token: ConnectionToken) -> &'static str {
    match token {
        ConnectionToken::Access => "access_token",
        ConnectionToken::Refresh => "refresh_token",
    }
}

impl ZoneUnit {
    fn connections_of(&self, filter: &ConnectionFilter, page: &PageRequest) -> Listing {
        let names = if page.search.is_some() { NAMES } else { "" };
        let sql = format!("SELECT {COLUMNS} FROM provider_connections{names} WHERE zone_id = $1");
        let mut listing = Listing::new(sql, params![self.zone], "created_at", "id").searched(&[
            "id",
            "subject_id",
            "provider_name",
        ]);
        listing.when("provider_id", "=", filter.provider_id.as_ref());
        listing.when("subject_id", "=", filter.subject_id.as_deref());
        listing.when("status", "=", filter.status.map(ConnectionStatus::as_str));
        listing
    }
}

#[async_trait]
impl ProviderConnections for ZoneUnit {
    async fn get(&mut self, id: &ConnectionId) -> Result<Option<Connection>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM provider_connections WHERE zone_id = $1 AND id = $2");
        self.tx
            .one_as(sql, params![self.zone, id], Connection::read)
            .await
    }

    async fn find(&mut self, provider: &ProviderId, subject: &str) -> Result<Option<Connection>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM provider_connections \
             WHERE zone_id = $1 AND provider_id = $2 AND subject_id = $3 AND status <> 'revoked'"
        );
        self.tx
            .one_as(sql, params![self.zone, provider, subject], Connection::read)
            .await
    }

    async fn list(
        &mut self,
        filter: &ConnectionFilter,
        page: &PageRequest,
    ) -> Result<Page<Connection>, Error> {
        self.connections_of(filter, page)
            .read(&self.tx, page, Connection::read)
            .await
    }

    async fn create(&mut self, connection: &Connection) -> Result<(), Error> {
        self.own(&connection.zone_id)?;
        self.tx.insert(connection, &[]).await
    }

    async fn replace(&mut self, connection: &Connection) -> Result<bool, Error> {
        self.own(&connection.zone_id)?;
        let sql = "UPDATE provider_connections SET status = 'active', token_endpoint = $3, client_id = $4, \
             access_token = $5, refresh_token = $6, scope = $7, issued_at = $8, expires_at = $9, \
             refreshed_at = NULL, renewal_claimed_until = NULL, updated_at = $8, version = version + 1 \
             WHERE zone_id = $1 AND id = $2 AND status <> 'revoked'";
        let params = params![
            self.zone,
            connection.id,
            connection.token_endpoint,
            connection.client_id,
            connection.access_token,
            connection.refresh_token,
            connection.scope,
            connection.issued_at,
            connection.expires_at
        ];
        self.tx.changes_one(sql, params).await
    }

    async fn claim_renewal(
        &mut self,
        id: &ConnectionId,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE provider_connections SET renewal_claimed_until = $5 \
             WHERE zone_id = $1 AND id = $2 AND version = $3 AND status = 'active' \
             AND COALESCE(renewal_claimed_until, 0) <= $4";
        let params = params![self.zone, id, version, now, until];
        self.tx.changes_one(sql, params).await
    }

    async fn release_renewal(
        &mut self,
        id: &ConnectionId,
        version: i64,
        until: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE provider_connections SET renewal_claimed_until = NULL \
             WHERE zone_id = $1 AND id = $2 AND version = $3 AND renewal_claimed_until = $4";
        let params = params![self.zone, id, version, until];
        self.tx.run(sql, params).await.map(|_| ())
    }

    async fn renew(
        &mut self,
        id: &ConnectionId,
        version: i64,
        tokens: &RenewedTokens,
    ) -> Result<bool, Error> {
        let sql = "UPDATE provider_connections SET access_token = $4, \
             refresh_token = COALESCE($5, refresh_token), scope = COALESCE($6, scope), expires_at = $7, \
             issued_at = $8, refreshed_at = $8, renewal_claimed_until = NULL, updated_at = $8, \
             version = version + 1 \
             WHERE zone_id = $1 AND id = $2 AND version = $3 AND status = 'active'";
        let params = params![
            self.zone,
            id,
            version,
            tokens.access_token,
            tokens.refresh_token,
            tokens.scope,
            tokens.expires_at,
            tokens.at
        ];
        self.tx.changes_one(sql, params).await
    }

    async fn fail(
        &mut self,
        id: &ConnectionId,
        version: i64,
        status: ConnectionStatus,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let sql = "UPDATE provider_connections SET status = $4, renewal_claimed_until = NULL, updated_at = $5 \
             WHERE zone_id = $1 AND id = $2 AND version = $3 AND status = 'active'";
        let params = params![self.zone, id, version, status, at];
        self.tx.changes_one(sql, params).await
    }

    async fn revoke(
        &mut self,
        filter: &ConnectionFilter,
        at: Timestamp,
        limit: u32,
    ) -> Result<Vec<Connection>, Error> {
        let page = PageRequest::first(limit);
        let mut found = self.connections_of(filter, &page);
        found.and("status <> 'revoked'");
        let found = found.read(&self.tx, &page, Connection::read).await?;
        if found.items.is_empty() {
            return Ok(found.items);
        }
        let ids = json_list(found.items.iter().map(|connection| connection.id.as_str()));
        let sql = format!(
            "UPDATE provider_connections SET status = 'revoked', revoked_at = $3, updated_at = $3, \
             access_token = NULL, refresh_token = NULL, renewal_claimed_until = NULL, version = version + 1 \
             WHERE zone_id = $1 AND {} AND status <> 'revoked'",
            self.tx.dialect.is_one_of("id", 2)
        );
        self.tx.run(sql, params![self.zone, ids, at]).await?;
        Ok(found.items)
    }

    async fn note_upstream(&mut self, id: &ConnectionId, outcome: UpstreamRevocation) -> Result<(), Error> {
        let sql = "UPDATE provider_connections SET upstream_revocation = $3 WHERE zone_id = $1 AND id = $2";
        self.tx
            .run(sql, params![self.zone, id, outcome])
            .await
            .map(|_| ())
    }

    async fn sealed(&mut self) -> Result<Vec<SealedToken>, Error> {
        let sql = "SELECT id, access_token, refresh_token FROM provider_connections \
             WHERE zone_id = $1 AND status <> 'revoked'";
        let rows = self.tx.all(sql, params![self.zone]).await?;
        let mut sealed = Vec::with_capacity(rows.len() * 2);
        for row in &rows {
            for token in ConnectionToken::ALL {
                if let Some(envelope) = row.opt_bytes(column(*token))? {
                    sealed.push(SealedToken {
                        connection: row.id("id")?,
                        token: *token,
                        envelope,
                    });
                }
            }
        }
        Ok(sealed)
    }

    async fn reseal(&mut self, seen: &SealedToken, envelope: &[u8]) -> Result<bool, Error> {
        let column = column(seen.token);
        let sql = format!(
            "UPDATE provider_connections SET {column} = $4 WHERE zone_id = $1 AND id = $2 AND {column} = $3"
        );
        let params = params![self.zone, seen.connection, seen.envelope, envelope];
        self.tx.changes_one(sql, params).await
    }

    async fn begin_attempt(&mut self, attempt: &ConnectionAttempt) -> Result<(), Error> {
        self.own(&attempt.zone_id)?;
        let ended = "DELETE FROM connection_attempts WHERE zone_id = $1 AND expires_at <= $2";
        self.tx.run(ended, params![self.zone, attempt.created_at]).await?;
        self.tx.insert(attempt, &[]).await
    }

    async fn attempt(
        &mut self,
        state_digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<ConnectionAttempt>, Error> {
        let sql = format!(
            "SELECT {} FROM connection_attempts \
             WHERE zone_id = $1 AND state_digest = $2 AND expires_at > $3",
            ConnectionAttempt::COLUMNS
        );
        self.tx
            .one_as(
                sql,
                params![self.zone, state_digest, now],
                ConnectionAttempt::read,
            )
            .await
    }

    async fn take_attempt(&mut self, state_digest: &[u8; 32]) -> Result<bool, Error> {
        let sql = "DELETE FROM connection_attempts WHERE zone_id = $1 AND state_digest = $2";
        self.tx.changes_one(sql, params![self.zone, state_digest]).await
    }
}
