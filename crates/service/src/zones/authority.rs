//! Sessions, delegation lineages and authority records in memory, read through to storage on first use.
//!
//! An entry only ever says what was true when it was read; whether its authority has ended since is for
//! [`crate::revocation::Revocations`], which the caller consults in the same breath. So an entry read just before
//! a revocation cannot admit anything after it.

use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use caracal_core::{
    AuthorityRecordId, DelegationId, SessionId, Timestamp, World, ZoneId,
    entity::{AuthorityRecord, Delegation, MAX_HOPS, Session},
};
use caracal_storage::{Access, Store};
use parking_lot::RwLock;

use super::DirectoryError;

/// Entries older than this are read again.
const KEEP: Duration = Duration::from_mins(5);
/// Most entries of each kind; past it the stalest go.
const MAX_ENTRIES: usize = 100_000;

#[derive(Debug)]
struct Cache<K, V> {
    entries: RwLock<HashMap<K, (Timestamp, V)>>,
}

impl<K: Eq + Hash + Clone, V: Clone> Cache<K, V> {
    fn new() -> Self {
        Self {
            entries: RwLock::new(HashMap::new()),
        }
    }

    fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.read();
        let (read_at, value) = entries.get(key)?;
        (now.since(*read_at) <= KEEP).then(|| value.clone())
    }

    fn put(&self, key: K, value: V, now: Timestamp) {
        let mut entries = self.entries.write();
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, (read_at, _)| now.since(*read_at) <= KEEP / 2);
            if entries.len() >= MAX_ENTRIES {
                entries.clear();
            }
        }
        entries.insert(key, (now, value));
    }

    fn forget(&self, key: &K) {
        self.entries.write().remove(key);
    }

    fn clear(&self) {
        self.entries.write().clear();
    }
}

/// Live authority of every zone, as this process last read it.
#[derive(Debug)]
pub struct LiveAuthority {
    store: Arc<dyn Store>,
    world: World,
    sessions: Cache<(ZoneId, SessionId), Arc<Session>>,
    lineages: Cache<(ZoneId, DelegationId), Arc<[Delegation]>>,
    records: Cache<(ZoneId, AuthorityRecordId), Arc<AuthorityRecord>>,
    epochs: RwLock<HashMap<ZoneId, i64>>,
}

impl LiveAuthority {
    /// Nothing read yet.
    pub fn new(store: Arc<dyn Store>, world: World) -> Self {
        Self {
            store,
            world,
            sessions: Cache::new(),
            lineages: Cache::new(),
            records: Cache::new(),
            epochs: RwLock::default(),
        }
    }

    /// The session, whatever its state. A service whose lease looks over is read again, since heartbeats publish
    /// no event.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`] when storage does not answer.
    pub async fn session(
        &self,
        zone: &ZoneId,
        id: &SessionId,
    ) -> Result<Option<Arc<Session>>, DirectoryError> {
        let key = (zone.clone(), id.clone());
        let now = self.world.now();
        if let Some(session) = self.sessions.get(&key, now)
            && session.is_live(now)
        {
            return Ok(Some(session));
        }
        let mut work = self.store.zone(zone, Access::Read).await.map_err(unavailable)?;
        let Some(session) = work.sessions().get(id).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let session = Arc::new(session);
        self.sessions.put(key, session.clone(), now);
        Ok(Some(session))
    }

    /// The delegation and its ancestors, root first; empty when unknown. The first has a parent when the chain is
    /// longer than the platform allows.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`] when storage does not answer.
    pub async fn lineage(
        &self,
        zone: &ZoneId,
        id: &DelegationId,
    ) -> Result<Arc<[Delegation]>, DirectoryError> {
        let key = (zone.clone(), id.clone());
        let now = self.world.now();
        if let Some(lineage) = self.lineages.get(&key, now) {
            return Ok(lineage);
        }
        let mut work = self.store.zone(zone, Access::Read).await.map_err(unavailable)?;
        let lineage = work
            .delegations()
            .lineage(id, MAX_HOPS + 1)
            .await
            .map_err(unavailable)?;
        let epoch = work.delegations().epoch().await.map_err(unavailable)?;
        self.note_epoch(zone, epoch);
        let lineage: Arc<[Delegation]> = lineage.into();
        if !lineage.is_empty() {
            self.lineages.put(key, lineage.clone(), now);
        }
        Ok(lineage)
    }

    /// The authority record, whatever its state.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`] when storage does not answer.
    pub async fn record(
        &self,
        zone: &ZoneId,
        id: &AuthorityRecordId,
    ) -> Result<Option<Arc<AuthorityRecord>>, DirectoryError> {
        let key = (zone.clone(), id.clone());
        let now = self.world.now();
        if let Some(record) = self.records.get(&key, now) {
            return Ok(Some(record));
        }
        let mut work = self.store.zone(zone, Access::Read).await.map_err(unavailable)?;
        let Some(record) = work.authority_records().get(id).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let record = Arc::new(record);
        self.records.put(key, record.clone(), now);
        Ok(Some(record))
    }

    /// The highest epoch of the zone's delegation graph heard of; 0 before any.
    pub fn epoch(&self, zone: &ZoneId) -> i64 {
        self.epochs.read().get(zone).copied().unwrap_or(0)
    }

    /// Moves the epoch forward, never back.
    pub fn note_epoch(&self, zone: &ZoneId, epoch: i64) {
        let mut epochs = self.epochs.write();
        let known = epochs.entry(zone.clone()).or_insert(0);
        *known = (*known).max(epoch);
    }

    /// Forgets a session, so that its next use reads it again.
    pub fn forget_session(&self, zone: &ZoneId, id: &SessionId) {
        self.sessions.forget(&(zone.clone(), id.clone()));
    }

    /// Forgets a lineage, so that its next use reads it again.
    pub fn forget_lineage(&self, zone: &ZoneId, id: &DelegationId) {
        self.lineages.forget(&(zone.clone(), id.clone()));
    }

    /// Forgets a record, so that its next use reads it again.
    pub fn forget_record(&self, zone: &ZoneId, id: &AuthorityRecordId) {
        self.records.forget(&(zone.clone(), id.clone()));
    }

    /// Forgets everything, after events may have been missed.
    pub fn forget_all(&self) {
        self.sessions.clear();
        self.lineages.clear();
        self.records.clear();
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` calls")]
fn unavailable(error: caracal_storage::Error) -> DirectoryError {
    tracing::error!(error = %crate::error_chain(&error), "could not read live authority");
    DirectoryError::Unavailable
}
