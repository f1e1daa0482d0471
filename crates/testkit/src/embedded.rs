//! What roles share, over a real SQLite store and the in-process bus, in a directory that goes with it.
//!
//! The clock is manual and the random generator seeded, so that a test reads the same twice; keys and sockets are
//! real. Roles are built by the test from these parts, as the daemon builds them.

use std::{sync::Arc, time::Duration};

use caracal_core::{Secret, World, audit::AuditEvent};
use caracal_crypto::{
    HmacKey, KeyRing, SecretHasher,
    secret_hash::{Limits, SECRET_HASH_LABEL},
};
use caracal_events::{
    Bus, EmbeddedBus, OutboxRelay, Spool, SpoolDrainer, StreamSigner, SyncMode, Topic, outbox::RelayOptions,
    shortlived::MemoryShortLived,
};
use caracal_service::{
    revocation::Revocations,
    zones::{AnnouncingStore, Followed, LiveAuthority, ZoneDirectory, follow},
};
use caracal_storage::Store;
use caracal_storage_sql::{SqlOutboxQueue, SqliteStore};
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Issuer of mandates in tests.
pub const ISSUER: &str = "https://sts.test";

/// The shared parts of one process.
#[derive(Debug)]
pub struct Embedded {
    /// Manual clock, seeded generator.
    pub world: World,
    /// A fresh SQLite store.
    pub store: Arc<dyn Store>,
    /// The in-process bus.
    pub bus: Arc<dyn Bus>,
    /// The relay, running.
    pub outbox: Arc<OutboxRelay>,
    /// The audit spool; what it drains is read with [`Embedded::events`].
    pub spool: Arc<Spool>,
    /// Seals and opens secrets at rest.
    pub keyring: Arc<KeyRing>,
    /// Hashes client secrets.
    pub hasher: Arc<SecretHasher>,
    /// Zones in memory, following events.
    pub zones: Arc<ZoneDirectory>,
    /// Sessions and delegations in memory.
    pub authority: Arc<LiveAuthority>,
    /// Revocation state, fresh.
    pub revocations: Arc<Revocations>,
    /// Replay and rate limits in memory.
    pub short_lived: Arc<MemoryShortLived>,
    /// Key of frames and of the ledger.
    pub audit_key: HmacKey,
    events: Arc<Mutex<Vec<AuditEvent>>>,
    directory: TempDir,
    shutdown: CancellationToken,
}

impl Embedded {
    /// Starts everything.
    ///
    /// # Panics
    /// When a part cannot start: the test cannot go on.
    pub async fn start() -> Self {
        let world = World::for_tests();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let key = |digit: char| {
            HmacKey::from_hex(&format!("{digit}1a2b3c4d5e6f708").repeat(4)).expect("a strong key")
        };
        let audit_key = key('1');
        let sqlite = SqliteStore::open(
            &directory.path().join("caracal.db"),
            Some(audit_key.clone()),
            world.now(),
        )
        .await
        .expect("a SQLite store");
        let sqlite = Arc::new(sqlite);
        let store: Arc<dyn Store> = sqlite.clone();
        let bus: Arc<dyn Bus> = Arc::new(EmbeddedBus::in_memory(world.clone(), StreamSigner::new(key('2'))));
        let outbox = OutboxRelay::new(
            world.clone(),
            Arc::new(SqlOutboxQueue::new(sqlite, world.clone())),
            bus.clone(),
            RelayOptions::default(),
        );
        let spool = Spool::open(
            directory.path().join("spool"),
            SyncMode::Interval(Duration::from_mins(1)),
            audit_key.clone(),
            64 << 20,
        )
        .expect("a spool");
        let keyring = Arc::new(
            KeyRing::from_hex(&"31a2b3c4d5e6f708".repeat(4), None).expect("a strong key encryption key"),
        );
        let hasher = Arc::new(SecretHasher::new(
            world.clone(),
            keyring.derive(SECRET_HASH_LABEL).expect("a derived key"),
            Limits::default(),
        ));
        let zones = Arc::new(ZoneDirectory::new(store.clone(), keyring.clone(), world.clone()));
        let authority = Arc::new(LiveAuthority::new(store.clone(), world.clone()));
        let revocations = Arc::new(Revocations::new(world.clone()));
        revocations
            .reload(store.as_ref())
            .await
            .expect("a revocation snapshot");
        let shutdown = CancellationToken::new();
        let followed = Followed {
            store: store.clone(),
            zones: zones.clone(),
            authority: authority.clone(),
            revocations: revocations.clone(),
        };
        let store: Arc<dyn Store> = Arc::new(AnnouncingStore::new(store, followed.clone()));
        tokio::spawn(follow(followed, bus.clone(), shutdown.clone()));
        {
            let (outbox, shutdown) = (outbox.clone(), shutdown.clone());
            tokio::spawn(async move { outbox.run(shutdown).await });
        }
        tokio::spawn(SpoolDrainer::run(
            spool.clone(),
            bus.clone(),
            audit_key.clone(),
            shutdown.clone(),
        ));
        let events = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(collect(bus.clone(), events.clone()));
        let short_lived = Arc::new(MemoryShortLived::in_memory(world.clone()));
        Self {
            world,
            store,
            bus,
            outbox,
            spool,
            keyring,
            hasher,
            zones,
            authority,
            revocations,
            short_lived,
            audit_key,
            events,
            directory,
            shutdown,
        }
    }

    /// Publishes what was committed and waits until this process applied it.
    pub async fn settle(&self) {
        self.outbox.flush(Duration::from_secs(5)).await;
    }

    /// Every event recorded so far, oldest first.
    ///
    /// # Panics
    /// When the spool does not drain.
    pub async fn events(&self) -> Vec<AuditEvent> {
        assert!(
            self.spool.wait_drained(Duration::from_secs(10)).await,
            "the spool drains"
        );
        self.events.lock().clone()
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

    /// The directory everything lives in.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }
}

/// Takes events as the audit role would, and keeps them.
async fn collect(bus: Arc<dyn Bus>, events: Arc<Mutex<Vec<AuditEvent>>>) {
    let Ok(mut consumer) = bus.consume(Topic::AuditEvents, "audit-ingestor", "test").await else {
        return;
    };
    while let Ok(deliveries) = consumer.next(1000, Duration::from_secs(1)).await {
        let ids: Vec<String> = deliveries.iter().map(|delivery| delivery.id.clone()).collect();
        events.lock().extend(deliveries.iter().filter_map(|delivery| {
            serde_json::from_str::<AuditEvent>(delivery.fields.get("data").unwrap_or_default()).ok()
        }));
        if consumer.ack(&ids).await.is_err() {
            return;
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
