//! What must be refused now: revoked records, sessions and delegations, and suspended sessions, in memory.
//!
//! Fed by events within milliseconds and by a storage snapshot at a bounded interval. When neither has been heard
//! for too long the state is stale, and stale means unavailable, never allowed.

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_core::{SessionId, Timestamp, World, claims::MandateClaims};
use caracal_events::Hearing;
use caracal_storage::{Access, Store};
use parking_lot::RwLock;
use tokio::sync::watch;

/// How long an ended id is remembered: longer than any mandate lives.
pub const REMEMBER: Duration = Duration::from_hours(24);
/// How often the storage snapshot is read.
pub const SNAPSHOT_EVERY: Duration = Duration::from_secs(30);
/// Past this age of the last snapshot the state is stale.
pub const STALE_AFTER: Duration = Duration::from_secs(70);

#[derive(Debug, Default)]
struct State {
    /// Ended ids and until when to remember them.
    ended: HashMap<Arc<str>, Timestamp>,
    suspended: std::collections::HashSet<Arc<str>>,
    loaded_at: Option<Timestamp>,
    /// Counts live changes, so that a snapshot read meanwhile does not undo them.
    generation: u64,
}

/// The revocation state of this process.
#[derive(Debug)]
pub struct Revocations {
    state: RwLock<State>,
    /// Whether events are heard. Without a follower only snapshots count.
    hearing: RwLock<Option<Hearing>>,
    changed: watch::Sender<u64>,
    world: World,
}

impl Revocations {
    /// Nothing known yet, hence stale until the first [`Revocations::reload`].
    pub fn new(world: World) -> Self {
        Self {
            state: RwLock::default(),
            hearing: RwLock::default(),
            changed: watch::Sender::new(0),
            world,
        }
    }

    /// Counts on events that are heard through `hearing`: while they are not, the state is not fresh.
    pub(crate) fn listen(&self, hearing: Hearing) {
        *self.hearing.write() = Some(hearing);
    }

    /// Whether the state is recent enough to decide on: the last snapshot is, and events are heard. What was revoked
    /// while the bus was away is in no event, so on its return the snapshot is read again first.
    pub fn is_fresh(&self) -> bool {
        if self
            .hearing
            .read()
            .as_ref()
            .is_some_and(|hearing| !hearing.hears())
        {
            return false;
        }
        let now = self.world.now();
        self.state
            .read()
            .loaded_at
            .is_some_and(|at| now.since(at) <= STALE_AFTER)
    }

    /// Whether this id's authority has ended or is suspended.
    pub fn is_revoked(&self, id: &str) -> bool {
        let state = self.state.read();
        state.ended.contains_key(id) || state.suspended.contains(id)
    }

    /// Whether anything the mandate hangs on has ended or is suspended.
    pub fn covers(&self, claims: &MandateClaims) -> bool {
        let state = self.state.read();
        if state.ended.is_empty() && state.suspended.is_empty() {
            return false;
        }
        claims
            .anchors()
            .any(|id| state.ended.contains_key(id) || state.suspended.contains(id))
    }

    /// Marks ids as ended.
    pub fn mark<'i>(&self, ids: impl IntoIterator<Item = &'i str>) {
        let until = self.world.now().plus(REMEMBER);
        {
            let mut state = self.state.write();
            for id in ids {
                state.ended.insert(id.into(), until);
            }
            state.generation += 1;
        }
        self.wake();
    }

    /// Marks a session as suspended, or no longer so.
    pub fn set_suspended(&self, session: &SessionId, suspended: bool) {
        {
            let mut state = self.state.write();
            if suspended {
                state.suspended.insert(session.as_str().into());
            } else {
                state.suspended.remove(session.as_str());
            }
            state.generation += 1;
        }
        self.wake();
    }

    /// Resolves after the next change. Streams in flight re-check their mandate then, so an idle stream ends at
    /// once too.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// How many ids are refused now.
    pub fn len(&self) -> usize {
        let state = self.state.read();
        state.ended.len() + state.suspended.len()
    }

    /// Whether nothing is refused.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the storage snapshot. Marks made while it was being read survive.
    ///
    /// # Errors
    /// As the storage; the state then keeps ageing.
    pub async fn reload(&self, store: &dyn Store) -> Result<(), caracal_storage::Error> {
        let started = self.world.now();
        let generation = self.state.read().generation;
        let mut work = store.global(Access::Read).await?;
        let snapshot = work.revoked_since(started.minus(REMEMBER)).await?;
        drop(work);

        let until = started.plus(REMEMBER);
        {
            let mut state = self.state.write();
            state.ended.retain(|_, end| *end > started);
            let ended = snapshot
                .authority_records
                .into_iter()
                .chain(snapshot.sessions)
                .chain(snapshot.delegations);
            for (_, id) in ended {
                state.ended.entry(id).or_insert(until);
            }
            if state.generation == generation {
                state.suspended = snapshot
                    .suspended_sessions
                    .into_iter()
                    .map(|(_, id)| id)
                    .collect();
            } else {
                // A suspension or resumption happened meanwhile; take additions now, removals next time.
                state
                    .suspended
                    .extend(snapshot.suspended_sessions.into_iter().map(|(_, id)| id));
            }
            // Two loads may overlap; the one that began later tells the age.
            state.loaded_at = state.loaded_at.max(Some(started));
        }
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        self.changed
            .send_modify(|generation| *generation = generation.wrapping_add(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_state_is_stale_and_marks_are_seen_at_once() {
        let revocations = Revocations::new(World::for_tests());
        assert!(!revocations.is_fresh());
        let mut watch = revocations.watch();
        revocations.mark(["ses-1"]);
        assert!(revocations.is_revoked("ses-1") && !revocations.is_revoked("ses-2"));
        assert!(watch.has_changed().unwrap());
        watch.mark_unchanged();
    }

    #[tokio::test]
    async fn a_state_whose_events_are_not_heard_is_stale_however_recent() {
        let revocations = Revocations::new(World::for_tests());
        revocations.state.write().loaded_at = Some(revocations.world.now());
        assert!(revocations.is_fresh());
        let hearing = Hearing::new(false);
        revocations.listen(hearing.clone());
        assert!(!revocations.is_fresh());
        hearing.set(true);
        assert!(revocations.is_fresh());
        hearing.set(false);
        assert!(!revocations.is_fresh());
    }

    #[test]
    fn a_resumed_session_is_usable_again() {
        let revocations = Revocations::new(World::for_tests());
        let session = SessionId::parse("ses-1").unwrap();
        revocations.set_suspended(&session, true);
        assert!(revocations.is_revoked("ses-1"));
        revocations.set_suspended(&session, false);
        assert!(!revocations.is_revoked("ses-1"));
    }
}
