//! Turns at what is costly, for many who share it: few at once in all, fewer of one, and those that wait are taken one from
//! each in their order, so that nobody who asks a lot keeps the others from being next.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::oneshot, time::timeout};

/// How many turns there are.
#[derive(Debug, Clone, Copy)]
pub struct TurnLimits {
    /// Of all at once, at least 1.
    pub in_all: usize,
    /// Of one at once, at least 1. Where it is less than `in_all`, whoever comes next finds a turn, however many one has.
    pub of_one: usize,
    /// Requests of one that wait.
    pub waiting: usize,
    /// How long they wait.
    pub wait: Duration,
}

/// Why there is no turn now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTurn {
    /// This one has as many under way, or waiting, as it may.
    OfOne,
    /// Others have all.
    InAll,
}

/// Who has a turn, and who waits. Clones share it.
#[derive(Debug, Clone)]
pub struct Turns {
    limits: TurnLimits,
    state: Arc<Mutex<State>>,
}

/// A turn, given to whoever is next when it is dropped.
#[derive(Debug)]
pub struct Turn {
    turns: Option<Turns>,
    one: String,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    ones: HashMap<String, One>,
    /// Those of whom somebody waits, each once.
    order: VecDeque<String>,
}

#[derive(Debug, Default)]
struct One {
    taken: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

impl Turns {
    /// Nobody has one yet.
    pub fn new(limits: TurnLimits) -> Self {
        Self {
            limits: TurnLimits {
                in_all: limits.in_all.max(1),
                of_one: limits.of_one.max(1),
                ..limits
            },
            state: Arc::default(),
        }
    }

    /// A turn of `one`, now or when it is next. Dropping the future gives up the place in the order.
    ///
    /// # Errors
    /// When too many wait already, or none came up in time.
    pub async fn take(&self, one: &str) -> Result<Turn, NoTurn> {
        let next = {
            let mut state = self.state.lock();
            let State { taken, ones, order } = &mut *state;
            let known = ones.entry(one.to_owned()).or_default();
            known.waiting.retain(|waiting| !waiting.is_closed());
            if *taken < self.limits.in_all && known.taken < self.limits.of_one && known.waiting.is_empty() {
                *taken += 1;
                known.taken += 1;
                return Ok(self.turn(one));
            }
            if known.waiting.len() >= self.limits.waiting {
                let no_turn = self.why_not(known);
                if known.taken == 0 && known.waiting.is_empty() {
                    ones.remove(one);
                }
                return Err(no_turn);
            }
            let (sender, next) = oneshot::channel();
            if known.waiting.is_empty() && !order.iter().any(|waits| waits == one) {
                order.push_back(one.to_owned());
            }
            known.waiting.push_back(sender);
            next
        };
        if let Ok(Ok(turn)) = timeout(self.limits.wait, next).await {
            return Ok(turn);
        }
        let state = self.state.lock();
        let known = state.ones.get(one);
        Err(known.map_or(NoTurn::InAll, |known| self.why_not(known)))
    }

    fn why_not(&self, known: &One) -> NoTurn {
        if known.taken >= self.limits.of_one || known.taken >= self.limits.in_all {
            NoTurn::OfOne
        } else {
            NoTurn::InAll
        }
    }

    fn turn(&self, one: &str) -> Turn {
        Turn {
            turns: Some(self.clone()),
            one: one.to_owned(),
        }
    }

    /// Gives what is free to those who are next. Whoever gets a turn and still waits is the last after that.
    fn give(&self, state: &mut State) {
        let State { taken, ones, order } = state;
        let mut at = 0;
        while *taken < self.limits.in_all
            && let Some(one) = order.get(at).cloned()
        {
            let Some(known) = ones.get_mut(&one) else {
                order.remove(at);
                continue;
            };
            known.waiting.retain(|waiting| !waiting.is_closed());
            if known.waiting.is_empty() {
                order.remove(at);
                if known.taken == 0 {
                    ones.remove(&one);
                }
                continue;
            }
            if known.taken >= self.limits.of_one {
                at += 1;
                continue;
            }
            order.remove(at);
            while let Some(next) = known.waiting.pop_front() {
                match next.send(self.turn(&one)) {
                    Ok(()) => {
                        *taken += 1;
                        known.taken += 1;
                        break;
                    }
                    // Whoever waited has gone meanwhile, so that it was never taken.
                    Err(mut turn) => turn.turns = None,
                }
            }
            order.push_back(one);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(turns) = self.turns.take() else { return };
        let mut state = turns.state.lock();
        state.taken = state.taken.saturating_sub(1);
        if let Some(known) = state.ones.get_mut(&self.one) {
            known.taken = known.taken.saturating_sub(1);
            if known.taken == 0 && known.waiting.is_empty() {
                state.ones.remove(&self.one);
            }
        }
        turns.give(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use tokio::task::JoinHandle;

    use super::*;

    const LIMITS: TurnLimits = TurnLimits {
        in_all: 2,
        of_one: 1,
        waiting: 3,
        wait: Duration::from_mins(10),
    };

    /// Begins to wait, and comes back when it does.
    async fn waits(turns: &Turns, one: &'static str) -> JoinHandle<Result<Turn, NoTurn>> {
        let before = queued(turns, one);
        let waiting = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(one).await }
        });
        until(|| queued(turns, one) > before).await;
        waiting
    }

    fn queued(turns: &Turns, one: &str) -> usize {
        let state = turns.state.lock();
        state.ones.get(one).map_or(0, |known| known.waiting.len())
    }

    async fn until(holds: impl Fn() -> bool) {
        while !holds() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_takes_its_part_and_whoever_comes_next_finds_a_turn() {
        let turns = Turns::new(LIMITS);
        let first = turns.take("greedy").await.unwrap();
        let mut more = Vec::new();
        for _ in 0..LIMITS.waiting {
            more.push(waits(&turns, "greedy").await);
        }
        assert_eq!(turns.take("greedy").await.unwrap_err(), NoTurn::OfOne);
        let other = turns.take("other").await.unwrap();
        drop(first);
        let second = more.remove(0).await.unwrap().unwrap();
        drop((second, other));
        for next in more {
            drop(next.await.unwrap().unwrap());
        }
        assert!(turns.state.lock().ones.is_empty());
        assert_eq!(turns.state.lock().taken, 0);
    }

    #[tokio::test]
    async fn those_who_wait_are_taken_one_from_each_in_their_order() {
        let turns = Turns::new(TurnLimits { in_all: 1, ..LIMITS });
        let busy = turns.take("a").await.unwrap();
        let mut a = vec![
            waits(&turns, "a").await,
            waits(&turns, "a").await,
            waits(&turns, "a").await,
        ];
        let (b, c) = (waits(&turns, "b").await, waits(&turns, "c").await);
        drop(busy);
        let turn = a.remove(0).await.unwrap().unwrap();
        assert!(!b.is_finished() && !a[0].is_finished());
        drop(turn);
        let turn = b.await.unwrap().unwrap();
        assert!(
            !c.is_finished() && !a[0].is_finished(),
            "a had one after it began to wait"
        );
        drop(turn);
        let turn = c.await.unwrap().unwrap();
        assert!(!a[0].is_finished());
        drop(turn);
        for next in a {
            drop(next.await.unwrap().unwrap());
        }
    }

    #[tokio::test]
    async fn who_goes_away_keeps_nobody() {
        let turns = Turns::new(TurnLimits { in_all: 1, ..LIMITS });
        let busy = turns.take("a").await.unwrap();
        let gone = waits(&turns, "a").await;
        let stays = waits(&turns, "b").await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        drop(busy);
        drop(stays.await.unwrap().unwrap());
        // A turn that comes at the moment when nobody waits for it any more is given on.
        let busy = turns.take("a").await.unwrap();
        let mut lost = Box::pin(turns.take("b"));
        std::future::poll_fn(|cx| {
            assert!(lost.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(busy);
        drop(lost);
        drop(turns.take("c").await.unwrap());
        assert!(turns.state.lock().ones.is_empty());
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_whose_the_turns_are() {
        let turns = Turns::new(TurnLimits {
            in_all: 1,
            wait: Duration::from_millis(1),
            ..LIMITS
        });
        let busy = turns.take("a").await.unwrap();
        assert_eq!(turns.take("a").await.unwrap_err(), NoTurn::OfOne);
        assert_eq!(turns.take("b").await.unwrap_err(), NoTurn::InAll);
        drop(busy);
        drop(turns.take("b").await.unwrap());
        assert!(turns.state.lock().ones.is_empty());
    }
}
