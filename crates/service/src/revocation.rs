//! What must be refused now: revoked records, sessions, delegations and connected accounts, and suspended sessions, in memory.
//!
//! Fed by events within milliseconds and by reads of storage at a bounded interval, each of what ended since the one
//! before. When neither has been heard for too long the state is stale, and stale means unavailable, never allowed.
//! What is remembered is what a live mandate could still name, however many sessions ended before.

mod memory;

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use caracal_core::{SessionId, Timestamp, World, claims::MandateClaims};
use caracal_crypto::mandate::{LEEWAY, MAX_LIFETIME};
use caracal_events::SyncFlag;
use caracal_storage::{Access, Store};
use caracal_wire::health::RevocationHealth;
use metrics::{gauge, histogram};
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use self::memory::{Ended, Key, key};
use crate::metrics::{REVOCATION_LAG, REVOCATIONS_AGE, REVOCATIONS_FRESH, REVOCATIONS_KEPT};

/// How often storage is read.
pub const SNAPSHOT_EVERY: Duration = Duration::from_secs(30);
/// Past this age of the last read the state is stale.
pub const STALE_AFTER: Duration = Duration::from_secs(70);
/// How long an ended id is remembered. The last mandate that names it was signed by whoever heard of the end last,
/// within [`STALE_AFTER`], lives no longer than a mandate may, and is refused a leeway after that, by clocks that
/// differ by no more than another.
pub const REMEMBER: Duration = MAX_LIFETIME
    .saturating_add(STALE_AFTER)
    .saturating_add(LEEWAY.saturating_mul(2));
/// How far a read reaches back before the one before it: for transactions that committed later than they say, and
/// clocks that differ.
const OVERLAP: Duration = Duration::from_mins(5);
/// How many ends are remembered with how long they took.
const LAGS: usize = 100;
/// Longest span of ends read in one statement.
const SPAN: Duration = Duration::from_mins(5);

/// What events are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feed {
    /// Ends of authority.
    Ends,
    /// Changes of zones.
    Changes,
}

#[derive(Debug, Default)]
struct Suspended {
    sessions: HashSet<Key>,
    /// Counts live changes, so that a list read meanwhile does not undo them.
    generation: u64,
}

/// Where events come from, as far as they come at all. Without a follower only reads of storage count.
#[derive(Debug, Default)]
struct Feeds {
    ends: Option<SyncFlag>,
    changes: Option<SyncFlag>,
}

/// The revocation state of this process.
#[derive(Debug)]
pub struct Revocations {
    ended: Ended,
    suspended: RwLock<Suspended>,
    /// When the last read of storage began.
    read_at: RwLock<Option<Timestamp>>,
    feeds: RwLock<Feeds>,
    changed: watch::Sender<u64>,
    /// How long the last ends took from the bus to here.
    lags: Mutex<VecDeque<Duration>>,
    world: World,
}

impl Revocations {
    /// Nothing known yet, hence stale until the first [`Revocations::reload`].
    pub fn new(world: World) -> Self {
        Self {
            ended: Ended::default(),
            suspended: RwLock::default(),
            read_at: RwLock::default(),
            feeds: RwLock::default(),
            changed: watch::Sender::new(0),
            lags: Mutex::default(),
            world,
        }
    }

    /// Counts on the events of the subscription that `in_sync` is of: while it is not, the state is not fresh.
    pub(crate) fn listen(&self, feed: Feed, in_sync: SyncFlag) {
        let mut feeds = self.feeds.write();
        match feed {
            Feed::Ends => feeds.ends = Some(in_sync),
            Feed::Changes => feeds.changes = Some(in_sync),
        }
    }

    /// Whether the state is recent enough to decide on: the last read of storage is, and events are heard. What was
    /// revoked while the bus was away is in no event, so on its return storage is read again first.
    pub fn is_fresh(&self) -> bool {
        let out_of_sync = {
            let feeds = self.feeds.read();
            let lost = |in_sync: &Option<SyncFlag>| in_sync.as_ref().is_some_and(|in_sync| !in_sync.is_set());
            lost(&feeds.ends) || lost(&feeds.changes)
        };
        let now = self.world.now();
        !out_of_sync && self.read_at.read().is_some_and(|at| now.since(at) <= STALE_AFTER)
    }

    /// Whether this id's authority has ended or is suspended.
    pub fn is_revoked(&self, id: &str) -> bool {
        let key = key(id);
        self.ended.contains(&key) || self.suspended.read().sessions.contains(&key)
    }

    /// Whether anything the mandate hangs on has ended or is suspended.
    pub fn covers(&self, claims: &MandateClaims) -> bool {
        let suspended = self.suspended.read();
        claims.anchors().any(|id| {
            let key = key(id);
            self.ended.contains(&key) || suspended.sessions.contains(&key)
        })
    }

    /// Marks ids as ended.
    pub fn mark<'i>(&self, ids: impl IntoIterator<Item = &'i str>) {
        let until = self.world.now().plus(REMEMBER);
        for id in ids {
            self.ended.insert(key(id), until);
        }
        self.wake();
    }

    /// Marks a session as suspended, or no longer so.
    pub fn set_suspended(&self, session: &SessionId, suspended: bool) {
        {
            let mut state = self.suspended.write();
            if suspended {
                state.sessions.insert(key(session.as_str()));
            } else {
                state.sessions.remove(&key(session.as_str()));
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

    /// Brings the gauges up to date.
    pub fn report(&self) {
        gauge!(REVOCATIONS_FRESH).set(f64::from(u8::from(self.is_fresh())));
        let read_at = *self.read_at.read();
        if let Some(read_at) = read_at {
            gauge!(REVOCATIONS_AGE).set(self.world.now().since(read_at).as_secs_f64());
        }
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        gauge!(REVOCATIONS_KEPT).set(self.len() as f64);
    }

    /// What the bus took at `appended_at` is in force now.
    pub(crate) fn in_force(&self, appended_at: Timestamp) {
        let lag = self.world.now().since(appended_at);
        histogram!(REVOCATION_LAG).record(lag.as_secs_f64());
        let mut lags = self.lags.lock();
        if lags.len() >= LAGS {
            lags.pop_front();
        }
        lags.push_back(lag);
    }

    /// How well it knows what ended, for those who watch.
    pub fn health(&self) -> RevocationHealth {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let read_at = *self.read_at.read();
        let lags = self.lags.lock();
        RevocationHealth {
            fresh: self.is_fresh(),
            read_ago_ms: read_at.map(|read_at| millis(self.world.now().since(read_at))),
            last_lag_ms: lags.back().copied().map(millis),
            longest_lag_ms: lags.iter().max().copied().map(millis),
        }
    }

    /// How many ids are refused now.
    pub fn len(&self) -> usize {
        self.ended.len() + self.suspended.read().sessions.len()
    }

    /// Whether nothing is refused.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads what ended since the last read, and what is suspended now. Nobody waits for it: ids are added as they
    /// come, and marks made meanwhile survive.
    ///
    /// # Errors
    /// As the storage; the state then keeps ageing.
    pub async fn reload(&self, store: &dyn Store) -> Result<(), caracal_storage::Error> {
        const END: Timestamp = Timestamp::from_micros(i64::MAX);
        let started = self.world.now();
        let generation = self.suspended.read().generation;
        let last = *self.read_at.read();
        let mut from = last.map_or_else(|| started.minus(REMEMBER), |last| last.minus(OVERLAP));
        let mut work = store.global(Access::Read).await?;
        loop {
            // Whatever is dated later than now was ended by a clock that is ahead.
            let to = Some(from.plus(SPAN)).filter(|to| *to < started);
            let anchors = work.revoked_between(from, to.unwrap_or(END)).await?;
            let ended = anchors
                .authority_records
                .iter()
                .chain(&anchors.sessions)
                .chain(&anchors.delegations)
                .chain(&anchors.connections);
            // A first read finds what ended long ago; afterwards streams may still hang on what was not heard of.
            let known_by = to.filter(|_| last.is_none()).unwrap_or(started);
            for (_, id) in ended {
                self.ended.insert(key(id), known_by.plus(REMEMBER));
            }
            let Some(next) = to else {
                break;
            };
            from = next;
        }
        let suspended: HashSet<Key> = work
            .suspended_sessions()
            .await?
            .iter()
            .map(|(_, id): &(_, Arc<str>)| key(id))
            .collect();
        drop(work);
        {
            let mut state = self.suspended.write();
            if state.generation == generation {
                state.sessions = suspended;
            } else {
                // A suspension or resumption happened meanwhile; take additions now, removals next time.
                state.sessions.extend(suspended);
            }
        }
        {
            let mut read_at = self.read_at.write();
            // Two reads may overlap; the one that began later tells the age.
            *read_at = (*read_at).max(Some(started));
        }
        self.ended.prune(started);
        self.wake();
        Ok(())
    }

    /// Has streams in flight look again.
    pub(crate) fn wake(&self) {
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

    #[test]
    fn the_last_ends_tell_how_long_they_took() {
        let revocations = Revocations::new(World::for_tests());
        let nothing = revocations.health();
        assert!(!nothing.fresh && nothing.read_ago_ms.is_none() && nothing.last_lag_ms.is_none());
        let ago = |millis| revocations.world.now().minus(Duration::from_millis(millis));
        revocations.in_force(ago(70));
        revocations.in_force(ago(3));
        let health = revocations.health();
        assert_eq!((health.last_lag_ms, health.longest_lag_ms), (Some(3), Some(70)));
        for _ in 0..LAGS {
            revocations.in_force(ago(5));
        }
        assert_eq!(
            revocations.health().longest_lag_ms,
            Some(5),
            "of the last ones alone"
        );
        assert_eq!(revocations.lags.lock().len(), LAGS);
    }

    #[tokio::test]
    async fn a_state_whose_events_are_not_heard_is_stale_however_recent() {
        let revocations = Revocations::new(World::for_tests());
        *revocations.read_at.write() = Some(revocations.world.now());
        assert!(revocations.is_fresh());
        let in_sync = SyncFlag::new(false);
        revocations.listen(Feed::Ends, SyncFlag::new(true));
        revocations.listen(Feed::Changes, in_sync.clone());
        assert!(!revocations.is_fresh());
        in_sync.set(true);
        assert!(revocations.is_fresh());
        in_sync.set(false);
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

    #[test]
    fn an_end_is_forgotten_once_no_live_mandate_can_name_it() {
        let world = World::for_tests();
        let revocations = Revocations::new(world.clone());
        revocations.mark(["ses-1"]);
        world.manual_clock().advance(MAX_LIFETIME + LEEWAY);
        revocations.ended.prune(world.now());
        assert!(
            revocations.is_revoked("ses-1"),
            "a mandate of a moment before the end still lives"
        );
        world.manual_clock().advance(STALE_AFTER + LEEWAY * 2);
        revocations.ended.prune(world.now());
        assert!(revocations.is_empty());
    }
}
