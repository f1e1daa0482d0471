//! Log lines that strangers can cause: a few a minute of each kind, and how many were left out.
//!
//! What nobody was proved for enters no chain, which strangers could fill; but an operator must see that somebody
//! guesses, and a log that grows with every guess is another way to fill a disk.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use caracal_core::{Timestamp, World};
use caracal_wire::ErrorCode;
use parking_lot::Mutex;

/// Lines of one kind in a minute, of what was refused.
const OF_REFUSALS: u32 = 10;
/// Lines of one kind in a minute, of what failed.
const OF_FAILURES: u32 = 60;

/// What a line is about: role or part, and what happened. Both from closed sets, so that what is kept is bounded.
pub type Kind = (&'static str, &'static str);

static WINDOWS: Mutex<BTreeMap<Kind, Window>> = Mutex::new(BTreeMap::new());

#[derive(Debug, Default)]
struct Window {
    since: Option<Timestamp>,
    lines: u32,
    left_out: u64,
}

impl Window {
    /// How many were left out since the last one let through, or `None` to leave this one out too.
    fn admit(&mut self, most: u32, now: Timestamp) -> Option<u64> {
        // A clock that was set back must not silence it until it caught up.
        let over = self
            .since
            .is_none_or(|since| now < since || now >= since.plus(Duration::from_mins(1)));
        if over {
            self.since = Some(now);
            self.lines = 0;
        }
        if self.lines >= most {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        self.lines = self.lines.saturating_add(1);
        Some(std::mem::take(&mut self.left_out))
    }
}

fn admit(kind: Kind, most: u32, world: &World) -> Option<u64> {
    let now = world.now();
    WINDOWS.lock().entry(kind).or_default().admit(most, now)
}

/// Whether to write a line about something that was refused, and how many of its kind were left out before. Kinds are
/// apart, so that noise of one hides none of another.
pub fn of_refusal(kind: Kind, world: &World) -> Option<u64> {
    admit(kind, OF_REFUSALS, world)
}

/// As [`of_refusal`], about something that failed on our side.
pub(crate) fn of_failure(kind: Kind, world: &World) -> Option<u64> {
    admit(kind, OF_FAILURES, world)
}

/// Tells of a caller who is nobody and was refused.
pub(crate) fn tell_refused(
    role: &'static str,
    route: &'static str,
    peer: Option<IpAddr>,
    code: ErrorCode,
    world: &World,
) {
    if let Some(left_out) = of_refusal((role, route), world) {
        tracing::warn!(
            role,
            route,
            code = code.as_str(),
            peer = peer.map(tracing::field::display),
            left_out,
            "refused a caller who is nobody"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_minute_tells_of_a_few_and_of_how_many_it_left_out() {
        let mut window = Window::default();
        let start = Timestamp::from_micros(1_800_000_000_000_000);
        let mut told = |at: Timestamp, attempts: u32| -> Vec<u64> {
            (0..attempts)
                .filter_map(|_| window.admit(OF_REFUSALS, at))
                .collect()
        };
        assert_eq!(told(start, OF_REFUSALS + 7), vec![0; OF_REFUSALS as usize]);
        assert_eq!(told(start.plus(Duration::from_secs(59)), 3), Vec::<u64>::new());
        assert_eq!(told(start.plus(Duration::from_mins(1)), 2), [10, 0]);
        assert_eq!(told(start, 1), [0], "the clock was set back");
    }

    #[test]
    fn noise_of_one_kind_hides_none_of_another() {
        let world = World::for_tests();
        let told = |kind| (0..50).filter_map(|_| of_refusal(kind, &world)).count();
        assert_eq!(told(("test", "one")), 10);
        assert_eq!(told(("test", "two")), 10);
    }
}
