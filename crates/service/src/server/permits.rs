//! How many connections a listener holds, in all and from one address, and whose give way.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// The connections of one listener.
#[derive(Debug, Clone)]
pub(super) struct Permits {
    all: Arc<Semaphore>,
    ordinary: Arc<Semaphore>,
    held: Arc<Mutex<Held>>,
    per_address: usize,
}

/// Room for one more connection.
#[derive(Debug)]
pub(super) struct ConnectionRoom(OwnedSemaphorePermit);

/// One connection's permit; dropping it frees the permit.
#[derive(Debug)]
pub(super) struct Permit {
    _any: OwnedSemaphorePermit,
    number: u64,
    address: IpAddr,
    slot: Slot,
    held: Arc<Mutex<Held>>,
    kept: bool,
}

/// Who holds connections.
#[derive(Debug, Default)]
struct Held {
    numbers: u64,
    by_address: HashMap<IpAddr, usize>,
    strangers: Strangers,
}

/// Connections on which nobody was proved yet, by address and age.
#[derive(Debug, Default)]
struct Strangers {
    by_address: HashMap<IpAddr, BTreeMap<u64, Slot>>,
    /// Whose give way, the first one last.
    order: BTreeSet<Rank>,
}

/// How many an address has, and its oldest: where all have as many, whoever came last is not the first to go.
type Rank = (usize, Reverse<u64>, IpAddr);

/// What makes a connection an ordinary one, and ends it when it is taken from it.
#[derive(Debug, Clone)]
struct Slot {
    ordinary: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
    gives_way: CancellationToken,
}

/// The standing of a connection; an extension of its requests.
#[derive(Debug, Clone)]
pub struct Standing {
    number: u64,
    address: IpAddr,
    held: Arc<Mutex<Held>>,
    /// Whether somebody was, so that the others of a listener are not looked at for each request.
    proved: Arc<AtomicBool>,
}

impl Standing {
    /// Somebody was proved on it: from here on it gives way to nobody.
    pub fn proved(&self) {
        if self.proved.swap(true, Ordering::Relaxed) {
            return;
        }
        self.held.lock().strangers.remove(self.address, self.number);
    }
}

impl Permits {
    /// `all` permits, a twentieth of them (4 to 64) kept for health, readiness and metrics.
    pub(super) fn new(all: usize, per_address: usize) -> Self {
        let all = all.clamp(2, Semaphore::MAX_PERMITS);
        let kept = (all / 20).clamp(4, 64).min(all / 2);
        Self {
            all: Arc::new(Semaphore::new(all)),
            ordinary: Arc::new(Semaphore::new(all - kept)),
            held: Arc::default(),
            per_address: per_address.max(1),
        }
    }

    /// Waits until there is room; meanwhile clients wait in the backlog.
    pub(super) async fn room(&self) -> Option<ConnectionRoom> {
        self.all.clone().acquire_owned().await.ok().map(ConnectionRoom)
    }

    /// Room that is there now.
    pub(super) fn room_now(&self) -> Option<ConnectionRoom> {
        self.all.clone().try_acquire_owned().ok().map(ConnectionRoom)
    }

    /// Gives `room` to a client, or nothing where its address holds too many already. Where all are taken, the oldest one on
    /// which nobody was proved gives way, of the address that has most of them: many strangers together keep out strangers.
    pub(super) fn take(&self, room: ConnectionRoom, address: IpAddr) -> Option<Permit> {
        let address = network(address);
        let mut held = self.held.lock();
        let own = held.by_address.entry(address).or_insert(0);
        if *own >= self.per_address {
            return None;
        }
        *own += 1;
        held.numbers += 1;
        let number = held.numbers;
        let free = self.ordinary.clone().try_acquire_owned().ok();
        let ordinary = free.or_else(|| held.strangers.give_way());
        let kept = ordinary.is_none();
        let slot = Slot {
            ordinary: Arc::new(Mutex::new(ordinary)),
            gives_way: CancellationToken::new(),
        };
        if !kept {
            held.strangers.add(address, number, slot.clone());
        }
        drop(held);
        Some(Permit {
            _any: room.0,
            number,
            address,
            slot,
            held: self.held.clone(),
            kept,
        })
    }
}

impl Strangers {
    fn add(&mut self, address: IpAddr, number: u64, slot: Slot) {
        self.change(address, |of_address| {
            of_address.insert(number, slot);
        });
    }

    fn remove(&mut self, address: IpAddr, number: u64) -> Option<Slot> {
        self.change(address, |of_address| of_address.remove(&number))
    }

    /// Changes what an address has, and where it stands.
    fn change<T>(&mut self, address: IpAddr, change: impl FnOnce(&mut BTreeMap<u64, Slot>) -> T) -> T {
        let of_address = self.by_address.entry(address).or_default();
        let rank = |of_address: &BTreeMap<u64, Slot>| {
            let oldest = of_address.keys().next().copied()?;
            Some((of_address.len(), Reverse(oldest), address))
        };
        if let Some(before) = rank(of_address) {
            self.order.remove(&before);
        }
        let changed = change(of_address);
        match rank(of_address) {
            Some(after) => {
                self.order.insert(after);
            }
            None => {
                self.by_address.remove(&address);
            }
        }
        changed
    }

    /// Ends one, and takes what made it an ordinary one.
    fn give_way(&mut self) -> Option<OwnedSemaphorePermit> {
        let (_, Reverse(number), address) = *self.order.last()?;
        let slot = self.remove(address, number)?;
        slot.gives_way.cancel();
        crate::metrics::connection_refused("gave_way");
        slot.ordinary.lock().take()
    }
}

impl Permit {
    /// Whether this is one of the permits kept for health and metrics.
    pub(super) const fn is_kept(&self) -> bool {
        self.kept
    }

    /// What its requests can say of it.
    pub(super) fn standing(&self) -> Standing {
        Standing {
            number: self.number,
            address: self.address,
            held: self.held.clone(),
            proved: Arc::default(),
        }
    }

    /// Resolves when it is to end for somebody else.
    pub(super) async fn gives_way(&self) {
        self.slot.gives_way.cancelled().await;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.held.lock();
        held.strangers.remove(self.address, self.number);
        if let Some(own) = held.by_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                held.by_address.remove(&self.address);
            }
        }
        // Freed here and not by a standing that outlives it.
        drop(self.slot.ordinary.lock().take());
    }
}

/// One client: an IPv4 address, or an IPv6 network of 64 bits, which one client has at least.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_places_are_kept_and_an_address_has_its_share() {
        let permits = Permits::new(8, 3);
        let mut held = Vec::new();
        for host in 1..=3_u8 {
            for _ in 0..3 {
                if held.len() < 8 {
                    let room = permits.room().await.unwrap();
                    let permit = permits.take(room, IpAddr::from([10, 0, 0, host])).unwrap();
                    permit.standing().proved();
                    held.push(permit);
                }
            }
        }
        assert_eq!(held.iter().filter(|permit| permit.is_kept()).count(), 4);
        held.truncate(4);
        let room = permits.room().await.unwrap();
        assert!(
            permits.take(room, IpAddr::from([10, 0, 0, 1])).is_none(),
            "three already"
        );
        let room = permits.room().await.unwrap();
        assert!(permits.take(room, "::ffff:10.0.0.9".parse().unwrap()).is_some());
    }

    #[tokio::test]
    async fn the_oldest_stranger_of_the_address_with_most_gives_way() {
        let permits = Permits::new(8, 100);
        let take = async |host: u8| {
            let room = permits.room().await.unwrap();
            permits.take(room, IpAddr::from([10, 0, 0, host])).unwrap()
        };
        let (one, flooding) = (take(1).await, [take(2).await, take(2).await, take(2).await]);
        let gone = |permit: &Permit| permit.slot.gives_way.is_cancelled();
        let newcomer = take(3).await;
        assert!(!newcomer.is_kept() && gone(&flooding[0]));
        assert!(!gone(&one) && !gone(&flooding[1]) && !gone(&flooding[2]));
        newcomer.standing().proved();
        // Whoever gave way is counted no more, and gives nothing back that was taken from them.
        drop(flooding);
        let another = take(4).await;
        assert!(!another.is_kept() && !gone(&one));
        drop((one, newcomer, another));
        let held = permits.held.lock();
        assert!(held.by_address.is_empty() && held.strangers.order.is_empty());
        assert!(held.strangers.by_address.is_empty());
        drop(held);
        assert_eq!(permits.ordinary.available_permits(), 4);
    }

    #[tokio::test]
    async fn where_all_have_as_many_the_oldest_gives_way() {
        let permits = Permits::new(8, 100);
        let mut held = Vec::new();
        for host in [9, 8, 1, 2, 200, 3] {
            let room = permits.room().await.unwrap();
            held.push(permits.take(room, IpAddr::from([10, 0, 0, host])).unwrap());
        }
        let gone = held.iter().map(|permit| permit.slot.gives_way.is_cancelled());
        assert_eq!(gone.collect::<Vec<_>>(), [true, true, false, false, false, false]);
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
