//! One log, as long as a unit of work looks at it.

use std::sync::Arc;

use async_trait::async_trait;
use caracal_crypto::HmacKey;
use caracal_ledger::chain::LogId;
use caracal_storage::{Error, Log, LogRetention, LogWork};

use crate::{
    dialect::Dialect,
    params::params,
    recent::{Learned, Recent},
    sql::Tx,
};

/// A log within a transaction.
pub(crate) struct LogUnit<'u> {
    pub(crate) tx: &'u Tx,
    pub(crate) log: LogId,
    /// Its name, as it is hashed.
    pub(crate) name: String,
    pub(crate) key: Option<&'u HmacKey>,
    pub(crate) recent: &'u Recent,
    pub(crate) learned: &'u mut Learned,
}

/// Whoever looks at one log.
pub(crate) trait HasLog: Send {
    /// The log.
    fn unit(&mut self) -> LogUnit<'_>;
}

/// What a log is filed under: a ledger under its zone, all others under their name, which is no zone's.
pub(crate) fn filed(log: &LogId) -> String {
    match log {
        LogId::Ledger(zone) => zone.to_string(),
        LogId::Admin(_) | LogId::Deployment => log.name(),
    }
}

/// The log that is filed under `name`.
pub(crate) fn filed_under(name: &str) -> Result<LogId, Error> {
    let log = if name.contains('/') {
        LogId::named(name)
    } else {
        name.parse().ok().map(LogId::Ledger)
    };
    log.ok_or_else(|| Error::Corrupt(format!("{name} is no log")))
}

impl<'u> LogUnit<'u> {
    pub(crate) fn new(
        tx: &'u Tx,
        log: LogId,
        key: Option<&'u HmacKey>,
        recent: &'u Recent,
        learned: &'u mut Learned,
    ) -> Self {
        Self {
            name: log.name(),
            tx,
            log,
            key,
            recent,
            learned,
        }
    }

    /// Serialises holders of the same name of what this log is of. SQLite's only writer needs nothing.
    pub(crate) async fn lock_name(&self, name: &str) -> Result<(), Error> {
        if self.tx.dialect == Dialect::Postgres {
            // 64 bits, and a separator no id contains, so that unrelated names do not meet.
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))";
            let whose = self.log.zone().map_or("*", |zone| zone.as_str());
            self.tx.run(sql, params![name, whose]).await?;
        }
        Ok(())
    }
}

/// A transaction over one log.
pub(crate) struct LogTransaction {
    pub(crate) tx: Tx,
    pub(crate) log: LogId,
    pub(crate) chain_key: Option<HmacKey>,
    pub(crate) recent: Arc<Recent>,
    pub(crate) learned: Learned,
}

impl HasLog for LogTransaction {
    fn unit(&mut self) -> LogUnit<'_> {
        LogUnit::new(
            &self.tx,
            self.log.clone(),
            self.chain_key.as_ref(),
            &self.recent,
            &mut self.learned,
        )
    }
}

#[async_trait]
impl LogWork for LogTransaction {
    fn log(&mut self) -> &mut dyn Log {
        self
    }

    fn retention(&mut self) -> &mut dyn LogRetention {
        self
    }

    async fn commit(self: Box<Self>) -> Result<(), Error> {
        self.tx.commit().await?;
        self.recent.learn(self.learned);
        Ok(())
    }
}
