//! What both stores share: opening units of work on their pools.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::HmacKey;
use caracal_ledger::chain::LogId;
use caracal_storage::{Access, Connections, Error, GlobalWork, Lock, LogWork, ZoneWork};
use sea_orm::{
    DatabaseConnection, SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::{Database, Pool},
};

use crate::{
    dialect::Dialect,
    group::{self, Groups, Sharing, UnitTx},
    health::Health,
    late::DeferredWrites,
    log_unit::LogTransaction,
    migrations::{self, MigrationError},
    recent::{Learned, Recent},
    sql::{self, AnswerPolicy, Counter, Tx},
    work::{GlobalUnit, ZoneUnit},
};

/// Longest wait for a connection, and on SQLite for the writer before us.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);

/// Every zone; only the named exceptions of a global unit see them all.
const ALL_ZONES: &str = "*";

/// Plans that PostgreSQL keeps are made for the tables as they are the first few times: empty, in a deployment that
/// has just begun. It would go on reading a zone from end to end for hours.
const PLAN_ANEW: &str = "SET LOCAL plan_cache_mode = force_custom_plan;";

/// A log is read from one end to the other, a page at a time, in the order of an index. Without statistics (a ledger that has
/// just been restored) the planner sorts all that is left for each page, which takes the square of the time.
const IN_ORDER: &str = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off;";

/// Whether PostgreSQL would refuse every write: it is a standby, or was told to only read.
const ONLY_READS: &str = "SELECT 1 AS found WHERE pg_is_in_recovery() \
     OR current_setting('default_transaction_read_only')::boolean";

/// A store of this crate.
pub trait SqlStore: HasEngine {}

/// What every store of this crate is made of. Not nameable outside, so nobody else can be a [`SqlStore`].
pub trait HasEngine {
    #[doc(hidden)]
    fn engine(&self) -> &Arc<Engine>;
}

/// Pools, dialect, keys.
#[derive(Clone)]
pub struct Engine {
    pub(crate) dialect: Dialect,
    /// For [`Access::Read`].
    pub(crate) readers: DatabaseConnection,
    /// For [`Access::Write`]; on SQLite a single connection.
    pub(crate) writers: DatabaseConnection,
    pub(crate) chain_key: Option<HmacKey>,
    pub(crate) counter: Counter,
    /// What is known of the connections.
    pub(crate) health: Health,
    /// What is known of the ends of logs.
    pub(crate) recent: Arc<Recent>,
    /// Transactions that units of work share.
    pub(crate) groups: Arc<Groups>,
    /// Longest wait for one answer; `None` where nobody else has to give it.
    pub(crate) timeout: Option<Duration>,
}

impl Engine {
    /// The same pools, counting their statements apart.
    pub(crate) fn counted_apart(&self) -> Self {
        Self {
            counter: Counter::default(),
            groups: Arc::default(),
            ..self.clone()
        }
    }

    /// The connections of each pool.
    pub(crate) fn connections(&self) -> Vec<Connections> {
        fn of<D: Database>(purpose: &'static str, pool: &Pool<D>) -> Connections {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            Connections {
                purpose,
                used: pool.size().saturating_sub(idle),
                idle,
                limit: pool.options().get_max_connections(),
            }
        }
        match self.dialect {
            Dialect::Sqlite => vec![
                of("reads", self.readers.get_sqlite_connection_pool()),
                of("writes", self.writers.get_sqlite_connection_pool()),
            ],
            Dialect::Postgres => vec![of("all", self.writers.get_postgres_connection_pool())],
        }
    }

    /// Opens a transaction outside every zone.
    pub(crate) async fn begin(&self, access: Access) -> Result<Tx, Error> {
        self.begin_in(access, None, "").await
    }

    /// Opens a transaction. `scope` is a zone's id or [`ALL_ZONES`], for row-level security; `settings` are further ones of
    /// PostgreSQL.
    async fn begin_in(&self, access: Access, scope: Option<&str>, settings: &str) -> Result<Tx, Error> {
        let pool = match access {
            Access::Read => &self.readers,
            Access::Write | Access::Grouped(_) => &self.writers,
        };
        let options = match (self.dialect, access) {
            // Taking the write lock at once: a later upgrade could fail after work was done.
            (Dialect::Sqlite, Access::Write | Access::Grouped(_)) => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            },
            // A deferred transaction reads one snapshot from its first statement on.
            _ => TransactionOptions::default(),
        };
        self.counter.add();
        let answers = AnswerPolicy {
            access,
            timeout: self.timeout,
            health: self.health.clone(),
        };
        let span = sql::span_of(self.dialect, access);
        let tx = answers.answer(pool.begin_with_options(options)).await?;
        let tx = Tx::new(tx, self.dialect, self.counter.clone(), answers, span);
        if self.dialect == Dialect::Postgres {
            let mode = match access {
                Access::Read => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;",
                Access::Write | Access::Grouped(_) => "",
            };
            // Ids are `[A-Za-z0-9_.:-]+`, so the literal needs no escaping.
            let scope = scope
                .map(|scope| format!("SET LOCAL caracal.zone_id = '{scope}';"))
                .unwrap_or_default();
            // `SET LOCAL` takes no snapshot, and all settings go in one round trip.
            tx.script(&format!("{mode}{scope}{PLAN_ANEW}{settings}")).await?;
        }
        Ok(tx)
    }

    pub(crate) async fn zone(
        self: &Arc<Self>,
        zone: &ZoneId,
        access: Access,
    ) -> Result<Box<dyn ZoneWork>, Error> {
        let tx = match access {
            Access::Grouped(locks) => {
                UnitTx::Shared(group::join(&self.groups, self.clone(), zone, locks).await?)
            }
            Access::Read | Access::Write => {
                UnitTx::Own(self.begin_in(access, Some(zone.as_str()), "").await?)
            }
        };
        let chain_key = self.chain_key.clone();
        Ok(Box::new(ZoneUnit {
            tx,
            zone: zone.clone(),
            chain_key,
            changed: false,
            recent: self.recent.clone(),
            learned: Learned::default(),
            unended: BTreeMap::new(),
            held: None,
            late: DeferredWrites::default(),
        }))
    }

    pub(crate) async fn global(&self, access: Access) -> Result<Box<dyn GlobalWork>, Error> {
        let tx = self.begin_in(access, Some(ALL_ZONES), "").await?;
        Ok(Box::new(GlobalUnit {
            tx,
            chain_key: self.chain_key.clone(),
            recent: self.recent.clone(),
            learned: Learned::default(),
        }))
    }

    pub(crate) async fn log(&self, log: &LogId, access: Access) -> Result<Box<dyn LogWork>, Error> {
        let scope = log.zone().map_or(ALL_ZONES, ZoneId::as_str);
        let settings = match access {
            Access::Read => IN_ORDER,
            Access::Write | Access::Grouped(_) => "",
        };
        let tx = self.begin_in(access, Some(scope), settings).await?;
        Ok(Box::new(LogTransaction {
            tx,
            log: log.clone(),
            chain_key: self.chain_key.clone(),
            recent: self.recent.clone(),
            learned: Learned::default(),
        }))
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let tx = self.begin(Access::Read).await?;
        migrations::check(&tx).await?;
        if self.dialect == Dialect::Postgres && tx.any(ONLY_READS, Vec::new()).await? {
            // The primary is elsewhere, and only a new connection may lead there.
            self.health.doubt();
            return Err(Error::Unavailable(
                "the server only reads; the primary is elsewhere or the disk is guarded".into(),
            ));
        }
        drop(tx);
        if self.health.writes() {
            return Ok(());
        }
        // Nobody has written lately, or the last one failed: find out instead of waiting for somebody to.
        let tx = self.begin(Access::Write).await?;
        tx.script(match self.dialect {
            // A number in the header of the file that nobody reads; setting it always writes a page.
            Dialect::Sqlite => "PRAGMA user_version = 1",
            // An entry in the log that nobody reads; its commit waits for the disk like any other.
            Dialect::Postgres => "SELECT pg_logical_emit_message(true, 'caracal-ready', '')",
        })
        .await?;
        tx.commit().await
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

#[async_trait]
impl Sharing for Engine {
    async fn begin_shared(&self, zone: &ZoneId, locks: &[Lock]) -> Result<Tx, Error> {
        // Names are ours; ids need no escaping.
        let lock =
            |lock: &Lock| format!("SELECT pg_advisory_xact_lock(hashtextextended('{lock}/{zone}', 0));");
        let locks: Vec<String> = match self.dialect {
            Dialect::Sqlite => Vec::new(),
            Dialect::Postgres => locks.iter().map(lock).collect(),
        };
        self.begin_in(Access::Write, Some(zone.as_str()), &locks.concat())
            .await
    }

    async fn end_shared(&self, zone: &ZoneId, tx: Tx, late: DeferredWrites) -> Result<(), Error> {
        let learned = late
            .write(&tx, zone, self.chain_key.as_ref(), &self.recent)
            .await?;
        tx.commit().await?;
        self.recent.learn(learned);
        Ok(())
    }
}
