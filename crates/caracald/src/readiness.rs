//! What readiness checks, as dependencies with a reason each.

use std::sync::Arc;

use async_trait::async_trait;
use caracal_audit::IngestHealth;
use caracal_events::{Bus, spool::Spool};
use caracal_service::{exchange::Exchange, health::Dependency, revocation::Revocations};
use caracal_storage::{Error, Store};

/// Storage answers and its schema is ours.
#[derive(Debug)]
pub(crate) struct StorageReady(pub(crate) Arc<dyn Store>);

#[async_trait]
impl Dependency for StorageReady {
    async fn check(&self) -> Result<(), &'static str> {
        match self.0.ping().await {
            Ok(()) => Ok(()),
            Err(Error::Corrupt(_)) => Err("schema_mismatch"),
            Err(_) => Err("postgres_unreachable"),
        }
    }
}

/// The bus answers.
#[derive(Debug)]
pub(crate) struct BusReady(pub(crate) Arc<dyn Bus>);

#[async_trait]
impl Dependency for BusReady {
    async fn check(&self) -> Result<(), &'static str> {
        self.0.ping().await.map_err(|_| "redis_unreachable")
    }
}

/// The revocation state is recent.
#[derive(Debug)]
pub(crate) struct RevocationsReady(pub(crate) Arc<Revocations>);

#[async_trait]
impl Dependency for RevocationsReady {
    async fn check(&self) -> Result<(), &'static str> {
        if self.0.is_fresh() {
            Ok(())
        } else {
            Err("revocation_snapshot_stale")
        }
    }
}

/// The spool takes events.
#[derive(Debug)]
pub(crate) struct SpoolReady(pub(crate) Arc<Spool>);

#[async_trait]
impl Dependency for SpoolReady {
    async fn check(&self) -> Result<(), &'static str> {
        self.0.probe().map_err(|_| "audit_replay_unavailable")
    }
}

/// Decisions can be had.
#[derive(Debug)]
pub(crate) struct ExchangeReady(pub(crate) Arc<dyn Exchange>);

#[async_trait]
impl Dependency for ExchangeReady {
    async fn check(&self) -> Result<(), &'static str> {
        self.0.check().await
    }
}

/// Events reach the ledger.
#[derive(Debug)]
pub(crate) struct IngestReady(pub(crate) Arc<IngestHealth>);

#[async_trait]
impl Dependency for IngestReady {
    async fn check(&self) -> Result<(), &'static str> {
        match self.0.reason() {
            None => Ok(()),
            Some(reason) => Err(reason),
        }
    }
}
