//! Who waits to derive: a queue for each share, served in turn.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::digest::Digest32;

/// A place in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    number: u64,
    share: Digest32,
    pair: Digest32,
}

/// Queues by share. The share whose turn it is stands first in `order`; one that was served goes behind the others.
#[derive(Debug, Default)]
pub(super) struct Line {
    queues: HashMap<Digest32, VecDeque<Ticket>>,
    order: VecDeque<Digest32>,
    waiting: usize,
    issued: u64,
}

impl Line {
    /// A place for `pair`, or nothing when none is to be had among `most`. A full line makes room for a share with a
    /// shorter queue: the last of the longest one loses its place, so whoever fills the line takes it from themselves.
    pub(super) fn join(&mut self, share: Digest32, pair: Digest32, most: usize) -> Option<Ticket> {
        if self.waiting >= most {
            let own = self.queues.get(&share).map_or(0, VecDeque::len);
            let longest = self.queues.values().max_by_key(|queue| queue.len())?;
            if longest.len() <= own.saturating_add(1) {
                return None;
            }
            let last = *longest.back()?;
            self.leave(&last);
        }
        self.issued = self.issued.wrapping_add(1);
        let ticket = Ticket {
            number: self.issued,
            share,
            pair,
        };
        let queue = self.queues.entry(share).or_default();
        if queue.is_empty() {
            self.order.push_back(share);
        }
        queue.push_back(ticket);
        self.waiting = self.waiting.saturating_add(1);
        Some(ticket)
    }

    /// Whether the place is still held.
    pub(super) fn holds(&self, ticket: &Ticket) -> bool {
        self.queues
            .get(&ticket.share)
            .is_some_and(|queue| queue.contains(ticket))
    }

    /// Gives the place up.
    pub(super) fn leave(&mut self, ticket: &Ticket) {
        let Some(queue) = self.queues.get_mut(&ticket.share) else {
            return;
        };
        let before = queue.len();
        queue.retain(|waiting| waiting != ticket);
        self.waiting = self.waiting.saturating_sub(before.saturating_sub(queue.len()));
        if queue.is_empty() {
            self.queues.remove(&ticket.share);
            self.order.retain(|share| *share != ticket.share);
        }
    }

    /// Whose turn it is. Whoever waits for what is `running` shares its finding, and takes no turn.
    pub(super) fn next(&self, running: &HashSet<Digest32>) -> Option<Ticket> {
        self.order.iter().find_map(|share| {
            let queue = self.queues.get(share)?;
            queue
                .iter()
                .find(|ticket| !running.contains(&ticket.pair))
                .copied()
        })
    }

    /// Serves the one whose turn it is: its share goes behind the others.
    pub(super) fn serve(&mut self, ticket: &Ticket) {
        self.leave(ticket);
        if self.queues.contains_key(&ticket.share) {
            self.order.retain(|share| *share != ticket.share);
            self.order.push_back(ticket.share);
        }
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Whether somebody waits for this pair.
    pub(super) fn has(&self, pair: &Digest32) -> bool {
        self.queues.values().flatten().any(|ticket| ticket.pair == *pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Digest32 = [1; 32];
    const B: Digest32 = [2; 32];

    fn pair(number: u8) -> Digest32 {
        [number; 32]
    }

    #[test]
    fn shares_are_served_in_turn_however_long_the_queue_of_one_is() {
        let (mut line, running) = (Line::default(), HashSet::new());
        for number in 0..5 {
            line.join(A, pair(number), 64).unwrap();
        }
        line.join(B, pair(9), 64).unwrap();
        let served: Vec<_> = std::iter::from_fn(|| {
            let next = line.next(&running)?;
            line.serve(&next);
            Some((next.share[0], next.pair[0]))
        })
        .collect();
        assert_eq!(served, [(1, 0), (2, 9), (1, 1), (1, 2), (1, 3), (1, 4)]);
        assert_eq!((line.waiting, line.order.len(), line.queues.len()), (0, 0, 0));
    }

    #[test]
    fn whoever_fills_the_line_makes_room_for_others_and_not_for_themselves() {
        let mut line = Line::default();
        let mut places: Vec<_> = (0..4)
            .map(|number| line.join(A, pair(number), 4).unwrap())
            .collect();
        assert_eq!(line.join(A, pair(7), 4), None);
        let other = line.join(B, pair(8), 4).unwrap();
        assert!(line.holds(&other) && !line.holds(&places.pop().unwrap()));
        assert!(places.iter().all(|place| line.holds(place)));
        let another = line.join(B, pair(9), 4).unwrap();
        assert!(line.holds(&another), "two each");
        assert_eq!(line.join(B, pair(10), 4), None);
        assert_eq!(line.waiting, 4);
    }

    #[test]
    fn what_runs_already_takes_no_turn() {
        let mut line = Line::default();
        line.join(A, pair(1), 4).unwrap();
        let second = line.join(A, pair(2), 4).unwrap();
        assert_eq!(line.next(&HashSet::from([pair(1)])), Some(second));
        assert!(line.has(&pair(1)) && !line.has(&pair(3)));
    }
}
