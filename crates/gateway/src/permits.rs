//! Permits among the calls to one upstream host, shared fairly by zones.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use caracal_core::ZoneId;
use parking_lot::{Mutex, RwLock};
use tokio::sync::oneshot;

/// Most hosts remembered.
const MAX_HOSTS: usize = 4096;
/// How many times what is free a zone may hold: a zone alone fills three quarters of the permits, and the first call of
/// every other zone still finds one (dynamic thresholds, as switches divide their buffers).
const HELD_PER_FREE: usize = 3;

/// The permits of all hosts.
#[derive(Debug)]
pub(crate) struct Permits {
    /// Permits of one host.
    capacity: usize,
    /// Longest wait for one.
    wait: Duration,
    hosts: RwLock<HashMap<Box<str>, Arc<Host>>>,
}

#[derive(Debug)]
struct Host {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    waiting: usize,
    /// Zones that hold or wait for a permit.
    zones: HashMap<ZoneId, Share>,
}

#[derive(Debug, Default)]
struct Share {
    used: usize,
    queue: VecDeque<oneshot::Sender<Permit>>,
}

/// One call's permit; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    host: Arc<Host>,
    zone: ZoneId,
}

impl Permits {
    pub(crate) fn new(capacity: usize, wait: Duration) -> Self {
        Self {
            capacity,
            wait,
            hosts: RwLock::default(),
        }
    }

    /// A permit among the calls to `host`, so that neither a stuck upstream can take all sockets nor a zone all permits.
    pub(crate) async fn take(&self, host: &str, zone: &ZoneId) -> Option<Permit> {
        let waiting = match self.host(host).take(zone) {
            Ok(permit) => return Some(permit),
            Err(waiting) => waiting?,
        };
        tokio::time::timeout(self.wait, waiting).await.ok()?.ok()
    }

    fn host(&self, name: &str) -> Arc<Host> {
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

impl Host {
    /// A permit, or a turn in the zone's queue; nothing when that is full as well.
    fn take(self: &Arc<Self>, zone: &ZoneId) -> Result<Permit, Option<oneshot::Receiver<Permit>>> {
        let mut state = self.state.lock();
        let room = state.has_room(self.capacity, zone);
        let share = state.zones.entry(zone.clone()).or_default();
        if room && share.queue.is_empty() {
            share.used = share.used.saturating_add(1);
            state.used = state.used.saturating_add(1);
            return Ok(self.permit(zone));
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
        let share = state.zones.entry(zone.clone()).or_default();
        let (turn, waiting) = oneshot::channel();
        share.queue.push_back(turn);
        state.waiting = state.waiting.saturating_add(1);
        Err(Some(waiting))
    }

    fn permit(self: &Arc<Self>, zone: &ZoneId) -> Permit {
        Permit {
            host: self.clone(),
            zone: zone.clone(),
        }
    }

    /// Takes a permit back and gives it, and what else became free, to the zones that wait, least served first.
    fn release(self: &Arc<Self>, zone: &ZoneId) {
        let mut unwanted = Vec::new();
        let mut state = self.state.lock();
        state.used = state.used.saturating_sub(1);
        if let Some(share) = state.zones.get_mut(zone) {
            share.used = share.used.saturating_sub(1);
        }
        while let Some((zone, turn)) = state.next(self.capacity) {
            // Whoever left between the look and the gift leaves it here; it is dropped outside the lock.
            if let Err(permit) = turn.send(self.permit(&zone)) {
                unwanted.push(permit);
            }
        }
        state.forget(zone);
        drop(state);
    }
}

impl State {
    fn has_room(&self, capacity: usize, zone: &ZoneId) -> bool {
        let free = capacity.saturating_sub(self.used);
        let held = self.zones.get(zone).map_or(0, |share| share.used);
        free > 0 && held < free.saturating_mul(HELD_PER_FREE)
    }

    /// The next turn, counted as having its permit.
    fn next(&mut self, capacity: usize) -> Option<(ZoneId, oneshot::Sender<Permit>)> {
        while self.waiting > 0 {
            let (zone, _) = self
                .zones
                .iter()
                .filter(|(zone, share)| !share.queue.is_empty() && self.has_room(capacity, zone))
                .min_by_key(|(_, share)| share.used)?;
            let zone = zone.clone();
            let share = self.zones.get_mut(&zone)?;
            let turn = share.queue.pop_front()?;
            self.waiting = self.waiting.saturating_sub(1);
            if turn.is_closed() {
                self.forget(&zone);
                continue;
            }
            share.used = share.used.saturating_add(1);
            self.used = self.used.saturating_add(1);
            return Some((zone, turn));
        }
        None
    }

    fn forget(&mut self, zone: &ZoneId) {
        if self
            .zones
            .get(zone)
            .is_some_and(|share| share.used == 0 && share.queue.is_empty())
        {
            self.zones.remove(zone);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.host.release(&self.zone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> ZoneId {
        ZoneId::parse(name).unwrap()
    }

    async fn fill(permits: &Permits, zone: &ZoneId) -> Vec<Permit> {
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
        assert_eq!((state.used, state.waiting, state.zones.len()), (0, 0, 0));
    }
}
