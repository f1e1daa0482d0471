//! The store of a process that has not compared its key-encryption key with it yet.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use caracal_core::ZoneId;
use caracal_storage::{Access, Connections, Error, GlobalWork, LogId, LogWork, Store, ZoneWork};

/// Answers as a store that is away until the key was compared, so that nothing is sealed under a wrong one by a process
/// that was started while PostgreSQL was away.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) store: Arc<dyn Store>,
    pub(super) compared: Arc<AtomicBool>,
}

impl Guarded {
    fn open(&self) -> Result<(), Error> {
        if self.compared.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(Error::Unavailable(
            "the key-encryption key was not compared with the store yet".into(),
        ))
    }
}

#[async_trait]
impl Store for Guarded {
    async fn zone(&self, zone: &ZoneId, access: Access) -> Result<Box<dyn ZoneWork>, Error> {
        self.open()?;
        self.store.zone(zone, access).await
    }

    async fn global(&self, access: Access) -> Result<Box<dyn GlobalWork>, Error> {
        self.open()?;
        self.store.global(access).await
    }

    async fn log(&self, log: &LogId, access: Access) -> Result<Box<dyn LogWork>, Error> {
        self.open()?;
        self.store.log(log, access).await
    }

    async fn ping(&self) -> Result<(), Error> {
        self.store.ping().await
    }

    fn statements(&self) -> u64 {
        self.store.statements()
    }

    fn connections(&self) -> Vec<Connections> {
        self.store.connections()
    }
}
