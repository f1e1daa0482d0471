//! The in-memory picture of zones: what the hot path reads instead of SQL.
//!
//! A [`ZoneState`] is immutable and swapped whole. It is loaded on first use, patched or reloaded on signed
//! invalidation events by [`follow`], and compared with storage at a bounded interval. Every state has an age; past
//! the limit the answer is "unavailable", never an old allow. A zone that cannot be read is unavailable alone.

mod announce;
mod authority;
mod certificates;
mod follower;
mod load;
mod patch;
mod policies;
mod refresh;
mod resources;
mod slot;
mod state;

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_core::{Timestamp, World, ZoneId};
use caracal_crypto::sealed::KeyRing;
use caracal_storage::{Error, Store};
use caracal_wire::events::{DirectoryInvalidated, DirectoryKind};
use metrics::counter;
use parking_lot::RwLock;

use slot::Slot;

use crate::zone_keys::ZoneKeys;

pub use announce::AnnouncingStore;
pub use authority::LiveAuthority;
pub use follower::{Followed, follow};
pub use resources::{ProviderState, ResourceState};
pub use state::{ShadowPolicy, ZoneCanary, ZoneState};

/// Past this age a state is not used.
const MAX_AGE: Duration = Duration::from_secs(70);
/// How often what is in memory is compared with storage.
const REFRESH_EVERY: Duration = Duration::from_secs(30);
/// How long a change may take to be put into a picture; past it the picture is dropped, and the next use reads it.
const CHANGE_WITHIN: Duration = Duration::from_secs(1);
/// How long "no such zone" is remembered, so that probing unknown zones does not reach storage each time.
const UNKNOWN_FOR: Duration = Duration::from_secs(5);
/// Reads of a zone that keeps changing while it is read, before the caller is told to come again.
const READS: usize = 5;
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
pub enum ZoneContents {
    /// All of it; the ring opens sealed provider credentials, and the stores have signing keys. For processes that mint.
    Everything(ZoneKeys),
    /// Applications, resources, providers without their credentials, policy and public keys.
    Directory,
    /// Public keys and resources, without their providers; for processes that enforce what resources declare.
    Resources,
    /// Public keys alone, for processes that verify.
    PublicKeys,
}

impl ZoneContents {
    /// What opens sealed values, where they are read.
    fn keys(&self) -> Option<&KeyRing> {
        match self {
            Self::Everything(keys) => Some(keys.ring()),
            Self::Directory | Self::Resources | Self::PublicKeys => None,
        }
    }

    /// Whether objects of `kind` are read.
    const fn covers(&self, kind: DirectoryKind) -> bool {
        match self {
            Self::Everything(_) | Self::Directory => true,
            Self::Resources => matches!(kind, DirectoryKind::Zone | DirectoryKind::Resource),
            Self::PublicKeys => matches!(kind, DirectoryKind::Zone),
        }
    }
}

/// What became another in a zone.
#[derive(Debug, Clone)]
pub(crate) enum ZoneChange {
    /// One row of the directory.
    Object(DirectoryInvalidated),
    /// Something that is read whole: policy, keys.
    Whole,
}

/// The zones this process has seen.
#[derive(Debug)]
pub struct ZoneDirectory {
    store: Arc<dyn Store>,
    reach: ZoneContents,
    world: World,
    slots: RwLock<HashMap<ZoneId, Arc<Slot>>>,
    unknown: RwLock<HashMap<ZoneId, Timestamp>>,
}

impl ZoneDirectory {
    /// An empty directory over `store` that knows everything; `keys` opens sealed provider credentials and signing
    /// keys.
    pub fn new(store: Arc<dyn Store>, keys: Arc<KeyRing>, world: World) -> Self {
        let keys = ZoneKeys::sealed(keys, world.clone());
        Self::reaching(store, world, ZoneContents::Everything(keys))
    }

    /// An empty directory over `store` that reads no more than `reach`.
    pub fn reaching(store: Arc<dyn Store>, world: World, reach: ZoneContents) -> Self {
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
        let slot = self.slot(id);
        let ticket = slot.begun();
        let _reading = slot.reading.lock().await;
        match self.in_memory(id) {
            Some(state) => Ok(state),
            // Whoever waited for a read that failed shares its answer.
            None if slot.failed_since(ticket) => Err(DirectoryError::Unavailable),
            None => self.load(id, &slot).await,
        }
    }

    /// Whether the zone is known to be frozen: nothing in it is allowed.
    pub fn is_frozen(&self, id: &ZoneId) -> bool {
        self.in_memory(id)
            .is_some_and(|state| state.zone.frozen_at.is_some())
    }

    /// Whether the zone was read before: what is asked about it need not reach storage.
    pub fn remembers(&self, id: &ZoneId) -> bool {
        self.in_memory(id).is_some()
    }

    /// Reads the zone again now. Used after a change, so that the next call sees it.
    ///
    /// # Errors
    /// [`DirectoryError`]; the old state then stays until its age runs out.
    pub async fn reload(&self, id: &ZoneId) -> Result<Arc<ZoneState>, DirectoryError> {
        self.unknown.write().remove(id);
        let slot = self.slot(id);
        let _reading = slot.reading.lock().await;
        self.load(id, &slot).await
    }

    /// Puts a change into the picture of a zone that is in memory. Should that fail or take long, the picture, known
    /// to be outdated, is not used any more, and the zone's next use reads it.
    pub(crate) async fn change(&self, id: &ZoneId, change: ZoneChange) {
        self.unknown.write().remove(id);
        let Some(slot) = self.slots.read().get(id).cloned() else {
            return;
        };
        let done = tokio::time::timeout(CHANGE_WITHIN, self.changed_to(id, &slot, change)).await;
        if !matches!(done, Ok(Ok(()) | Err(DirectoryError::Unknown))) {
            tracing::warn!(zone.id = %id, "a change of a zone could not be read; its next use reads the zone");
            slot.drop_picture();
        }
    }

    async fn changed_to(&self, id: &ZoneId, slot: &Slot, change: ZoneChange) -> Result<(), DirectoryError> {
        let _reading = slot.reading.lock().await;
        // The next use of a zone that is not in memory reads it anyway.
        let Some(state) = slot.current.load_full() else {
            return Ok(());
        };
        let change = match change {
            ZoneChange::Object(change) if !self.reach.covers(change.kind) => return Ok(()),
            ZoneChange::Object(change) if !matches!(self.reach, ZoneContents::PublicKeys) => change,
            ZoneChange::Object(_) | ZoneChange::Whole => return self.load(id, slot).await.map(drop),
        };
        // Not a read that others may share: it asks for one object.
        let (read, dropped) = (slot.begun(), slot.dropped());
        match patch::patch(self.store.as_ref(), &self.reach, &state, &change).await {
            Ok(Some(state)) => {
                counter!(crate::metrics::ZONE_READS, "outcome" => "patched").increment(1);
                slot.current.store(Some(Arc::new(state)));
                if slot.dropped() != dropped {
                    slot.current.store(None);
                }
                Ok(())
            }
            Ok(None) => self.load(id, slot).await.map(drop),
            Err(error) => Err(self.failed(id, slot, read, &error)),
        }
    }

    fn slot(&self, id: &ZoneId) -> Arc<Slot> {
        if let Some(slot) = self.slots.read().get(id) {
            return slot.clone();
        }
        let fresh = || Arc::new(Slot::used(self.world.now()));
        self.slots.write().entry(id.clone()).or_insert_with(fresh).clone()
    }

    fn in_memory(&self, id: &ZoneId) -> Option<Arc<ZoneState>> {
        let slots = self.slots.read();
        let slot = slots.get(id)?;
        let now = self.world.now();
        slot.note_use(now);
        let state = slot.current.load_full()?;
        (now.since(slot.checked_at()) <= MAX_AGE).then_some(state)
    }

    async fn load(&self, id: &ZoneId, slot: &Slot) -> Result<Arc<ZoneState>, DirectoryError> {
        for _ in 0..READS {
            let dropped = slot.dropped();
            let state = self.read(id, slot).await?;
            // Given up while it was being read: it may lack what changed meanwhile.
            if slot.dropped() == dropped {
                return Ok(state);
            }
            slot.current.store(None);
        }
        Err(DirectoryError::Unavailable)
    }

    async fn read(&self, id: &ZoneId, slot: &Slot) -> Result<Arc<ZoneState>, DirectoryError> {
        let (read, now) = (slot.begin(), self.world.now());
        match load::load(self.store.as_ref(), &self.reach, id, now).await {
            Ok(Some(state)) => {
                counter!(crate::metrics::ZONE_READS, "outcome" => "loaded").increment(1);
                if self.reach.keys().is_some() {
                    certificates::warn_of_ending(&state, now);
                }
                let state = Arc::new(state);
                slot.put(state.clone(), now);
                Ok(state)
            }
            Ok(None) => {
                slot.drop_picture();
                self.slots.write().remove(id);
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
            Err(error) => Err(self.failed(id, slot, read, &error)),
        }
    }

    /// Notes, and tells an operator, that this zone could not be read.
    fn failed(&self, id: &ZoneId, slot: &Slot, read: u64, error: &Error) -> DirectoryError {
        let unreadable = matches!(error, Error::Corrupt(_));
        slot.fail(read, unreadable);
        let outcome = if unreadable { "unreadable" } else { "unavailable" };
        counter!(crate::metrics::ZONE_READS, "outcome" => outcome).increment(1);
        tracing::error!(zone.id = %id, error = %crate::error_chain(error), "could not load a zone; it alone is unavailable");
        self.report();
        DirectoryError::Unavailable
    }
}

#[cfg(test)]
mod tests;
