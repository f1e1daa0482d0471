//! Sessions, delegation lineages and authority records in memory, read through to storage on first use.
//!
//! An entry only ever says what was true when it was read; whether its authority has ended since is for
//! [`crate::revocation::Revocations`], which the caller consults in the same breath. So an entry read just before
//! a revocation cannot admit anything after it.

use std::{collections::HashMap, hash::Hash, sync::Arc, time::Duration};

use caracal_core::{
    AuthorityRecordId, DelegationId, JsonObject, SessionId, Timestamp, World, ZoneId,
    entity::{AuthorityRecord, Delegation, MAX_HOPS, Session},
};
use caracal_storage::{Access, Store};
use parking_lot::RwLock;

use super::DirectoryError;

/// Entries older than this are read again.
const KEEP: Duration = Duration::from_mins(5);
/// Most bytes of each kind, estimated; past it the stalest go.
const MAX_BYTES: usize = 64 << 20;
/// What an entry takes besides what it holds: key, counts, its part of the table.
const ENTRY_BYTES: usize = 256;

/// What a value holds on the heap, estimated.
trait Weight {
    fn weight(&self) -> usize;
}

impl Weight for Arc<Session> {
    fn weight(&self) -> usize {
        let labels: usize = self.labels.iter().map(|label| label.len() + 32).sum();
        size_of::<Session>() + labels + self.termination_reason.as_ref().map_or(0, String::len)
    }
}

impl Weight for Arc<[Delegation]> {
    fn weight(&self) -> usize {
        self.iter().map(delegation).sum()
    }
}

/// Its scopes are at most as long as their text; constraints are documents of a few small lists.
fn delegation(delegation: &Delegation) -> usize {
    size_of::<Delegation>() + 1024 + serde_json::to_vec(&delegation.scopes).map_or(0, |text| text.len() * 4)
}

impl Weight for Arc<AuthorityRecord> {
    fn weight(&self) -> usize {
        size_of::<AuthorityRecord>() + 512
    }
}

#[derive(Debug)]
struct Entries<K, V> {
    by_key: HashMap<K, (Timestamp, usize, V)>,
    bytes: usize,
}

#[derive(Debug)]
struct Cache<K, V> {
    entries: RwLock<Entries<K, V>>,
    max_bytes: usize,
}

impl<K: Eq + Hash + Clone, V: Clone + Weight> Cache<K, V> {
    fn new() -> Self {
        Self::of(MAX_BYTES)
    }

    fn of(max_bytes: usize) -> Self {
        Self {
            entries: RwLock::new(Entries {
                by_key: HashMap::new(),
                bytes: 0,
            }),
            max_bytes,
        }
    }

    fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.read();
        let (read_at, _, value) = entries.by_key.get(key)?;
        (now.since(*read_at) <= KEEP).then(|| value.clone())
    }

    fn put(&self, key: K, value: V, now: Timestamp) {
        let bytes = ENTRY_BYTES + value.weight();
        let mut entries = self.entries.write();
        if entries.bytes + bytes > self.max_bytes {
            entries
                .by_key
                .retain(|_, (read_at, ..)| now.since(*read_at) <= KEEP / 2);
            entries.bytes = entries.by_key.values().map(|(_, bytes, _)| bytes).sum();
            if entries.bytes + bytes > self.max_bytes {
                entries.by_key.clear();
                entries.bytes = 0;
            }
        }
        entries.bytes += bytes;
        if let Some((_, before, _)) = entries.by_key.insert(key, (now, bytes, value)) {
            entries.bytes -= before;
        }
    }

    fn forget(&self, key: &K) {
        let mut entries = self.entries.write();
        if let Some((_, bytes, _)) = entries.by_key.remove(key) {
            entries.bytes -= bytes;
        }
    }

    fn clear(&self) {
        let mut entries = self.entries.write();
        entries.by_key.clear();
        entries.bytes = 0;
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
        let Some(mut session) = work.sessions().get(id).await.map_err(unavailable)? else {
            return Ok(None);
        };
        // No decision reads it, and it may be large.
        session.metadata_json = JsonObject::default();
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

#[cfg(test)]
mod tests {
    use super::*;

    impl Weight for Vec<u8> {
        fn weight(&self) -> usize {
            self.len()
        }
    }

    #[test]
    fn a_cache_is_bounded_by_bytes_however_large_its_values() {
        let now = World::for_tests().now();
        let cache = Cache::<u32, Vec<u8>>::of(100_000);
        for n in 0..1000 {
            cache.put(n, vec![0; 9_000], now);
            let entries = cache.entries.read();
            let held: usize = entries.by_key.values().map(|(_, bytes, _)| bytes).sum();
            assert_eq!(held, entries.bytes);
            assert!(held <= 100_000, "{held} bytes");
        }
        assert!(cache.get(&999, now).is_some());
        cache.put(999, vec![0; 10], now);
        cache.forget(&999);
        cache.clear();
        assert_eq!(cache.entries.read().bytes, 0);
    }
}
