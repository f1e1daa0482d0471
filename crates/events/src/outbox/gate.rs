//! Which topics may be published now.
//!
//! After a failure a topic is closed for a while, and only that topic. Everything claimed of it in the meantime is
//! put off until the same instant, so that its rows keep their order. Pauses are measured by the monotonic clock.

use std::{collections::HashMap, time::Duration};

use caracal_core::World;
use tokio::time::Instant;

use crate::{Topic, backoff::Backoff};

#[derive(Debug)]
struct Gate {
    closed_until: Instant,
    backoff: Backoff,
}

#[derive(Debug)]
pub(super) struct Gates {
    world: World,
    pause: (Duration, Duration),
    topics: HashMap<Topic, Gate>,
}

impl Gates {
    pub(super) fn new(world: World, pause: (Duration, Duration)) -> Self {
        Self {
            world,
            pause,
            topics: HashMap::new(),
        }
    }

    /// How long rows of `topic` have to wait; `None` when they may go.
    pub(super) fn closed_for(&self, topic: Topic, now: Instant) -> Option<Duration> {
        let left = self
            .topics
            .get(&topic)?
            .closed_until
            .saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// A publication worked. A closed gate stays closed: older rows come back when it opens.
    pub(super) fn published(&mut self, topic: Topic) {
        if let Some(gate) = self.topics.get_mut(&topic) {
            gate.backoff.reset();
        }
    }

    /// Closes a topic, for longer each time in a row; returns for how long.
    pub(super) fn close(&mut self, topic: Topic, now: Instant) -> Duration {
        let (least, most) = self.pause;
        let gate = self.topics.entry(topic).or_insert_with(|| Gate {
            closed_until: now,
            backoff: Backoff::new(least, most),
        });
        gate.closed_until = gate.closed_until.max(now + gate.backoff.next(&self.world));
        gate.closed_until.saturating_duration_since(now)
    }

    /// When the next closed gate opens, seen from now.
    pub(super) fn next_opening(&self, now: Instant) -> Option<Duration> {
        self.topics
            .keys()
            .filter_map(|topic| self.closed_for(*topic, now))
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_closes_its_own_topic_for_longer_and_longer() {
        let (least, most) = (Duration::from_millis(100), Duration::from_secs(1));
        let mut gates = Gates::new(World::for_tests(), (least, most));
        let (mut now, mut longest) = (Instant::now(), Duration::ZERO);
        for _ in 0..8 {
            let pause = gates.close(Topic::AuditEvents, now);
            assert!(pause <= most);
            assert_eq!(gates.closed_for(Topic::AuditEvents, now), Some(pause));
            assert_eq!(gates.next_opening(now), Some(pause));
            assert_eq!(gates.closed_for(Topic::SessionsRevoke, now), None);
            longest = longest.max(pause);
            now += pause;
            assert_eq!(gates.closed_for(Topic::AuditEvents, now), None);
        }
        assert!(longest >= most / 2);
        gates.published(Topic::AuditEvents);
        assert!(gates.close(Topic::AuditEvents, now) <= least);
    }
}
