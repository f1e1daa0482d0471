//! PostgreSQL: the store of a fleet.

use std::{fmt, io, sync::Arc, time::Duration};

use caracal_core::{Secret, Timestamp, World, ZoneId};
use caracal_crypto::HmacKey;
use caracal_ledger::chain::LogId;
use caracal_storage::{Access, Connections, Error, GlobalWork, LogWork, ZoneWork};
use sea_orm::{ConnectOptions, Database};
use sqlx::{AssertSqlSafe, Connection as _, Error as SqlxError, raw_sql};

use crate::{
    dialect::Dialect,
    engine::Engine,
    errors::from_driver,
    health::Health,
    migrations::MigrationError,
    over_engine::store_over_engine,
    preflight::{self, Preflight, Unusable},
    roles::{self, ServiceRole},
    sql::Counter,
};

/// Longest wait for a sign of life of a connection. A server that takes longer is as good as away.
const PING: Duration = Duration::from_secs(1);

/// How to reach a server and how much to ask of it.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=…`.
    pub url: Secret,
    /// Most connections of this process. Default 20.
    pub max_connections: u32,
    /// Longest run of one statement; also the longest wait for a lock. Default 15 s.
    pub statement_timeout: Duration,
    /// Longest wait for a connection. Default 5 s.
    pub connect_timeout: Duration,
    /// How the server's views name this process, for example `caracal-sts`.
    pub application_name: String,
}

impl PostgresOptions {
    /// Defaults for everything but the address.
    pub fn new(url: Secret) -> Self {
        Self {
            url,
            max_connections: 20,
            statement_timeout: Duration::from_secs(15),
            connect_timeout: Duration::from_secs(5),
            application_name: String::from("caracal"),
        }
    }
}

/// A store on a server.
pub struct PostgresStore {
    pub(crate) engine: Arc<Engine>,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresStore")
    }
}

impl PostgresStore {
    /// Connects. The schema is not touched; [`Store::ping`] tells whether it fits, [`PostgresStore::migrate`] makes
    /// it. `chain_key` signs the links of the audit chains.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the server cannot be reached in time; [`Error::Corrupt`] when the address is not
    /// one.
    pub async fn connect(options: PostgresOptions, chain_key: Option<HmacKey>) -> Result<Self, Error> {
        Self::build(options, chain_key, false).await
    }

    /// As [`PostgresStore::connect`], without connecting yet: the server may be away, and is used once it answers.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the address is not one.
    pub async fn open(options: PostgresOptions, chain_key: Option<HmacKey>) -> Result<Self, Error> {
        Self::build(options, chain_key, true)
            .await
            .map_err(|error| match error {
                // Nothing was connected, so it can only be the address.
                Error::Unavailable(_) => {
                    Error::Corrupt(String::from("the database address cannot be understood"))
                }
                other => other,
            })
    }

    async fn build(
        options: PostgresOptions,
        chain_key: Option<HmacKey>,
        lazily: bool,
    ) -> Result<Self, Error> {
        let url = options.url.expose();
        if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
            return Err(Error::Corrupt(String::from(
                "the database address must start with postgres://",
            )));
        }
        // The server cuts a statement off itself, unless it hangs.
        let timeout = options.statement_timeout + options.connect_timeout;
        // A unit of work whose process hangs must not hold its locks.
        let session = format!(
            "SET statement_timeout = {}; SET idle_in_transaction_session_timeout = '30s'",
            options.statement_timeout.as_millis()
        );
        let health = Health::default();
        let mut connect = ConnectOptions::new(url);
        connect
            .max_connections(options.max_connections)
            .min_connections(0)
            .connect_lazy(lazily)
            .acquire_timeout(options.connect_timeout)
            .connect_timeout(options.connect_timeout)
            .max_lifetime(Duration::from_mins(30))
            .idle_timeout(Duration::from_mins(5))
            // The hooks below do it, in bounded time.
            .test_before_acquire(false)
            .set_application_name(options.application_name)
            .sqlx_logging(false)
            .record_stmt_in_spans(false)
            // A pooler between us and the server knows few parameters of a connection's start and refuses others, so
            // what else the session needs is set once it stands.
            .map_sqlx_postgres_opts(|options| options.extra_float_digits(None))
            .map_sqlx_postgres_pool_opts({
                let health = health.clone();
                move |pool| {
                    let (session, before, after) = (session.clone(), health.clone(), health.clone());
                    pool.after_connect(move |connection, _| {
                        let session = AssertSqlSafe(session.clone());
                        Box::pin(async move { raw_sql(session).execute(connection).await.map(|_| ()) })
                    })
                    // One short round trip per unit of work, and a restarted server costs nobody an error.
                    .before_acquire(move |connection, known| {
                        let health = before.clone();
                        Box::pin(async move {
                            if health.doubts(known.age) {
                                return Ok(false);
                            }
                            in_time(connection.ping(), &health).await.map(|()| true)
                        })
                    })
                    // The driver waits for what is still under way without a limit of its own: a connection that hangs
                    // would never come back, nor its place in the pool.
                    .after_release(move |connection, known| {
                        let health = after.clone();
                        Box::pin(async move {
                            if health.doubts(known.age) {
                                return Ok(false);
                            }
                            in_time(connection.ping(), &health).await.map(|()| true)
                        })
                    })
                }
            });
        let pool = Database::connect(connect)
            .await
            .map_err(|error| from_driver(error, Access::Write))?;
        Ok(Self {
            engine: Arc::new(Engine {
                dialect: Dialect::Postgres,
                readers: pool.clone(),
                writers: pool,
                chain_key,
                counter: Counter::default(),
                health,
                recent: Arc::default(),
                groups: Arc::default(),
                timeout: Some(timeout),
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

    /// Looks whether the server, its schema and this login will do. `strict` turns down a login for which no right
    /// and no row policy counts.
    ///
    /// # Errors
    /// [`Unusable`] when waiting would not help.
    pub async fn preflight(&self, strict: bool) -> Result<Preflight, Unusable> {
        preflight::check(&self.engine, strict).await
    }

    /// Applies every missing migration, each in a transaction of its own under one advisory lock; returns their
    /// versions. Safe when several do it at once.
    ///
    /// # Errors
    /// [`MigrationError`].
    pub async fn migrate(&self, now: Timestamp) -> Result<Vec<i64>, MigrationError> {
        self.engine.migrate(now).await
    }

    /// Lets a service log in with a password, replacing the one before. Needs the right to alter roles.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the password is not printable ASCII or the server refuses.
    pub async fn provision_role_password(
        &self,
        world: &World,
        role: ServiceRole,
        password: &Secret,
    ) -> Result<(), Error> {
        let tx = self.engine.begin(Access::Write).await?;
        roles::provision(&tx, role, password, world.random_bytes()).await?;
        tx.commit().await
    }

    /// Closes every connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a connection does not close.
    pub async fn close(&self) -> Result<(), Error> {
        let closed = self.engine.readers.close_by_ref().await;
        closed.map_err(|error| from_driver(error, Access::Write))
    }
}

/// Whether an idle connection still leads somewhere. All of them lead to one place, so one that does not casts doubt on
/// the others, too.
async fn in_time(
    answer: impl Future<Output = Result<(), SqlxError>>,
    health: &Health,
) -> Result<(), SqlxError> {
    let answer = match tokio::time::timeout(PING, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(SqlxError::Io(io::ErrorKind::TimedOut.into())),
    };
    answer.inspect_err(|_| health.doubt())
}

store_over_engine!(PostgresStore);
