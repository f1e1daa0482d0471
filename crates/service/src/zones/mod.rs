//! The in-memory picture of zones: what the hot path reads instead of SQL.
//!
//! A [`ZoneState`] is immutable and swapped whole. It is loaded on first use, reloaded on signed invalidation
//! events by [`follow`], and re-read at a bounded interval. Every state has an age; past the limit the answer is
//! "unavailable", never an old allow.

mod announce;
mod authority;
mod follower;
mod load;
mod state;

use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use caracal_core::{Timestamp, World, ZoneId};
use caracal_crypto::sealed::KeyRing;
use caracal_storage::Store;
use parking_lot::RwLock;

pub use announce::AnnouncingStore;
pub use authority::LiveAuthority;
pub use follower::{Followed, follow};
pub use state::{ProviderState, ResourceState, ZoneState};

/// Past this age a state is not used.
const MAX_AGE: Duration = Duration::from_secs(70);
/// States older than this are re-read in the background.
const REFRESH_AFTER: Duration = Duration::from_secs(30);
/// How long "no such zone" is remembered, so that probing unknown zones does not reach storage each time.
const UNKNOWN_FOR: Duration = Duration::from_secs(5);
/// Most unknown zones remembered.
const MAX_UNKNOWN: usize = 4096;

/// Why there is no picture of a zone.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DirectoryError {
    /// No such zone, or archived.
    #[error("no such zone")]
    Unknown,
    /// Storage does not answer and nothing recent enough is in memory: deny with 503.
    #[error("zone state is unavailable")]
    Unavailable,
}

/// What a process may know of a zone. Whatever it does not read is absent from a [`ZoneState`], and absence denies.
#[derive(Debug, Clone)]
pub enum Reach {
    /// All of it; the ring opens sealed provider credentials and signing keys. For processes that mint.
    Everything(Arc<KeyRing>),
    /// Applications, resources, providers without their credentials, policy and public keys.
    Directory,
    /// Public keys alone, for processes that verify.
    PublicKeys,
}

#[derive(Debug, Default)]
struct Slot {
    current: ArcSwapOption<ZoneState>,
    /// One load at a time per zone.
    loading: tokio::sync::Mutex<()>,
}

/// The zones this process has seen.
#[derive(Debug)]
pub struct ZoneDirectory {
    store: Arc<dyn Store>,
    reach: Reach,
    world: World,
    slots: RwLock<HashMap<ZoneId, Arc<Slot>>>,
    unknown: RwLock<HashMap<ZoneId, Timestamp>>,
}

impl ZoneDirectory {
    /// An empty directory over `store` that knows everything; `keys` opens sealed provider credentials and signing
    /// keys.
    pub fn new(store: Arc<dyn Store>, keys: Arc<KeyRing>, world: World) -> Self {
        Self::reaching(store, world, Reach::Everything(keys))
    }

    /// An empty directory over `store` that reads no more than `reach`.
    pub fn reaching(store: Arc<dyn Store>, world: World, reach: Reach) -> Self {
        Self {
            store,
            reach,
            world,
            slots: RwLock::default(),
            unknown: RwLock::default(),
        }
    }

    /// The zone as it is now, from memory unless this is its first use.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub async fn zone(&self, id: &ZoneId) -> Result<Arc<ZoneState>, DirectoryError> {
        if let Some(state) = self.in_memory(id) {
            return Ok(state);
        }
        let now = self.world.now();
        if self.unknown.read().get(id).is_some_and(|until| *until > now) {
            return Err(DirectoryError::Unknown);
        }
        let slot = self.slots.write().entry(id.clone()).or_default().clone();
        let _loading = slot.loading.lock().await;
        match self.in_memory(id) {
            Some(state) => Ok(state),
            None => self.load(id, &slot).await,
        }
    }

    /// Reads the zone again now. Used after a change, so that the next call sees it.
    ///
    /// # Errors
    /// [`DirectoryError`]; the old state then stays until its age runs out.
    pub async fn reload(&self, id: &ZoneId) -> Result<Arc<ZoneState>, DirectoryError> {
        self.unknown.write().remove(id);
        let slot = self.slots.write().entry(id.clone()).or_default().clone();
        let _loading = slot.loading.lock().await;
        self.load(id, &slot).await
    }

    /// Reads the zone, which has changed, again if it has been used here; `false` when storage does not answer. What
    /// is in memory is then known to be outdated, and is not used any more.
    pub(crate) async fn reload_if_known(&self, id: &ZoneId) -> bool {
        self.unknown.write().remove(id);
        let known = self.slots.read().contains_key(id);
        if known && let Err(error @ DirectoryError::Unavailable) = self.reload(id).await {
            tracing::warn!(zone.id = %id, %error, "could not reload a zone after it changed");
            if let Some(slot) = self.slots.read().get(id) {
                slot.current.store(None);
            }
            return false;
        }
        true
    }

    /// Zones in memory.
    pub(crate) fn known(&self) -> Vec<ZoneId> {
        self.slots.read().keys().cloned().collect()
    }

    /// Re-reads states past the refresh age. Call it from a timer.
    pub(crate) async fn refresh_aged(&self) {
        for id in self.known() {
            let slot = self.slots.read().get(&id).cloned();
            let aged = slot
                .as_ref()
                .and_then(|slot| slot.current.load_full())
                .is_some_and(|state| self.world.now().since(state.loaded_at) > REFRESH_AFTER);
            if aged {
                // When it cannot be read, what there is stays until its age runs out.
                let _unreadable = self.reload(&id).await;
            }
        }
    }

    fn in_memory(&self, id: &ZoneId) -> Option<Arc<ZoneState>> {
        let slots = self.slots.read();
        let state = slots.get(id)?.current.load_full()?;
        (self.world.now().since(state.loaded_at) <= MAX_AGE).then_some(state)
    }

    async fn load(&self, id: &ZoneId, slot: &Slot) -> Result<Arc<ZoneState>, DirectoryError> {
        match load::load(self.store.as_ref(), &self.reach, id, self.world.now()).await {
            Ok(Some(state)) => {
                let state = Arc::new(state);
                slot.current.store(Some(state.clone()));
                Ok(state)
            }
            Ok(None) => {
                slot.current.store(None);
                self.slots.write().remove(id);
                let now = self.world.now();
                let mut unknown = self.unknown.write();
                if unknown.len() >= MAX_UNKNOWN {
                    unknown.retain(|_, until| *until > now);
                    if unknown.len() >= MAX_UNKNOWN {
                        unknown.clear();
                    }
                }
                unknown.insert(id.clone(), now.plus(UNKNOWN_FOR));
                Err(DirectoryError::Unknown)
            }
            Err(error) => {
                tracing::error!(zone.id = %id, error = %crate::error_chain(&error), "could not load a zone");
                Err(DirectoryError::Unavailable)
            }
        }
    }
}
