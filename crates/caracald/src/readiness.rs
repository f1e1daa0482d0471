//! What readiness checks, as dependencies with a reason each.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use caracal_api::ApiDeps;
use caracal_audit::IngestHealth;
use caracal_events::{Bus, OutboxRelay, ShortLived, SpoolError, spool::Spool};
use caracal_service::{exchange::Exchange, health::Dependency, revocation::Revocations};
use caracal_storage::{Error, Store};
use caracal_wire::health::NotReady;
use tokio_util::sync::CancellationToken;

/// Longest wait for one dependency: a probe has two seconds for all, and must still say which one it was.
const TIMEOUT: Duration = Duration::from_millis(800);
/// Pause between two attempts to store the bootstrap token.
const SEED_PAUSE: Duration = Duration::from_millis(500);

/// The answer of a dependency, with the `reason` of its error; `late` when it does not come in time.
async fn in_time<E>(
    answer: impl Future<Output = Result<(), E>>,
    reason: impl FnOnce(E) -> NotReady,
    late: NotReady,
) -> Result<(), NotReady> {
    match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(reason),
        Err(_) => Err(late),
    }
}

/// Storage answers and its schema is ours.
#[derive(Debug)]
pub(crate) struct StorageReady(pub(crate) Arc<dyn Store>);

#[async_trait]
impl Dependency for StorageReady {
    async fn check(&self) -> Result<(), NotReady> {
        let away = NotReady::PostgresUnreachable;
        let reason = |error| match error {
            Error::Corrupt(_) => NotReady::SchemaMismatch,
            _ => away,
        };
        in_time(self.0.ping(), reason, away).await
    }
}

/// The bus answers.
#[derive(Debug)]
pub(crate) struct BusReady(pub(crate) Arc<dyn Bus>);

#[async_trait]
impl Dependency for BusReady {
    async fn check(&self) -> Result<(), NotReady> {
        let away = NotReady::RedisUnreachable;
        in_time(self.0.ping(), |_| away, away).await
    }
}

/// What is committed is published. An end that nobody hears of is no end, so a role that cannot tell takes no changes.
#[derive(Debug)]
pub(crate) struct RelayReady(pub(crate) Arc<OutboxRelay>);

#[async_trait]
impl Dependency for RelayReady {
    async fn check(&self) -> Result<(), NotReady> {
        if self.0.is_publishing() {
            Ok(())
        } else {
            Err(NotReady::RedisUnreachable)
        }
    }
}

/// Used mandates and counters can be had.
#[derive(Debug)]
pub(crate) struct ShortLivedReady(pub(crate) Arc<dyn ShortLived>);

#[async_trait]
impl Dependency for ShortLivedReady {
    async fn check(&self) -> Result<(), NotReady> {
        let away = NotReady::RedisUnreachable;
        in_time(self.0.check(), |_| away, away).await
    }
}

/// The revocation state is recent.
#[derive(Debug)]
pub(crate) struct RevocationsReady(pub(crate) Arc<Revocations>);

#[async_trait]
impl Dependency for RevocationsReady {
    async fn check(&self) -> Result<(), NotReady> {
        if self.0.is_fresh() {
            Ok(())
        } else {
            Err(NotReady::RevocationSnapshotStale)
        }
    }
}

/// The spool takes events: follows its last write, and tries one after a failure.
#[derive(Debug)]
pub(crate) struct SpoolReady(pub(crate) Arc<Spool>);

#[async_trait]
impl Dependency for SpoolReady {
    async fn check(&self) -> Result<(), NotReady> {
        let (spool, away) = (self.0.clone(), NotReady::AuditReplayUnavailable);
        // It may try a write, and a slow disk must not stop the worker.
        let probe = tokio::task::spawn_blocking(move || spool.probe());
        in_time(async { probe.await.unwrap_or(Err(SpoolError::InUse)) }, |error| {
            tracing::warn!(error = %caracal_service::error_chain(&error), "the audit spool takes no events");
            away
        }, away)
        .await
    }
}

/// The token of zone keys answered when it was last asked.
#[cfg(feature = "pkcs11")]
#[derive(Debug)]
pub(crate) struct TokenReady(pub(crate) caracal_pkcs11::Pkcs11Token);

#[cfg(feature = "pkcs11")]
#[async_trait]
impl Dependency for TokenReady {
    async fn check(&self) -> Result<(), NotReady> {
        if self.0.is_up() {
            Ok(())
        } else {
            Err(NotReady::ZoneKeysUnreachable)
        }
    }
}

/// Decisions can be had.
#[derive(Debug)]
pub(crate) struct ExchangeReady(pub(crate) Arc<dyn Exchange>);

#[async_trait]
impl Dependency for ExchangeReady {
    async fn check(&self) -> Result<(), NotReady> {
        self.0.check().await
    }
}

/// Events reach the ledger.
#[derive(Debug)]
pub(crate) struct IngestReady(pub(crate) Arc<IngestHealth>);

#[async_trait]
impl Dependency for IngestReady {
    async fn check(&self) -> Result<(), NotReady> {
        self.0.reason().map_or(Ok(()), Err)
    }
}

/// The bootstrap admin token is stored, so that it can be used.
#[derive(Debug, Default)]
pub(crate) struct Seeded(AtomicBool);

impl Seeded {
    /// Stores it, however long the database is away or another replica is doing the same.
    pub(crate) async fn run(self: Arc<Self>, api: ApiDeps, shutdown: CancellationToken) {
        while let Err(error) = caracal_api::seed_bootstrap(&api).await {
            let error = caracal_service::error_chain(&error);
            tracing::warn!(error, "could not store the bootstrap admin token; trying again");
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(SEED_PAUSE) => {}
            }
        }
        self.0.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Dependency for Seeded {
    async fn check(&self) -> Result<(), NotReady> {
        if self.0.load(Ordering::Relaxed) {
            Ok(())
        } else {
            Err(NotReady::BootstrapPending)
        }
    }
}
