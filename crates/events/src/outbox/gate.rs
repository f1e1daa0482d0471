//! Which topics may be published now.
//!
//! A topic whose publication hangs or fails must not hold up the others, and its own rows must keep their order:
//! everything claimed of it in the meantime is put off until the same instant.

use std::{collections::HashMap, time::Duration};

use caracal_core::{Timestamp, World};

use crate::{Topic, backoff::Backoff};

#[derive(Debug)]
struct Gate {
    publishing: bool,
    closed_until: Timestamp,
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

    fn gate(&mut self, topic: Topic) -> &mut Gate {
        let (least, most) = self.pause;
        self.topics.entry(topic).or_insert_with(|| Gate {
            publishing: false,
            closed_until: Timestamp::default(),
            backoff: Backoff::new(least, most),
        })
    }

    /// Lets rows of `topic` through, or says until when they have to wait.
    pub(super) fn enter(&mut self, topic: Topic) -> Result<(), Timestamp> {
        let (now, least) = (self.world.now(), self.pause.0);
        let gate = self.gate(topic);
        if gate.closed_until > now {
            return Err(gate.closed_until);
        }
        if gate.publishing {
            gate.closed_until = now.plus(least);
            return Err(gate.closed_until);
        }
        gate.publishing = true;
        Ok(())
    }

    pub(super) fn published(&mut self, topic: Topic) {
        let gate = self.gate(topic);
        gate.publishing = false;
        gate.backoff.reset();
    }

    /// A publication failed; returns when to try again.
    pub(super) fn failed(&mut self, topic: Topic) -> Timestamp {
        let world = self.world.clone();
        let gate = self.gate(topic);
        gate.publishing = false;
        gate.closed_until = gate.closed_until.max(world.now().plus(gate.backoff.next(&world)));
        gate.closed_until
    }

    /// When the next closed gate opens, seen from now.
    pub(super) fn next_opening(&self) -> Option<Duration> {
        let now = self.world.now();
        self.topics
            .values()
            .filter(|gate| gate.closed_until > now)
            .map(|gate| gate.closed_until.since(now))
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_put_off_come_back_together_and_other_topics_go_on() {
        let world = World::for_tests();
        let mut gates = Gates::new(
            world.clone(),
            (Duration::from_millis(100), Duration::from_secs(1)),
        );
        assert_eq!(gates.enter(Topic::AuditEvents), Ok(()));
        let until = gates.enter(Topic::AuditEvents).unwrap_err();
        world.manual_clock().advance(Duration::from_millis(50));
        gates.published(Topic::AuditEvents);
        assert_eq!(
            gates.enter(Topic::AuditEvents),
            Err(until),
            "newer rows must not overtake"
        );
        assert_eq!(gates.enter(Topic::SessionsRevoke), Ok(()));
        world.manual_clock().advance(Duration::from_millis(50));
        assert_eq!(gates.enter(Topic::AuditEvents), Ok(()));
    }

    #[test]
    fn failures_close_the_gate_for_longer_and_longer() {
        let world = World::for_tests();
        let mut gates = Gates::new(
            world.clone(),
            (Duration::from_millis(100), Duration::from_secs(1)),
        );
        let mut longest = Duration::ZERO;
        for _ in 0..8 {
            assert_eq!(gates.enter(Topic::KeysInvalidate), Ok(()));
            let pause = gates.failed(Topic::KeysInvalidate).since(world.now());
            assert!(pause <= Duration::from_secs(1));
            longest = longest.max(pause);
            world.manual_clock().advance(pause);
        }
        assert!(longest >= Duration::from_millis(500));
    }
}
