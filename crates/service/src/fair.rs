//! Permits among the calls to one upstream host, shared fairly by those who call: zones, or addresses.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::Arc,
    time::Duration,
};

use parking_lot::{Mutex, RwLock};
use tokio::sync::oneshot;

/// Most hosts remembered.
const MAX_HOSTS: usize = 4096;
/// How many times what is free a share may hold: one alone fills three quarters of the permits, and the first call of
/// every other still finds one (dynamic thresholds, as switches divide their buffers).
const HELD_PER_FREE: usize = 3;

/// Whose share a permit is of.
pub trait Sharer: Eq + Hash + Clone + Send {}

impl<S: Eq + Hash + Clone + Send> Sharer for S {}

/// The permits of all hosts.
#[derive(Debug)]
pub struct Permits<S: Sharer> {
    /// Permits of one host.
    capacity: usize,
    /// Longest wait for one.
    wait: Duration,
    hosts: RwLock<HashMap<Box<str>, Arc<Host<S>>>>,
}

#[derive(Debug)]
struct Host<S: Sharer> {
    capacity: usize,
    state: Mutex<State<S>>,
}

#[derive(Debug)]
struct State<S: Sharer> {
    used: usize,
    waiting: usize,
    /// Those that hold or wait for a permit.
    shares: HashMap<S, Share<S>>,
}

impl<S: Sharer> Default for State<S> {
    fn default() -> Self {
        Self {
            used: 0,
            waiting: 0,
            shares: HashMap::new(),
        }
    }
}

#[derive(Debug)]
struct Share<S: Sharer> {
    used: usize,
    queue: VecDeque<oneshot::Sender<Permit<S>>>,
}

impl<S: Sharer> Default for Share<S> {
    fn default() -> Self {
        Self {
            used: 0,
            queue: VecDeque::new(),
        }
    }
}

/// One call's permit; given back when dropped.
#[derive(Debug)]
pub struct Permit<S: Sharer> {
    host: Arc<Host<S>>,
    sharer: S,
}

impl<S: Sharer> Permits<S> {
    /// `capacity` permits for each host; whoever finds none waits for at most `wait`.
    pub fn new(capacity: usize, wait: Duration) -> Self {
        Self {
            capacity,
            wait,
            hosts: RwLock::default(),
        }
    }

    /// A permit among the calls to `host`, so that neither a stuck upstream can take all sockets nor one of those who
    /// call all permits.
    pub async fn take(&self, host: &str, sharer: &S) -> Option<Permit<S>> {
        let waiting = match self.host(host).take(sharer) {
            Ok(permit) => return Some(permit),
            Err(waiting) => waiting?,
        };
        tokio::time::timeout(self.wait, waiting).await.ok()?.ok()
    }

    fn host(&self, name: &str) -> Arc<Host<S>> {
        if let Some(host) = self.hosts.read().get(name) {
            return host.clone();
        }
        let mut hosts = self.hosts.write();
        if hosts.len() >= MAX_HOSTS {
            // Hosts in use are still counted by those who hold a permit.
            hosts.retain(|_, host| Arc::strong_count(host) > 1);
        }
        hosts
            .entry(name.into())
            .or_insert_with(|| {
                Arc::new(Host {
                    capacity: self.capacity,
                    state: Mutex::default(),
                })
            })
            .clone()
    }
}

impl<S: Sharer> Host<S> {
    /// A permit, or a turn in the queue of its share; nothing when that is full as well.
    fn take(self: &Arc<Self>, sharer: &S) -> Result<Permit<S>, Option<oneshot::Receiver<Permit<S>>>> {
        let mut state = self.state.lock();
        let room = state.has_room(self.capacity, sharer);
        let share = state.shares.entry(sharer.clone()).or_default();
        if room && share.queue.is_empty() {
            share.used = share.used.saturating_add(1);
            state.used = state.used.saturating_add(1);
            return Ok(self.permit(sharer));
        }
        if share.queue.len() >= self.capacity {
            let before = share.queue.len();
            share.queue.retain(|turn| !turn.is_closed());
            let left = before.saturating_sub(share.queue.len());
            let full = share.queue.len() >= self.capacity;
            state.waiting = state.waiting.saturating_sub(left);
            if full {
                return Err(None);
            }
        }
        let share = state.shares.entry(sharer.clone()).or_default();
        let (turn, waiting) = oneshot::channel();
        share.queue.push_back(turn);
        state.waiting = state.waiting.saturating_add(1);
        Err(Some(waiting))
    }

    fn permit(self: &Arc<Self>, sharer: &S) -> Permit<S> {
        Permit {
            host: self.clone(),
            sharer: sharer.clone(),
        }
    }

    /// Takes a permit back and gives it, and what else became free, to those that wait, least served first.
    fn release(self: &Arc<Self>, sharer: &S) {
        let mut unwanted = Vec::new();
        let mut state = self.state.lock();
        state.used = state.used.saturating_sub(1);
        if let Some(share) = state.shares.get_mut(sharer) {
            share.used = share.used.saturating_sub(1);
        }
        while let Some((sharer, turn)) = state.next(self.capacity) {
            // Whoever left between the look and the gift leaves it here; it is dropped outside the lock.
            if let Err(permit) = turn.send(self.permit(&sharer)) {
                unwanted.push(permit);
            }
        }
        state.forget(sharer);
        drop(state);
    }
}

impl<S: Sharer> State<S> {
    fn has_room(&self, capacity: usize, sharer: &S) -> bool {
        let free = capacity.saturating_sub(self.used);
        let held = self.shares.get(sharer).map_or(0, |share| share.used);
        free > 0 && held < free.saturating_mul(HELD_PER_FREE)
    }

    /// The next turn, counted as having its permit.
    fn next(&mut self, capacity: usize) -> Option<(S, oneshot::Sender<Permit<S>>)> {
        while self.waiting > 0 {
            let (sharer, _) = self
                .shares
                .iter()
                .filter(|(sharer, share)| !share.queue.is_empty() && self.has_room(capacity, sharer))
                .min_by_key(|(_, share)| share.used)?;
            let sharer = sharer.clone();
            let share = self.shares.get_mut(&sharer)?;
            let turn = share.queue.pop_front()?;
            self.waiting = self.waiting.saturating_sub(1);
            if turn.is_closed() {
                self.forget(&sharer);
                continue;
            }
            share.used = share.used.saturating_add(1);
            self.used = self.used.saturating_add(1);
            return Some((sharer, turn));
        }
        None
    }

    fn forget(&mut self, sharer: &S) {
        if self
            .shares
            .get(sharer)
            .is_some_and(|share| share.used == 0 && share.queue.is_empty())
        {
            self.shares.remove(sharer);
        }
    }
}

impl<S: Sharer> Drop for Permit<S> {
    fn drop(&mut self) {
        self.host.release(&self.sharer);
    }
}

#[cfg(test)]
mod tests {
    use caracal_core::ZoneId;

    use super::*;

    fn zone(name: &str) -> ZoneId {
        ZoneId::parse(name).unwrap()
    }

    async fn fill(permits: &Permits<ZoneId>, zone: &ZoneId) -> Vec<Permit<ZoneId>> {
        let mut held = Vec::new();
        while let Some(permit) = permits.take("host", zone).await {
            held.push(permit);
        }
        held
    }

    #[tokio::test]
    async fn a_zone_that_takes_all_it_can_leaves_permits_to_the_others() {
        let permits = Permits::new(1024, Duration::from_millis(5));
        let greedy = fill(&permits, &zone("a")).await;
        assert_eq!(greedy.len(), 768);
        let second = fill(&permits, &zone("b")).await;
        assert!(second.len() > 150, "{}", second.len());
        assert!(permits.take("host", &zone("c")).await.is_some());
        assert_eq!(fill(&permits, &zone("a")).await.len(), 0);
        assert!(permits.take("other", &zone("a")).await.is_some());
    }

    #[tokio::test]
    async fn a_permit_given_back_goes_to_the_zone_that_holds_least() {
        let permits = Arc::new(Permits::new(4, Duration::from_secs(1)));
        let mut greedy = fill(&permits, &zone("a")).await;
        assert_eq!(greedy.len(), 3);
        let other = permits.take("host", &zone("b")).await;
        assert!(other.is_some());
        let wait = |name: &'static str| {
            let permits = permits.clone();
            tokio::spawn(async move { permits.take("host", &zone(name)).await })
        };
        let again = wait("a");
        tokio::task::yield_now().await;
        let newcomer = wait("c");
        tokio::task::yield_now().await;
        drop(greedy.pop());
        let held = newcomer.await.unwrap();
        assert!(held.is_some());
        assert!(again.await.unwrap().is_none(), "its wait ran out");
    }

    #[tokio::test]
    async fn those_who_left_their_turn_cost_no_permit() {
        let permits = Permits::new(1, Duration::from_millis(5));
        let held = permits.take("host", &zone("a")).await;
        assert!(permits.take("host", &zone("a")).await.is_none());
        assert!(permits.take("host", &zone("b")).await.is_none());
        drop(held);
        let held = permits.take("host", &zone("b")).await;
        assert!(held.is_some());
        drop(held);
        let host = permits.host("host");
        let state = host.state.lock();
        assert_eq!((state.used, state.waiting, state.shares.len()), (0, 0, 0));
    }
}
