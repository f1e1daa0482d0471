//! SQLite: the store of one machine.
//!
//! Write-ahead log, one writer, a few readers that never block it. `synchronous = FULL`: a revocation that was
//! answered survives a power cut. What that costs is one sync per commit, and the ledger commits in batches.

use std::{
    fmt, fs, io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::HmacKey;
use caracal_ledger::chain::LogId;
use caracal_storage::{Access, Connections, Error, GlobalWork, LogWork, ZoneWork};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, Statement, sqlx::Connection as _,
};

use crate::{
    dialect::Dialect,
    engine::{Engine, TIMEOUT},
    errors::{from_driver, is_locked},
    health::Health,
    migrations::MigrationError,
    over_engine::store_over_engine,
    sql::Counter,
};

/// Connections that only read, opened as they are needed.
const READERS: u32 = 4;

/// Statements kept prepared per connection.
const PREPARED: usize = 64;

/// A store in one file.
pub struct SqliteStore {
    pub(crate) engine: Arc<Engine>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore")
    }
}

impl SqliteStore {
    /// Opens the file, creating it (mode 0600) and its schema as needed. `now` is noted with the migrations it
    /// applies; `chain_key` signs the links of the audit chains.
    ///
    /// # Errors
    /// [`MigrationError`], also when the file cannot be created or is not a database.
    pub async fn open(
        path: &Path,
        chain_key: Option<HmacKey>,
        now: Timestamp,
    ) -> Result<Self, MigrationError> {
        let store = Self::open_unmigrated(path, chain_key).await?;
        store.engine.migrate(now).await?;
        Ok(store)
    }

    /// Opens the file without touching its schema; [`Store::ping`] tells whether it fits.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the file cannot be created or is not a database.
    pub async fn open_unmigrated(path: &Path, chain_key: Option<HmacKey>) -> Result<Self, Error> {
        create_private(path).map_err(|source| Error::Unavailable(Box::new(source)))?;
        // The writer first: it turns on the log that readers rely on.
        let health = Health::default();
        let writers = connect(path, false, &health).await?;
        let readers = connect(path, true, &health).await?;
        Ok(Self {
            engine: Arc::new(Engine {
                dialect: Dialect::Sqlite,
                readers,
                writers,
                chain_key,
                counter: Counter::default(),
                health,
                recent: Arc::default(),
                groups: Arc::default(),
                timeout: None,
            }),
        })
    }

    /// The same database through the same connections, with a statement count of its own: whoever shares a store
    /// among purposes can tell what each of them costs.
    #[must_use]
    pub fn counted_apart(&self) -> Self {
        Self {
            engine: Arc::new(self.engine.counted_apart()),
        }
    }

    /// Applies every missing migration; returns their versions.
    ///
    /// # Errors
    /// [`MigrationError`].
    pub async fn migrate(&self, now: Timestamp) -> Result<Vec<i64>, MigrationError> {
        self.engine.migrate(now).await
    }

    /// Writes a copy of the database at one instant to `target`, which must not exist, and checks it page by page.
    /// Whoever reads and writes meanwhile goes on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be written, [`Error::Corrupt`] when the copy is not sound.
    pub async fn copy_to(&self, target: &Path) -> Result<(), Error> {
        let unavailable = |source| Error::Unavailable(Box::new(source));
        // For its owner alone from the beginning; the statement takes an empty file as one that does not exist.
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(target)
            .map_err(unavailable)?;
        let name = target.to_str().ok_or_else(|| {
            unavailable(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the name is not UTF-8",
            ))
        })?;
        let backend = Dialect::Sqlite.backend();
        let copy = Statement::from_sql_and_values(backend, "VACUUM INTO ?", [name.into()]);
        let lost = |error| from_driver(error, Access::Write);
        self.engine.writers.execute_raw(copy).await.map_err(lost)?;
        fs::File::open(target)
            .and_then(|file| file.sync_all())
            .map_err(unavailable)?;

        let copied = connect(target, true, &Health::default()).await?;
        let check = Statement::from_string(backend, "PRAGMA integrity_check(1)");
        let verdict = copied.query_one_raw(check).await.map_err(lost)?;
        let verdict: Option<String> = match verdict {
            Some(row) => row.try_get_by_index(0).map_err(lost)?,
            None => None,
        };
        copied.close().await.map_err(lost)?;
        match verdict.as_deref() {
            Some("ok") => Ok(()),
            other => Err(Error::Corrupt(
                other.unwrap_or("the check says nothing").to_owned(),
            )),
        }
    }

    /// Closes every connection; the log is merged into the file. What is still in use fails from here on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a connection does not close.
    pub async fn close(&self) -> Result<(), Error> {
        for pool in [&self.engine.readers, &self.engine.writers] {
            pool.close_by_ref()
                .await
                .map_err(|error| from_driver(error, Access::Write))?;
        }
        Ok(())
    }
}

/// Longest wait for another process that holds the file while it is opened.
const OPEN_WITHIN: Duration = Duration::from_secs(30);
/// Pause between two attempts to open it.
const OPEN_AGAIN: Duration = Duration::from_millis(50);

/// Creates the file for its owner alone; the log and its index inherit the mode.
fn create_private(path: &Path) -> io::Result<()> {
    match fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(|_| ()),
    }
}

async fn connect(path: &Path, reads_only: bool, health: &Health) -> Result<DatabaseConnection, Error> {
    let (path, health) = (path.to_owned(), health.clone());
    // The real location goes through the option function: a path needs no escaping there.
    let mut options = ConnectOptions::new("sqlite::memory:");
    options
        .max_connections(if reads_only { READERS } else { 1 })
        .min_connections(u32::from(!reads_only))
        .acquire_timeout(TIMEOUT)
        .connect_timeout(TIMEOUT)
        .max_lifetime(None)
        // Opening a file again is cheap, a cache kept warm for nobody is not.
        .idle_timeout(reads_only.then_some(Duration::from_mins(1)))
        .test_before_acquire(false)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        // The driver counts a transaction as over only when SQLite said so itself. One that SQLite ended on its own
        // stays counted, and the next one would be a savepoint that is never committed.
        .map_sqlx_sqlite_pool_opts(move |options| {
            let health = health.clone();
            options.before_acquire(move |connection, known| {
                let clean = !connection.is_in_transaction() && !health.doubts(known.age);
                Box::pin(std::future::ready(Ok(clean)))
            })
        })
        .map_sqlx_sqlite_opts(move |options| {
            let options = options
                .filename(&path)
                .in_memory(false)
                .shared_cache(false)
                .create_if_missing(false)
                .busy_timeout(TIMEOUT)
                .statement_cache_capacity(PREPARED)
                .pragma("foreign_keys", "ON")
                .pragma("synchronous", "FULL")
                .pragma("temp_store", "MEMORY");
            if reads_only {
                options.pragma("query_only", "ON").pragma("cache_size", "-1024")
            } else {
                options
                    .pragma("journal_mode", "WAL")
                    .pragma("cache_size", "-8192")
                    // Pages between checkpoints: a page that a burst writes often is copied back once.
                    .pragma("wal_autocheckpoint", "4000")
                    // The log is cut back to this after a checkpoint, in bytes.
                    .pragma("journal_size_limit", "16777216")
            }
        });
    let begun = Instant::now();
    loop {
        match Database::connect(options.clone()).await {
            Ok(connection) => return Ok(connection),
            // Another process makes or migrates the file, which takes its time on a busy disk.
            Err(error) if is_locked(&error) && begun.elapsed() < OPEN_WITHIN => {
                tokio::time::sleep(OPEN_AGAIN).await;
            }
            Err(error) => return Err(from_driver(error, Access::Write)),
        }
    }
}

store_over_engine!(SqliteStore);
