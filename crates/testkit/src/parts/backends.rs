//! Where the parts keep what they keep.

use std::{path::Path, sync::Arc};

use caracal_core::World;
use caracal_crypto::HmacKey;
use caracal_events::{
    Bus, EmbeddedBus, RedisBus, RedisOptions, ShortLived, StreamSigner,
    shortlived::{MemoryShortLived, RedisShortLived},
};
use caracal_storage::Store;
use caracal_storage_sql::{SqlOutboxQueue, SqliteStore};

use crate::{
    database::{Database, connect_with},
    redis::Redis,
};

/// Where the parts keep what they keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backends {
    /// SQLite, the in-process bus, memory.
    Embedded,
    /// PostgreSQL and Redis: a database of the process's server, a Redis of its own.
    Production,
}

/// The same, opened, and the servers it is on.
pub(super) struct Open {
    pub(super) store: Arc<dyn Store>,
    pub(super) sqlite: Option<Arc<SqliteStore>>,
    pub(super) queue: SqlOutboxQueue,
    pub(super) bus: Arc<dyn Bus>,
    pub(super) short_lived: Arc<dyn ShortLived>,
    pub(super) servers: Option<(Database, Redis)>,
}

impl Backends {
    pub(super) async fn open(
        self,
        world: &World,
        directory: &Path,
        audit_key: HmacKey,
        signer: StreamSigner,
    ) -> Open {
        match self {
            Self::Embedded => {
                let path = directory.join("caracal.db");
                let store = SqliteStore::open(&path, Some(audit_key), world.now()).await;
                let store = Arc::new(store.expect("a SQLite store"));
                Open {
                    store: store.clone(),
                    sqlite: Some(store.clone()),
                    queue: SqlOutboxQueue::new(store, world.clone()),
                    bus: Arc::new(EmbeddedBus::in_memory(world.clone(), signer)),
                    short_lived: Arc::new(MemoryShortLived::in_memory(world.clone())),
                    servers: None,
                }
            }
            Self::Production => {
                let (database, redis) = (Database::migrated().await, Redis::in_memory());
                let store = Arc::new(connect_with(&database.owner_url(), audit_key).await);
                let options = RedisOptions::new(&redis.url());
                let short_lived = RedisShortLived::open(world.clone(), &options);
                let bus = RedisBus::open(world.clone(), signer, options);
                Open {
                    store: store.clone(),
                    sqlite: None,
                    queue: SqlOutboxQueue::new(store, world.clone()),
                    bus: Arc::new(bus.expect("a usable address")),
                    short_lived: Arc::new(short_lived.expect("a usable address")),
                    servers: Some((database, redis)),
                }
            }
        }
    }
}
