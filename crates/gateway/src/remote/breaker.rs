//! Stops asking an STS that does not answer, and finds out with single questions when it does again.

use std::{sync::Arc, time::Duration};

use caracal_core::{Timestamp, World};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use parking_lot::Mutex;

use crate::metrics;

/// Consecutive failures after which nobody asks.
const FAILURES: u32 = 3;
/// How long nobody asks.
const OPEN_FOR: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open_until: Option<Timestamp>,
    probing: bool,
}

/// Closed, open, or half-open with one probe in flight.
#[derive(Debug)]
pub(super) struct Breaker {
    world: World,
    state: Mutex<State>,
}

impl Breaker {
    pub(super) fn new(world: World) -> Self {
        Self {
            world,
            state: Mutex::default(),
        }
    }

    /// Whether an attempt would be refused now.
    pub(super) fn is_open(&self) -> bool {
        let state = self.state.lock();
        state
            .open_until
            .is_some_and(|until| self.world.now() < until || state.probing)
    }

    /// Ends an open time early: the STS was heard to be ready. The next attempt is the probe.
    pub(super) fn retry_now(&self) {
        let mut state = self.state.lock();
        if state.open_until.is_some() {
            state.open_until = Some(self.world.now());
        }
    }

    /// Begins an attempt; after an open time one alone gets through.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Attempt> {
        let mut state = self.state.lock();
        let probe = match state.open_until {
            None => false,
            Some(until) if self.world.now() < until || state.probing => return None,
            Some(_) => true,
        };
        state.probing = probe;
        Some(Attempt {
            breaker: self.clone(),
            probe,
        })
    }
}

/// One question to the STS.
#[derive(Debug)]
pub(super) struct Attempt {
    breaker: Arc<Breaker>,
    probe: bool,
}

impl Attempt {
    /// Ends the attempt. Only an STS that cannot answer counts against the circuit: a refusal is an answer.
    pub(super) fn conclude(mut self, refusal: Option<&Refusal>) {
        let failed = refusal.is_some_and(|refusal| {
            refusal.code == ErrorCode::StsUnavailable && refusal.status.is_server_error()
        });
        let mut state = self.breaker.state.lock();
        let was_open = state.open_until.is_some();
        if failed {
            state.failures = state.failures.saturating_add(1);
            if self.probe || (!was_open && state.failures >= FAILURES) {
                state.open_until = Some(self.breaker.world.now().plus(OPEN_FOR));
                metrics::circuit(true);
            }
        } else {
            state.failures = 0;
            if was_open {
                state.open_until = None;
                metrics::circuit(false);
            }
        }
        if std::mem::take(&mut self.probe) {
            state.probing = false;
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        // A probe whose caller went away told nothing; let the next one through.
        if self.probe {
            self.breaker.state.lock().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn breaker() -> (World, Arc<Breaker>) {
        let world = World::for_tests();
        (world.clone(), Arc::new(Breaker::new(world)))
    }

    fn down() -> Refusal {
        Refusal::new(StatusCode::BAD_GATEWAY, ErrorCode::StsUnavailable)
    }

    fn fail(breaker: &Arc<Breaker>, times: u32) {
        for _ in 0..times {
            breaker.enter().unwrap().conclude(Some(&down()));
        }
    }

    #[test]
    fn three_failures_in_a_row_open_the_circuit_for_ten_seconds() {
        let (world, breaker) = breaker();
        fail(&breaker, 2);
        breaker.enter().unwrap().conclude(None);
        fail(&breaker, 2);
        assert!(!breaker.is_open());
        fail(&breaker, 1);
        assert!(breaker.is_open() && breaker.enter().is_none());
        world.manual_clock().advance(OPEN_FOR);
        assert!(!breaker.is_open());
    }

    #[test]
    fn one_probe_alone_decides_whether_the_circuit_closes() {
        let (world, breaker) = breaker();
        fail(&breaker, 3);
        world.manual_clock().advance(OPEN_FOR);
        let probe = breaker.enter().unwrap();
        assert!(breaker.is_open() && breaker.enter().is_none());
        probe.conclude(Some(&down()));
        assert!(breaker.enter().is_none(), "a failed probe opens it again at once");
        world.manual_clock().advance(OPEN_FOR);
        breaker.enter().unwrap().conclude(None);
        assert!(breaker.enter().is_some() && breaker.enter().is_some());
    }

    #[test]
    fn an_sts_that_says_it_is_ready_is_asked_at_once_by_one() {
        let (_, breaker) = breaker();
        breaker.retry_now();
        assert!(
            breaker.enter().is_some() && breaker.enter().is_some(),
            "closed it stays"
        );
        fail(&breaker, 3);
        breaker.retry_now();
        let probe = breaker.enter().unwrap();
        assert!(breaker.enter().is_none());
        probe.conclude(Some(&down()));
        assert!(breaker.is_open(), "the probe decides, not the word");
        breaker.retry_now();
        breaker.enter().unwrap().conclude(None);
        assert!(!breaker.is_open());
    }

    #[test]
    fn a_probe_whose_caller_left_makes_room_for_the_next() {
        let (world, breaker) = breaker();
        fail(&breaker, 3);
        world.manual_clock().advance(OPEN_FOR);
        drop(breaker.enter().unwrap());
        assert!(breaker.enter().is_some());
    }

    #[test]
    fn refusals_of_the_sts_are_answers() {
        let (_, breaker) = breaker();
        for refusal in [
            Refusal::of(ErrorCode::AccessDenied),
            Refusal::new(StatusCode::UNAUTHORIZED, ErrorCode::StsUnavailable),
            Refusal::of(ErrorCode::HttpRequestFailed),
        ] {
            for _ in 0..4 {
                breaker.enter().unwrap().conclude(Some(&refusal));
            }
        }
        assert!(!breaker.is_open());
    }
}
