//! How many connections a listener holds, in all and from one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The connections of one listener.
#[derive(Debug, Clone)]
pub(super) struct Permits {
    all: Arc<Semaphore>,
    ordinary: Arc<Semaphore>,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    per_address: usize,
}

/// Room for one more connection.
#[derive(Debug)]
pub(super) struct Room(OwnedSemaphorePermit);

/// One connection's permit; dropping it frees the permit.
#[derive(Debug)]
pub(super) struct Permit {
    _any: OwnedSemaphorePermit,
    ordinary: Option<OwnedSemaphorePermit>,
    address: IpAddr,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Permits {
    /// `all` permits, a twentieth of them (4 to 64) kept for health, readiness and metrics.
    pub(super) fn new(all: usize, per_address: usize) -> Self {
        let all = all.clamp(2, Semaphore::MAX_PERMITS);
        let kept = (all / 20).clamp(4, 64).min(all / 2);
        Self {
            all: Arc::new(Semaphore::new(all)),
            ordinary: Arc::new(Semaphore::new(all - kept)),
            by_address: Arc::default(),
            per_address: per_address.max(1),
        }
    }

    /// Waits until there is room; meanwhile clients wait in the backlog.
    pub(super) async fn room(&self) -> Option<Room> {
        self.all.clone().acquire_owned().await.ok().map(Room)
    }

    /// Room that is there now.
    pub(super) fn room_now(&self) -> Option<Room> {
        self.all.clone().try_acquire_owned().ok().map(Room)
    }

    /// Gives `room` to a client, or nothing where its address holds too many already.
    pub(super) fn take(&self, room: Room, address: IpAddr) -> Option<Permit> {
        let address = network(address);
        {
            let mut by_address = self.by_address.lock();
            let held = by_address.entry(address).or_insert(0);
            if *held >= self.per_address {
                return None;
            }
            *held += 1;
        }
        Some(Permit {
            _any: room.0,
            ordinary: self.ordinary.clone().try_acquire_owned().ok(),
            address,
            by_address: self.by_address.clone(),
        })
    }
}

impl Permit {
    /// Whether this is one of the permits kept for health and metrics.
    pub(super) const fn is_kept(&self) -> bool {
        self.ordinary.is_none()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut by_address = self.by_address.lock();
        if let Some(held) = by_address.get_mut(&self.address) {
            *held -= 1;
            if *held == 0 {
                by_address.remove(&self.address);
            }
        }
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
                    held.push(permits.take(room, IpAddr::from([10, 0, 0, host])).unwrap());
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

    #[test]
    fn an_ipv6_client_is_its_network() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
