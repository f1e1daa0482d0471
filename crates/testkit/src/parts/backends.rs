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
    /// PostgreSQL, a database of the process's server; the in-process bus, memory.
    Postgres,
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
    pub(super) database: Option<Database>,
    pub(super) redis: Option<Redis>,
}

impl Backends {
    pub(super) async fn open(
        self,
        world: &World,
        directory: &Path,
        audit_key: HmacKey,
        signer: StreamSigner,
    ) -> Open {
        let (database, redis, sqlite);
        let (store, queue): (Arc<dyn Store>, _);
        if self == Self::Embedded {
            let opened = SqliteStore::open(&directory.join("caracal.db"), Some(audit_key), world.now()).await;
            let opened = Arc::new(opened.expect("a SQLite store"));
            queue = SqlOutboxQueue::new(opened.clone(), world.clone());
            (store, sqlite, database) = (opened.clone(), Some(opened), None);
        } else {
            let own = Database::migrated().await;
            let opened = Arc::new(connect_with(&own.owner_url(), audit_key).await);
            queue = SqlOutboxQueue::new(opened.clone(), world.clone());
            (store, sqlite, database) = (opened, None, Some(own));
        }
        let (bus, short_lived): (Arc<dyn Bus>, Arc<dyn ShortLived>);
        if self == Self::Production {
            let server = Redis::in_memory();
            let options = RedisOptions::new(&server.url());
            let opened = RedisShortLived::open(world.clone(), &options);
            short_lived = Arc::new(opened.expect("a usable address"));
            let opened = RedisBus::open(world.clone(), signer, options);
            bus = Arc::new(opened.expect("a usable address"));
            redis = Some(server);
        } else {
            bus = Arc::new(EmbeddedBus::in_memory(world.clone(), signer));
            short_lived = Arc::new(MemoryShortLived::in_memory(world.clone()));
            redis = None;
        }
        Open {
            store,
            sqlite,
            queue,
            bus,
            short_lived,
            database,
            redis,
        }
    }
}
