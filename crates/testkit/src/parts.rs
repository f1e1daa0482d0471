//! What roles share, as the daemon builds it, over private servers or none.
//!
//! The clock is the test's and the random generator seeded, so that a test reads the same twice; keys, sockets and
//! stores are real. A test builds its role from these parts and talks to it through [`Parts::client`].

mod backends;
mod evidence;
mod seed;

use std::{sync::Arc, time::Duration};

use caracal_core::{Secret, World};
use caracal_crypto::{
    HmacKey, HmacRing, KeyRing, SecretHasher,
    secret_hash::{HashLimits, SECRET_HASH_LABEL},
};
use caracal_events::{
    Bus, OutboxRelay, ShortLived, Spool, SpoolDrainer, StreamSigner, SyncMode, outbox::RelayOptions,
};
use caracal_service::{
    assemble,
    bearers::Bearers,
    front::Served,
    health::Operational,
    revocation::Revocations,
    waiting::Waiting,
    zones::{AnnouncingStore, Followed, LiveAuthority, ZoneDirectory, follow},
};
use caracal_storage::Store;
use caracal_storage_sql::SqliteStore;
use metrics_exporter_prometheus::PrometheusBuilder;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{client::Client, database::Database, redis::Redis};
pub use backends::Backends;
use evidence::Collector;

/// Issuer of mandates in tests.
pub const ISSUER: &str = "https://sts.test";

/// How to start [`Parts`].
#[derive(Debug, Clone)]
pub struct PartsOptions {
    /// Where they keep what they keep.
    pub backends: Backends,
    /// Clock and generator.
    pub world: World,
    /// Whether what is committed is published, and what is published takes effect in memory.
    pub follow: bool,
    /// Whether revocations are known from the start.
    pub fresh: bool,
    /// Whether audit events are taken from the bus, as the Audit role would.
    pub collect: bool,
    /// Capacity of the audit spool.
    pub spool_bytes: u64,
}

impl Default for PartsOptions {
    fn default() -> Self {
        Self {
            backends: Backends::Embedded,
            world: World::for_tests(),
            follow: true,
            fresh: true,
            collect: true,
            spool_bytes: 8 << 20,
        }
    }
}

/// The shared parts of one process.
#[derive(Debug)]
pub struct Parts {
    /// Clock and generator: manual and seeded unless the options say otherwise.
    pub world: World,
    /// A fresh store.
    pub store: Arc<dyn Store>,
    /// The SQLite store below, where there is one.
    pub sqlite: Option<Arc<SqliteStore>>,
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// The relay, running.
    pub outbox: Arc<OutboxRelay>,
    /// The audit spool; what it drains is read with [`Parts::events`].
    pub spool: Arc<Spool>,
    /// Seals and opens secrets at rest.
    pub keyring: Arc<KeyRing>,
    /// Hashes client secrets.
    pub hasher: Arc<SecretHasher>,
    /// Zones in memory.
    pub zones: Arc<ZoneDirectory>,
    /// Sessions and delegations in memory.
    pub authority: Arc<LiveAuthority>,
    /// Revocation state.
    pub revocations: Arc<Revocations>,
    /// Who waits for a person to decide.
    pub waiting: Arc<Waiting>,
    /// Replay and rate limits.
    pub short_lived: Arc<dyn ShortLived>,
    /// Key of frames and of the ledger.
    pub audit_key: HmacRing,
    collector: Collector,
    // First the tasks, then what they use.
    _shutdown: DropGuard,
    redis: Option<Redis>,
    database: Option<Database>,
    directory: TempDir,
}

/// A key of repeated digits, another for each first one.
fn key(digit: char) -> String {
    format!("{digit}1a2b3c4d5e6f708").repeat(4)
}

impl Parts {
    /// [`Self::audit_key`] in hex, as programs take it.
    pub fn audit_key_hex() -> String {
        key('1')
    }

    /// Starts everything over no server.
    ///
    /// # Panics
    /// When a part cannot start: the test cannot go on.
    pub async fn start() -> Self {
        Self::with(PartsOptions::default()).await
    }

    /// Starts everything that `options` ask for.
    ///
    /// # Panics
    /// When a part cannot start.
    pub async fn with(options: PartsOptions) -> Self {
        let PartsOptions { backends, world, .. } = options;
        let directory = tempfile::tempdir().expect("a temporary directory");
        let hmac = |digit| HmacKey::from_hex(&key(digit)).expect("a strong key");
        let (audit_key, signer) = (HmacRing::from(hmac('1')), StreamSigner::new(hmac('2')));
        let chain_key = audit_key.current().clone();
        let open = Box::pin(backends.open(&world, directory.path(), chain_key, signer)).await;
        let (store, bus) = (open.store, open.bus);
        let outbox = OutboxRelay::new(
            world.clone(),
            Arc::new(open.queue),
            bus.clone(),
            RelayOptions::default(),
        );
        let spool = Spool::open_in(
            &world,
            directory.path().join("spool"),
            SyncMode::Interval(Duration::from_secs(1)),
            audit_key.clone(),
            options.spool_bytes,
        )
        .expect("a spool");
        let keyring = Arc::new(KeyRing::from_hex(&key('3'), None).expect("a strong key encryption key"));
        let hasher = Arc::new(SecretHasher::new(
            world.clone(),
            keyring.derive(SECRET_HASH_LABEL).expect("a derived key"),
            HashLimits::default(),
        ));
        let zones = Arc::new(ZoneDirectory::new(store.clone(), keyring.clone(), world.clone()));
        let authority = Arc::new(LiveAuthority::new(store.clone(), world.clone()));
        let revocations = Arc::new(Revocations::new(world.clone()));
        let waiting = Arc::new(Waiting::default());
        if options.fresh {
            revocations
                .reload(store.as_ref())
                .await
                .expect("a revocation snapshot");
        }
        let shutdown = CancellationToken::new();
        let store = if options.follow {
            let followed = Followed {
                store: store.clone(),
                zones: zones.clone(),
                authority: authority.clone(),
                revocations: revocations.clone(),
                waiting: waiting.clone(),
            };
            tokio::spawn(follow(followed.clone(), bus.clone(), shutdown.clone()));
            let (relay, shutdown) = (outbox.clone(), shutdown.clone());
            tokio::spawn(async move { relay.run(shutdown).await });
            // As the daemon does: what is committed is in force here before it is answered.
            Arc::new(AnnouncingStore::new(store, followed))
        } else {
            store
        };
        tokio::spawn(SpoolDrainer::run(
            spool.clone(),
            bus.clone(),
            audit_key.clone(),
            shutdown.clone(),
        ));
        let collector = Collector::default();
        if options.collect {
            collector.start(bus.as_ref()).await;
        }
        Self {
            world,
            store,
            sqlite: open.sqlite,
            bus,
            outbox,
            spool,
            keyring,
            hasher,
            zones,
            authority,
            revocations,
            waiting,
            short_lived: open.short_lived,
            audit_key,
            collector,
            _shutdown: shutdown.drop_guard(),
            redis: open.redis,
            database: open.database,
            directory,
        }
    }

    /// Publishes what was committed and waits until this process applied it.
    ///
    /// # Panics
    /// When it is not published.
    pub async fn wait_in_sync(&self) {
        let published = self.outbox.flush(Duration::from_secs(10)).await;
        assert!(published, "the bus takes every event");
    }

    /// Moves the clock, and reads what enforcement points read at an interval.
    ///
    /// # Panics
    /// When the store does not answer.
    pub async fn pass(&self, span: Duration) {
        self.world.manual_clock().advance(span);
        let reloaded = self.revocations.reload(self.store.as_ref()).await;
        reloaded.expect("a revocation snapshot");
    }

    /// A generated client secret and its stored form.
    ///
    /// # Panics
    /// When it cannot be hashed.
    pub fn client_secret(&self) -> (Secret, String) {
        let secret = caracal_crypto::new_secret(&self.world, "cs_");
        let stored = self
            .hasher
            .hash_generated(&self.world, &secret)
            .expect("a stored secret");
        (secret, stored)
    }

    /// What every role answers besides its own routes: nothing to wait for, metrics open to everybody.
    pub fn operational() -> Operational {
        Operational {
            dependencies: Arc::default(),
            draining: Arc::default(),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            before_render: Arc::new(|| {}),
            revocations: None,
            metrics_bearers: Bearers::default(),
            metrics_open: true,
        }
    }

    /// A caller of the routes of `role`, put together as the daemon does.
    pub fn client(&self, role: &'static str, routes: Served) -> Client {
        Client::new(assemble(role, routes, Self::operational(), self.world.clone()))
    }

    /// The directory of the state.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// The PostgreSQL database.
    ///
    /// # Panics
    /// Over no server.
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("parts over PostgreSQL")
    }

    /// The Redis server.
    ///
    /// # Panics
    /// Over no server.
    pub fn redis(&self) -> &Redis {
        self.redis.as_ref().expect("parts over Redis")
    }
}
