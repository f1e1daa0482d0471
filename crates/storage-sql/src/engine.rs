//! What both stores share: opening units of work on their pools.

use std::time::Duration;

use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::HmacKey;
use caracal_storage::{Access, Error, GlobalWork, ZoneWork};
use sea_orm::{
    AccessMode, DatabaseConnection, IsolationLevel, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use crate::{
    dialect::Dialect,
    errors::from_driver,
    migrations::{self, MigrationError},
    params::params,
    sql::{Counter, Tx},
    work::{GlobalUnit, ZoneUnit},
};

/// Longest wait for a connection, and on SQLite for the writer before us.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Every zone; only the named exceptions of a global unit see them all.
const ALL_ZONES: &str = "*";

/// Pools, dialect, keys.
pub(crate) struct Engine {
    pub(crate) dialect: Dialect,
    /// For [`Access::Read`].
    pub(crate) readers: DatabaseConnection,
    /// For [`Access::Write`]; on SQLite a single connection.
    pub(crate) writers: DatabaseConnection,
    pub(crate) chain_key: Option<HmacKey>,
    pub(crate) counter: Counter,
}

impl Engine {
    /// Opens a transaction.
    pub(crate) async fn begin(&self, access: Access) -> Result<Tx, Error> {
        let (pool, options) = match (self.dialect, access) {
            // A deferred transaction reads one snapshot from its first statement on.
            (Dialect::Sqlite, Access::Read) => (&self.readers, TransactionOptions::default()),
            (Dialect::Sqlite, Access::Write) => (
                &self.writers,
                // Taking the write lock at once: a later upgrade could fail after work was done.
                TransactionOptions {
                    sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                    ..TransactionOptions::default()
                },
            ),
            (Dialect::Postgres, Access::Read) => (
                &self.readers,
                TransactionOptions {
                    isolation_level: Some(IsolationLevel::RepeatableRead),
                    access_mode: Some(AccessMode::ReadOnly),
                    ..TransactionOptions::default()
                },
            ),
            (Dialect::Postgres, Access::Write) => (&self.writers, TransactionOptions::default()),
        };
        self.counter.add();
        let tx = pool.begin_with_options(options).await.map_err(from_driver)?;
        Ok(Tx::new(tx, self.dialect, self.counter.clone()))
    }

    /// Tells row-level security which zone the transaction is for.
    async fn scope(&self, tx: &Tx, zone: &str) -> Result<(), Error> {
        if self.dialect == Dialect::Postgres {
            tx.run("SELECT set_config('caracal.zone_id', $1, true)", params![zone])
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn zone(&self, zone: &ZoneId, access: Access) -> Result<Box<dyn ZoneWork>, Error> {
        let tx = self.begin(access).await?;
        self.scope(&tx, zone.as_str()).await?;
        Ok(Box::new(ZoneUnit {
            tx,
            zone: zone.clone(),
            chain_key: self.chain_key.clone(),
        }))
    }

    pub(crate) async fn global(&self, access: Access) -> Result<Box<dyn GlobalWork>, Error> {
        let tx = self.begin(access).await?;
        self.scope(&tx, ALL_ZONES).await?;
        Ok(Box::new(GlobalUnit {
            tx,
            chain_key: self.chain_key.clone(),
        }))
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let tx = self.begin(Access::Read).await?;
        migrations::check(&tx).await
    }

    /// Applies every missing migration, each in a transaction of its own; returns their versions.
    pub(crate) async fn migrate(&self, now: Timestamp) -> Result<Vec<i64>, MigrationError> {
        let mut applied = Vec::new();
        loop {
            let tx = self.begin(Access::Write).await?;
            let step = migrations::step(&tx, now).await?;
            tx.commit().await?;
            match step {
                Some(version) => applied.push(version),
                None => return Ok(applied),
            }
        }
    }
}
