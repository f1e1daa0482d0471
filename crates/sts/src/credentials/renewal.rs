//! One renewal of a connection's tokens: claimed in the store, asked once, stored before anything uses it.

use std::{sync::Arc, time::Duration};

use caracal_core::{
    Timestamp, World, ZoneId,
    entity::{Connection, ConnectionStatus, ConnectionToken, provider_config::AuthorizationCodeConfig},
};
use caracal_crypto::KeyRing;
use caracal_lifecycle::connections::{self, Sealing, Tokens};
use caracal_service::oauth::{TokenClient, TokenError};
use caracal_storage::{Access, Error as StorageError, Store};
use caracal_wire::ErrorCode;
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use super::BrokerError;
use crate::metrics;

/// How long one replica has a renewal for itself. Longer than the question and the writing may take together, so that
/// nobody sends the same refresh token meanwhile.
const CLAIM: Duration = Duration::from_secs(30);
/// Attempts to store what a server gave: it is gone otherwise, and the connection with it.
const STORES: u32 = 5;
/// How long storing it may take in all: within the claim, with the question before it.
const STORE_WITHIN: Duration = Duration::from_secs(20);
/// Longest time that nobody asks after failures in a row.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// Turns at renewing one connection in this process, and how long nobody asks.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    pub(super) turn: Arc<Turn<()>>,
    silent: Mutex<Silence>,
}

#[derive(Debug, Default)]
struct Silence {
    failures: u32,
    until: Option<(Timestamp, TokenError)>,
}

impl Renewal {
    pub(super) fn silent(&self, now: Timestamp) -> Option<TokenError> {
        let silent = self.silent.lock();
        let (until, error) = silent.until.as_ref()?;
        (*until > now).then(|| error.clone())
    }

    fn failed(&self, now: Timestamp, error: &TokenError) {
        let mut silent = self.silent.lock();
        let pause = Duration::from_secs(1 << silent.failures.min(5)).min(MAX_SILENCE);
        silent.failures = silent.failures.saturating_add(1);
        silent.until = Some((now.plus(pause), error.clone()));
    }

    fn answered(&self) {
        *self.silent.lock() = Silence::default();
    }
}

/// What one renewal works with. It owns all of it, so that it outlives the call.
pub(super) struct Job {
    pub(super) client: TokenClient,
    pub(super) world: World,
    pub(super) store: Arc<dyn Store>,
    pub(super) keys: Arc<KeyRing>,
    pub(super) zone: ZoneId,
    pub(super) config: AuthorizationCodeConfig,
    pub(super) renewal: Arc<Renewal>,
    pub(super) _turn: OwnedMutexGuard<()>,
}

/// Says that what was read as `seen` cannot be used any more; `false` where it became another meanwhile.
pub(super) async fn fail(
    store: &dyn Store,
    zone: &ZoneId,
    seen: &Connection,
    status: ConnectionStatus,
    at: Timestamp,
) -> Result<bool, BrokerError> {
    let mut work = store.zone(zone, Access::Write).await?;
    let failed = connections::fail(work.as_mut(), seen, status, at).await?;
    work.commit().await?;
    Ok(failed)
}

impl Job {
    /// Renews what was read as `seen`; `false` where somebody else does, or did.
    pub(super) async fn renew(self, seen: Connection) -> Result<bool, BrokerError> {
        let now = self.world.now();
        if let Some(error) = self.renewal.silent(now) {
            return Err(error.into());
        }
        let until = now.plus(CLAIM);
        let mut work = self.store.zone(&self.zone, Access::Write).await?;
        let claimed = work
            .connections()
            .claim_renewal(&seen.id, seen.version, now, until)
            .await?;
        work.commit().await?;
        if !claimed {
            return Ok(false);
        }
        let token = connections::open(&self.keys, &seen, ConnectionToken::Refresh)?;
        let token = token.ok_or(BrokerError::Reauthorize)?;
        let reply = self.client.renew(&self.config, &token).await;
        metrics::token_asked(match &reply {
            Ok(_) => "granted",
            Err(error) if error.is_outage() => "unavailable",
            Err(_) => "refused",
        });
        match reply {
            Ok(reply) => {
                self.renewal.answered();
                self.store(&seen, &reply.into_tokens(self.world.now())).await
            }
            Err(TokenError::Denied {
                error: Some(word), ..
            }) if word == ErrorCode::InvalidGrant.as_str() => {
                self.renewal.answered();
                let status = ConnectionStatus::ReauthorizationRequired;
                let at = self.world.now();
                if fail(self.store.as_ref(), &self.zone, &seen, status, at).await? {
                    tracing::warn!(
                        zone.id = %self.zone, connection.id = %seen.id,
                        "the server renews a connection no more; a person has to connect again"
                    );
                    return Err(BrokerError::Reauthorize);
                }
                // It was given other tokens meanwhile.
                Ok(false)
            }
            Err(error) => {
                self.renewal.failed(self.world.now(), &error);
                self.release(&seen, until).await;
                Err(error.into())
            }
        }
    }

    /// Stores what the server gave. Until that is done nothing uses it.
    async fn store(&self, seen: &Connection, tokens: &Tokens) -> Result<bool, BrokerError> {
        let storing = async {
            let mut attempt = 1;
            loop {
                match self.store_once(seen, tokens).await {
                    Err(error) if error.is_retryable() && attempt < STORES => {
                        tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
                        attempt += 1;
                    }
                    settled => return settled,
                }
            }
        };
        let stored = tokio::time::timeout(STORE_WITHIN, storing).await;
        let stored = stored.unwrap_or_else(|_| Err(StorageError::Unavailable("it took too long".into())));
        stored.map_err(|error| {
            tracing::error!(
                zone.id = %self.zone, connection.id = %seen.id,
                "tokens that a server gave could not be stored; it may take the connection back"
            );
            error.into()
        })
    }

    async fn store_once(&self, seen: &Connection, tokens: &Tokens) -> Result<bool, StorageError> {
        let sealing = Sealing {
            world: &self.world,
            keys: &self.keys,
        };
        let mut work = self.store.zone(&self.zone, Access::Write).await?;
        let stored = connections::renew(work.as_mut(), sealing, seen, tokens).await?;
        work.commit().await?;
        Ok(stored)
    }

    /// Lets others try. Should that fail, they do once the claim runs out.
    async fn release(&self, seen: &Connection, until: Timestamp) {
        let released = async {
            let mut work = self.store.zone(&self.zone, Access::Write).await?;
            work.connections()
                .release_renewal(&seen.id, seen.version, until)
                .await?;
            work.commit().await
        };
        if let Err(error) = released.await {
            tracing::warn!(error = %caracal_service::error_chain(&error), "could not give a claim back");
        }
    }
}
