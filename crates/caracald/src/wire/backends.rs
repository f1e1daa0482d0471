//! Opening stores and buses, embedded or remote.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use caracal_core::{Secret, World};
use caracal_crypto::{HmacKey, HmacRing, KeyRing, SecretHasher, sealed::DerivedKeys, system_world};
use caracal_events::{
    Bus, EmbeddedBus, EmbeddedOptions, OutboxQueue, RedisBus, RedisOptions, ShortLived, StreamSigner,
    shortlived::{MemoryOptions, MemoryShortLived, RedisShortLived},
};
use caracal_ledger::log_keys::LogKeys;
use caracal_service::key_check::{self, KeyRefused};
use caracal_storage::Store;
use caracal_storage_sql::{
    AppliedMigration, PostgresOptions, PostgresStore, Preflight, ServiceRole, SqlOutboxQueue, SqlStore,
    SqliteStore, Unusable, applied_migrations,
};

use super::{
    database_file,
    guarded::Guarded,
    home_lock::HomeLock,
    keys::{self, KeyMaterial},
    preflight::StartupChecks,
};
use crate::{
    config::{Backend, Config, Role},
    secrets,
};

/// Longest wait for a connection to PostgreSQL: while it is away, requests are answered after this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest statement of a migration.
const MIGRATION_STEP: Duration = Duration::from_hours(1);
/// Longest wait for an answer of the bus, length of a read that waits for entries, and pauses before reconnecting. A
/// replica knows that it is out of sync after the sum of the first two, and is in sync again soon after the bus is back.
const BUS_TIMEOUT: Duration = Duration::from_secs(2);
const BUS_BLOCK: Duration = Duration::from_secs(1);
const BUS_BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// Longest wait for short-lived state: on the hot path a slow answer is worse than a quick 503.
const HOT_TIMEOUT: Duration = Duration::from_millis(500);

/// The backends, open.
pub(super) struct Backends {
    pub(super) store: Arc<dyn Store>,
    /// The same store as the ledger uses it, counted apart.
    pub(super) ledger: Arc<dyn Store>,
    /// The same store as the relay uses it, counted apart.
    pub(super) relay: Arc<dyn Store>,
    pub(super) queue: Arc<dyn OutboxQueue>,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) short_lived: Arc<dyn ShortLived>,
    /// Whether the remote ones will do; absent where everything is here.
    pub(super) checks: Option<Arc<StartupChecks>>,
    /// The file of one machine, to be closed at the end.
    pub(super) sqlite: Option<SqliteStore>,
    /// Keeps other daemons out of the state directory for as long as this process lives.
    pub(super) home: Option<HomeLock>,
}

impl Backends {
    /// Opens what the configuration names. Remote servers may be away; what waiting cannot mend is an error.
    pub(super) async fn open(
        config: &Config,
        keys: &KeyMaterial,
        world: &World,
        roles: &[Role],
    ) -> anyhow::Result<Self> {
        let signer = match &keys.streams {
            Some(key) => StreamSigner::new(key.clone()),
            None => StreamSigner::without_key(true),
        };
        match &config.backend {
            Backend::Embedded => embedded(config, keys, signer, world).await,
            Backend::Production {
                database_url,
                redis_url,
            } => {
                // Those who seal record their key; the others are not allowed to.
                let records = roles.contains(&Role::Api) || roles.contains(&Role::Sts);
                let compared = keys.ring().map(|ring| (ring.clone(), records));
                remote(config, keys, signer, world, (database_url, redis_url), compared).await
            }
        }
    }
}

async fn embedded(
    config: &Config,
    keys: &KeyMaterial,
    signer: StreamSigner,
    world: &World,
) -> anyhow::Result<Backends> {
    // Two daemons over one file would each believe their memory: revocations of one are news to the other.
    let home = HomeLock::take(&config.home)?;
    let path = database_file::path(config);
    database_file::require_database(&path)?;
    let cannot = || format!("cannot open the database {}", path.display());
    let store = SqliteStore::open_unmigrated(&path, Some(keys.audit.current().clone()))
        .await
        .with_context(cannot)?;
    // Before the schema is touched, as far as there is one.
    match key_check::known(&store, keys.keyring()?).await {
        Ok(()) | Err(KeyRefused::Storage(_)) => {}
        Err(refused) => {
            // Leaves the file as it was found, without a log beside it.
            let _ = store.close().await;
            return Err(refused.into());
        }
    }
    store.migrate(world.now()).await.with_context(cannot)?;
    key_check::recorded(&store, keys.keyring()?, world).await?;
    let options = EmbeddedOptions {
        dead_letter_dir: Some(config.home.join("dead-letters")),
        ..EmbeddedOptions::default()
    };
    let bus = EmbeddedBus::open(world.clone(), signer, options).context("cannot open the event bus")?;
    let memory = MemoryOptions {
        replay_dir: Some(config.home.join("replay")),
        ..MemoryOptions::default()
    };
    let short_lived =
        MemoryShortLived::open(world.clone(), memory).context("cannot open the replay journal")?;
    let (ledger, relay) = (store.counted_apart(), store.counted_apart());
    Ok(Backends {
        sqlite: Some(store.counted_apart()),
        home: Some(home),
        ..sharing(store, ledger, relay, Arc::new(bus), Arc::new(short_lived), world)
    })
}

async fn remote(
    config: &Config,
    keys: &KeyMaterial,
    signer: StreamSigner,
    world: &World,
    (database_url, redis_url): (&Secret, &Secret),
    compared: Option<(Arc<KeyRing>, bool)>,
) -> anyhow::Result<Backends> {
    let options = PostgresOptions {
        connect_timeout: CONNECT_TIMEOUT,
        ..postgres_options(config, database_url)
    };
    let store = PostgresStore::open(options, Some(keys.audit.current().clone()))
        .await
        .context("DATABASE_URL is not usable")?;
    let options = RedisOptions {
        ca: config.extra_ca()?,
        require_noeviction: config.mode.is_published(),
        timeout: BUS_TIMEOUT,
        block: BUS_BLOCK,
        backoff: BUS_BACKOFF,
        evidence_bound: config.audit_stream_bound,
        ..RedisOptions::new(redis_url.expose())
    };
    let bus = RedisBus::open(world.clone(), signer, options.clone()).context("REDIS_URL is not usable")?;
    let hot = RedisOptions {
        timeout: HOT_TIMEOUT,
        ..options
    };
    let short_lived = RedisShortLived::open(world.clone(), &hot).context("REDIS_URL is not usable")?;
    let checks = StartupChecks::at(
        store.counted_apart(),
        bus.clone(),
        world,
        config.mode.is_published(),
        compared,
    )
    .await?;
    let (ledger, relay) = (store.counted_apart(), store.counted_apart());
    let mut backends = sharing(store, ledger, relay, Arc::new(bus), Arc::new(short_lived), world);
    if let Some(compared) = checks.compared() {
        let store = backends.store;
        backends.store = Arc::new(Guarded { store, compared });
    }
    backends.checks = Some(Arc::new(checks));
    Ok(backends)
}

fn sharing<S: Store + SqlStore + 'static>(
    store: S,
    ledger: S,
    relay: S,
    bus: Arc<dyn Bus>,
    short_lived: Arc<dyn ShortLived>,
    world: &World,
) -> Backends {
    let relay = Arc::new(relay);
    Backends {
        queue: Arc::new(SqlOutboxQueue::new(relay.clone(), world.clone())),
        relay,
        ledger: Arc::new(ledger),
        store: Arc::new(store),
        bus,
        short_lived,
        checks: None,
        sqlite: None,
        home: None,
    }
}

fn postgres_options(config: &Config, url: &Secret) -> PostgresOptions {
    PostgresOptions {
        max_connections: config.db_max_conns,
        application_name: config.application_name(),
        ..PostgresOptions::new(url.clone())
    }
}

async fn postgres(config: &Config, url: &Secret, audit: Option<HmacKey>) -> anyhow::Result<PostgresStore> {
    PostgresStore::connect(postgres_options(config, url), audit)
        .await
        .context("cannot reach PostgreSQL (DATABASE_URL)")
}

/// Brings the schema up to date and returns its version.
pub(crate) async fn migrate(config: &Config) -> anyhow::Result<i64> {
    let world = system_world();
    match &config.backend {
        Backend::Embedded => {
            secrets::private_directory(&config.home)?;
            let store = SqliteStore::open_unmigrated(&database_file::path(config), None).await?;
            store.migrate(world.now()).await?;
        }
        Backend::Production { database_url, .. } => {
            // A step over a large table takes longer than any request may.
            let options = PostgresOptions {
                statement_timeout: MIGRATION_STEP,
                ..postgres_options(config, database_url)
            };
            let store = PostgresStore::connect(options, None).await;
            let store = store.context("cannot reach PostgreSQL (DATABASE_URL)")?;
            store.migrate(world.now()).await?;
            for (role, password) in &config.role_passwords {
                let role = ServiceRole::ALL
                    .into_iter()
                    .find(|known| known.name() == *role)
                    .with_context(|| format!("{role} is not a service role"))?;
                store.provision_role_password(&world, role, password).await?;
            }
        }
    }
    Ok(caracal_storage_sql::SCHEMA_VERSION)
}

/// Writes a copy of the embedded database at one instant to `target`.
pub(crate) async fn copy_database(config: &Config, target: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        matches!(config.backend, Backend::Embedded),
        "the stores are PostgreSQL's and Redis's: back them up with their own tools"
    );
    let path = database_file::path(config);
    anyhow::ensure!(path.exists(), "there is no database {}", path.display());
    let store = SqliteStore::open_unmigrated(&path, None).await?;
    store.copy_to(target).await?;
    store.close().await?;
    Ok(())
}

/// The outbox, for commands that look after it.
pub(crate) async fn outbox(config: &Config) -> anyhow::Result<SqlOutboxQueue> {
    let world = system_world();
    Ok(match &config.backend {
        Backend::Embedded => {
            let store = SqliteStore::open_unmigrated(&database_file::path(config), None).await?;
            SqlOutboxQueue::new(Arc::new(store), world)
        }
        Backend::Production { database_url, .. } => {
            SqlOutboxQueue::new(Arc::new(postgres(config, database_url, None).await?), world)
        }
    })
}

/// What PostgreSQL says to the login of this environment, told apart as strictly as a published mode does.
pub(crate) async fn preflight_of_store(config: &Config) -> anyhow::Result<Result<Preflight, Unusable>> {
    let Backend::Production { database_url, .. } = &config.backend else {
        anyhow::bail!("there is no PostgreSQL to ask");
    };
    let options = PostgresOptions {
        connect_timeout: CONNECT_TIMEOUT,
        ..postgres_options(config, database_url)
    };
    let store = PostgresStore::open(options, None)
        .await
        .context("DATABASE_URL is not usable")?;
    Ok(store.preflight(true).await)
}

/// The store with its outbox and its migrations, for whoever asks how it is.
pub(crate) async fn store_for_support(
    config: &Config,
) -> anyhow::Result<(Arc<dyn Store>, SqlOutboxQueue, Vec<AppliedMigration>)> {
    async fn of<S: SqlStore + Store + 'static>(
        store: S,
    ) -> anyhow::Result<(Arc<dyn Store>, SqlOutboxQueue, Vec<AppliedMigration>)> {
        let applied = applied_migrations(&store).await?;
        let store = Arc::new(store);
        let queue = SqlOutboxQueue::new(store.clone(), system_world());
        Ok((store, queue, applied))
    }
    match &config.backend {
        Backend::Embedded => {
            let path = database_file::path(config);
            anyhow::ensure!(path.exists(), "there is no database {}", path.display());
            of(SqliteStore::open_unmigrated(&path, None).await?).await
        }
        Backend::Production { database_url, .. } => of(postgres(config, database_url, None).await?).await,
    }
}

/// The ledger's store and the keys of its links, for offline verification.
pub(crate) async fn ledger(mut config: Config) -> anyhow::Result<(Arc<dyn Store>, Option<HmacRing>)> {
    if matches!(config.backend, Backend::Embedded) {
        secrets::complete(&system_world(), &config.home, &mut config.keys)?;
    }
    let audit = keys::audit(&config)?;
    let chain_key = Some(audit.current().clone());
    let store: Arc<dyn Store> = match &config.backend {
        Backend::Embedded => {
            Arc::new(SqliteStore::open_unmigrated(&database_file::path(&config), chain_key).await?)
        }
        Backend::Production { database_url, .. } => {
            Arc::new(postgres(&config, database_url, chain_key).await?)
        }
    };
    Ok((store, Some(audit)))
}

/// The keys of checkpoints, where there are any.
///
/// # Errors
/// When the secrets of the embedded deployment cannot be read, or no keys can be made of them.
pub(crate) fn log_keys(mut config: Config) -> anyhow::Result<Option<LogKeys>> {
    if matches!(config.backend, Backend::Embedded) {
        secrets::complete(&system_world(), &config.home, &mut config.keys)?;
    }
    keys::log_keys(&config)
}

/// What commands work with that administer what is sealed.
pub(crate) struct Administration {
    pub(crate) world: World,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) hasher: Arc<SecretHasher>,
    pub(crate) token_keys: DerivedKeys,
}

/// Opens the store for an administrative command. The login must own the schema, as that of `migrate` does.
pub(crate) async fn administration(mut config: Config) -> anyhow::Result<Administration> {
    let world = system_world();
    let store: Arc<dyn Store> = match &config.backend {
        Backend::Embedded => {
            let path = database_file::path(&config);
            anyhow::ensure!(path.exists(), "there is no database {}", path.display());
            secrets::complete(&world, &config.home, &mut config.keys)?;
            Arc::new(SqliteStore::open_unmigrated(&path, None).await?)
        }
        Backend::Production { database_url, .. } => Arc::new(postgres(&config, database_url, None).await?),
    };
    let (keys, token_keys) = keys::ring_and_token_keys(&config)?;
    Ok(Administration {
        hasher: keys::hasher_of(&keys, &world)?,
        world,
        store,
        keys,
        token_keys,
    })
}
