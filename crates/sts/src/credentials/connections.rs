//! Tokens of accounts that people connected: read for each call, so that what was revoked is refused by every replica at
//! once, and renewed by one replica at a time.
//!
//! A server that rotates refresh tokens takes everything back when it sees one twice (RFC 9700 §4.14). So whoever renews
//! has claimed that in the store first, asks once, and stores what it got before anything uses it; whoever lost the race
//! reads what the other stored. The renewal goes on when the call that began it is given up.

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_core::{
    ConnectionId, ProviderId, Secret, Timestamp, World, ZoneId,
    entity::{
        Connection, ConnectionStatus, ConnectionToken, SHARED_SUBJECT,
        provider_config::AuthorizationCodeConfig,
    },
};
use caracal_crypto::KeyRing;
use caracal_lifecycle::connections;
use caracal_service::{egress::Egress, oauth::TokenClient};
use caracal_storage::{Access, Store};
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;
use tokio_util::task::TaskTracker;

use super::{
    BrokerError,
    renewal::{Job, Renewal, fail},
};

/// How long before its end a token is renewed, unless it lives so short that a fifth of its life is less.
const EARLY: Duration = Duration::from_secs(30);
/// Pause between two looks at what another replica renews.
const LOOK: Duration = Duration::from_millis(50);
/// Most connections that are remembered for a renewal.
const MAX_TURNS: usize = 4096;

/// A token that a call may carry.
#[derive(Debug)]
pub(crate) struct CallToken {
    pub(crate) connection: ConnectionId,
    pub(crate) secret: Secret,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Whose token of which provider.
pub(crate) struct Of<'o> {
    pub(crate) store: &'o Arc<dyn Store>,
    pub(crate) keys: &'o Arc<KeyRing>,
    pub(crate) zone: &'o ZoneId,
    pub(crate) provider: &'o ProviderId,
    pub(crate) config: &'o AuthorizationCodeConfig,
    pub(crate) subject: &'o str,
}

/// How a connection serves now.
enum Standing {
    /// Its token serves.
    Fresh,
    /// Its token serves, and its end is near.
    Ageing,
    /// Its token ran out and can be renewed.
    Stale,
    /// Its token ran out, and nothing renews it.
    Ended,
    /// A person has to connect again.
    Reauthorize,
}

/// Tokens of connections of every provider.
#[derive(Debug)]
pub struct ConnectionTokens {
    client: TokenClient,
    world: World,
    tasks: TaskTracker,
    renewals: Mutex<HashMap<ConnectionId, Arc<Renewal>>>,
}

impl ConnectionTokens {
    /// Asks through `egress`; `tasks` are waited for when the process ends, so that no renewal is cut in two. One for a
    /// process.
    pub fn new(egress: Arc<Egress>, world: World, tasks: TaskTracker) -> Self {
        Self {
            client: TokenClient::new(egress, world.clone()),
            world,
            tasks,
            renewals: Mutex::default(),
        }
    }

    /// A token for a call: of the subject's own connection, else of the shared one.
    pub(crate) async fn token(&self, of: &Of<'_>) -> Result<CallToken, BrokerError> {
        let connection = of.find().await?.ok_or(BrokerError::NotConnected)?;
        match standing(&connection, of.config, self.world.now()) {
            Standing::Fresh => of.open(&connection),
            Standing::Ageing => {
                // Whoever comes first renews it; nobody waits for that, for the token serves.
                let renewal = self.renewal(&connection.id);
                if let Ok(turn) = renewal.turn.clone().try_lock_owned() {
                    let job = self.job(of, renewal, turn);
                    let seen = connection.clone();
                    drop(self.tasks.spawn(async move { job.renew(seen).await }));
                }
                of.open(&connection)
            }
            Standing::Stale => self.renewed(of, connection).await,
            Standing::Ended => {
                let at = self.world.now();
                fail(
                    of.store.as_ref(),
                    of.zone,
                    &connection,
                    ConnectionStatus::Expired,
                    at,
                )
                .await?;
                Err(BrokerError::Reauthorize)
            }
            Standing::Reauthorize => Err(BrokerError::Reauthorize),
        }
    }

    /// The token of a connection once it was renewed, here or by another replica. The caller bounds the wait.
    async fn renewed(&self, of: &Of<'_>, mut connection: Connection) -> Result<CallToken, BrokerError> {
        loop {
            let renewal = self.renewal(&connection.id);
            let turn = renewal.turn.clone().lock_owned().await;
            // Whoever had the turn before may have done it.
            connection = of.again(&connection.id).await?;
            match standing(&connection, of.config, self.world.now()) {
                Standing::Fresh | Standing::Ageing => return of.open(&connection),
                Standing::Ended | Standing::Reauthorize => return Err(BrokerError::Reauthorize),
                Standing::Stale => {}
            }
            let job = self.job(of, renewal, turn);
            let seen = connection.clone();
            let done = self.tasks.spawn(async move { job.renew(seen).await }).await;
            if !done.map_err(|_| BrokerError::Unavailable)?? {
                // Another replica has it, or changed the connection.
                tokio::time::sleep(LOOK).await;
            }
        }
    }

    fn renewal(&self, id: &ConnectionId) -> Arc<Renewal> {
        let mut renewals = self.renewals.lock();
        if renewals.len() >= MAX_TURNS && !renewals.contains_key(id) {
            let now = self.world.now();
            renewals.retain(|_, other| Arc::strong_count(other) > 1 || other.silent(now).is_some());
            if renewals.len() >= MAX_TURNS {
                // Their silence is forgotten; the claims in the store still keep renewals apart.
                renewals.retain(|_, other| Arc::strong_count(other) > 1);
            }
        }
        renewals.entry(id.clone()).or_default().clone()
    }

    fn job(&self, of: &Of<'_>, renewal: Arc<Renewal>, turn: OwnedMutexGuard<()>) -> Job {
        Job {
            client: self.client.clone(),
            world: self.world.clone(),
            store: of.store.clone(),
            keys: of.keys.clone(),
            zone: of.zone.clone(),
            config: of.config.clone(),
            renewal,
            _turn: turn,
        }
    }
}

impl Of<'_> {
    async fn find(&self) -> Result<Option<Connection>, BrokerError> {
        let mut work = self.store.zone(self.zone, Access::Read).await?;
        for subject in [self.subject, SHARED_SUBJECT] {
            if let Some(found) = work.connections().find(self.provider, subject).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn again(&self, id: &ConnectionId) -> Result<Connection, BrokerError> {
        let mut work = self.store.zone(self.zone, Access::Read).await?;
        let found = work.connections().get(id).await?;
        let found = found.filter(|connection| connection.status != ConnectionStatus::Revoked);
        found.ok_or(BrokerError::NotConnected)
    }

    fn open(&self, connection: &Connection) -> Result<CallToken, BrokerError> {
        let secret = connections::open(self.keys, connection, ConnectionToken::Access)?;
        Ok(CallToken {
            connection: connection.id.clone(),
            secret: secret.ok_or(BrokerError::Unavailable)?,
            expires_at: connection.expires_at,
        })
    }
}

fn standing(connection: &Connection, config: &AuthorizationCodeConfig, now: Timestamp) -> Standing {
    // Tokens go to the server that gave them, for the client it gave them to, whatever the provider says by now.
    let client = &config.client;
    if connection.token_endpoint != client.token_endpoint || connection.client_id != client.client_id {
        return Standing::Reauthorize;
    }
    if connection.status != ConnectionStatus::Active {
        return Standing::Reauthorize;
    }
    let Some(end) = connection.expires_at else {
        return Standing::Fresh;
    };
    let early = EARLY.min(end.since(connection.issued_at) / 5);
    match (end > now, end.minus(early) > now, connection.is_renewable()) {
        (_, true, _) | (true, false, false) => Standing::Fresh,
        (true, false, true) => Standing::Ageing,
        (false, false, true) => Standing::Stale,
        (false, false, false) => Standing::Ended,
    }
}

#[cfg(test)]
mod tests {
    use caracal_core::entity::{ProviderConfig, ProviderKind};
    use caracal_storage::conformance::given::Given;
    use serde_json::json;

    use super::*;

    fn config(client_id: &str) -> AuthorizationCodeConfig {
        let settings = json!({
            "authorization_endpoint": "https://id.example.com/auth", "token_endpoint": "https://id.example.com/token",
            "redirect_uri": "https://app.example.com/back", "client_id": client_id,
        });
        let kind = ProviderKind::Oauth2AuthorizationCode;
        match ProviderConfig::read(kind, settings.as_object().unwrap()).unwrap() {
            ProviderConfig::AuthorizationCode(config) => *config,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_token_serves_to_its_end_and_is_renewed_before() {
        let given = Given::new(&World::for_tests());
        let connection = given.connection(&given.provider());
        let (start, end) = (connection.issued_at, connection.expires_at.unwrap());
        let standing = |connection: &Connection, at| standing(connection, &config("caracal"), at);
        assert!(matches!(standing(&connection, start), Standing::Fresh));
        let early = end.minus(EARLY);
        let tick = Duration::from_micros(1);
        assert!(matches!(
            standing(&connection, early.minus(tick)),
            Standing::Fresh
        ));
        assert!(matches!(standing(&connection, early), Standing::Ageing));
        assert!(matches!(standing(&connection, end.minus(tick)), Standing::Ageing));
        assert!(matches!(standing(&connection, end), Standing::Stale));
        let short = Connection {
            expires_at: Some(start.plus(Duration::from_secs(10))),
            ..connection.clone()
        };
        assert!(matches!(
            standing(&short, start.plus(Duration::from_secs(7))),
            Standing::Fresh
        ));
        assert!(matches!(
            standing(&short, start.plus(Duration::from_secs(8))),
            Standing::Ageing
        ));
        let unrenewable = Connection {
            refresh_token: None,
            ..connection.clone()
        };
        assert!(matches!(standing(&unrenewable, end.minus(tick)), Standing::Fresh));
        assert!(matches!(standing(&unrenewable, end), Standing::Ended));
        let endless = Connection {
            expires_at: None,
            ..connection.clone()
        };
        assert!(matches!(standing(&endless, end), Standing::Fresh));
    }

    #[test]
    fn what_another_client_got_or_what_failed_is_not_sent() {
        let given = Given::new(&World::for_tests());
        let connection = given.connection(&given.provider());
        let now = connection.issued_at;
        assert!(matches!(
            standing(&connection, &config("other"), now),
            Standing::Reauthorize
        ));
        let elsewhere = Connection {
            token_endpoint: String::from("https://elsewhere.example.com/token"),
            ..connection.clone()
        };
        assert!(matches!(
            standing(&elsewhere, &config("caracal"), now),
            Standing::Reauthorize
        ));
        for status in [
            ConnectionStatus::ReauthorizationRequired,
            ConnectionStatus::Expired,
            ConnectionStatus::Revoked,
        ] {
            let failed = Connection {
                status,
                ..connection.clone()
            };
            assert!(matches!(
                standing(&failed, &config("caracal"), now),
                Standing::Reauthorize
            ));
        }
    }
}
