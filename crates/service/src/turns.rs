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
    /// Requests of all that wait. Past it, one that has fewer takes the last place of the one that has most.
    pub waiting_in_all: usize,
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
    /// Places in all queues, of those as well who have left unseen.
    waiting: usize,
    ones: HashMap<String, One>,
    /// Those of whom somebody waits, each once.
    order: VecDeque<String>,
}

#[derive(Debug, Default)]
struct One {
    taken: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
    /// Whether it stands in the order.
    ordered: bool,
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
            if let Some(turn) = self.free(&mut state, one) {
                return Ok(turn);
            }
            self.join(&mut state, one)?
        };
        if let Ok(Ok(turn)) = timeout(self.limits.wait, next).await {
            return Ok(turn);
        }
        let state = self.state.lock();
        Err(self.why_not(state.ones.get(one)))
    }

    /// A turn of `one` that is free now, and that nobody of the same waits for.
    pub fn take_free(&self, one: &str) -> Option<Turn> {
        self.free(&mut self.state.lock(), one)
    }

    fn free(&self, state: &mut State, one: &str) -> Option<Turn> {
        state.tidy(one);
        let known = state.ones.get(one);
        let (own, first) = known.map_or((0, true), |known| (known.taken, known.waiting.is_empty()));
        if state.taken >= self.limits.in_all || own >= self.limits.of_one || !first {
            return None;
        }
        state.taken += 1;
        state.ones.entry(one.to_owned()).or_default().taken += 1;
        Some(self.turn(one))
    }

    /// A place in the queue of `one`.
    fn join(&self, state: &mut State, one: &str) -> Result<oneshot::Receiver<Turn>, NoTurn> {
        let own = state.ones.get(one).map_or(0, |known| known.waiting.len());
        if own >= self.limits.waiting || !state.has_place(own, self.limits.waiting_in_all) {
            return Err(self.why_not(state.ones.get(one)));
        }
        let (sender, next) = oneshot::channel();
        let known = state.ones.entry(one.to_owned()).or_default();
        known.waiting.push_back(sender);
        state.waiting += 1;
        if !std::mem::replace(&mut known.ordered, true) {
            state.order.push_back(one.to_owned());
        }
        Ok(next)
    }

    fn why_not(&self, known: Option<&One>) -> NoTurn {
        let taken = known.map_or(0, |known| known.taken);
        if taken >= self.limits.of_one || taken >= self.limits.in_all {
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
        let mut at = 0;
        while state.taken < self.limits.in_all
            && let Some(one) = state.order.get(at).cloned()
        {
            state.tidy(&one);
            let Some(known) = state.ones.get_mut(&one) else {
                state.order.remove(at);
                continue;
            };
            if known.waiting.is_empty() {
                known.ordered = false;
                state.order.remove(at);
                state.forget(&one);
                continue;
            }
            if known.taken >= self.limits.of_one {
                at += 1;
                continue;
            }
            state.order.remove(at);
            while let Some(next) = known.waiting.pop_front() {
                state.waiting = state.waiting.saturating_sub(1);
                match next.send(self.turn(&one)) {
                    Ok(()) => {
                        state.taken += 1;
                        known.taken += 1;
                        break;
                    }
                    // Whoever waited has gone meanwhile, so that it was never taken.
                    Err(mut turn) => turn.turns = None,
                }
            }
            state.order.push_back(one);
        }
    }
}

impl State {
    /// Whoever has gone leaves the queue of `one`.
    fn tidy(&mut self, one: &str) {
        if let Some(known) = self.ones.get_mut(one) {
            let before = known.waiting.len();
            known.waiting.retain(|waiting| !waiting.is_closed());
            self.waiting = self.waiting.saturating_sub(before - known.waiting.len());
        }
    }

    /// Whether there is a place for one that has `own`, where there are `most`: a full line makes room for it at the cost of
    /// the one that has most, so that whoever fills the line takes it from themselves.
    fn has_place(&mut self, own: usize, most: usize) -> bool {
        if self.waiting < most {
            return true;
        }
        self.waiting = 0;
        for known in self.ones.values_mut() {
            known.waiting.retain(|waiting| !waiting.is_closed());
            self.waiting += known.waiting.len();
        }
        if self.waiting < most {
            return true;
        }
        let longest = self.ones.values_mut().max_by_key(|known| known.waiting.len());
        let Some(longest) = longest.filter(|longest| longest.waiting.len() > own + 1) else {
            return false;
        };
        longest.waiting.pop_back();
        self.waiting -= 1;
        true
    }

    /// Remembers nothing of one that has no turn and waits for none.
    fn forget(&mut self, one: &str) {
        let known = self.ones.get(one);
        if known.is_some_and(|known| known.taken == 0 && known.waiting.is_empty() && !known.ordered) {
            self.ones.remove(one);
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
        }
        state.forget(&self.one);
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
        waiting_in_all: 64,
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

    #[tokio::test]
    async fn a_full_line_makes_room_for_whoever_has_fewer_places_and_for_nobody_else() {
        let turns = Turns::new(TurnLimits {
            in_all: 1,
            waiting_in_all: 3,
            ..LIMITS
        });
        let busy = turns.take("a").await.unwrap();
        assert!(turns.take_free("b").is_none());
        let first = waits(&turns, "a").await;
        let (second, last) = (waits(&turns, "a").await, waits(&turns, "a").await);
        // The last of those who have most goes.
        let other = waits(&turns, "b").await;
        assert_eq!(last.await.unwrap().unwrap_err(), NoTurn::OfOne);
        assert_eq!(turns.take("b").await.unwrap_err(), NoTurn::InAll);
        assert_eq!(turns.take("a").await.unwrap_err(), NoTurn::OfOne);
        // Whoever left makes room without that.
        second.abort();
        assert!(second.await.unwrap_err().is_cancelled());
        let another = waits(&turns, "c").await;
        drop(busy);
        for next in [first, other, another] {
            drop(next.await.unwrap().unwrap());
        }
        assert!(turns.take_free("d").is_some());
        let state = turns.state.lock();
        assert_eq!(
            (state.taken, state.waiting, state.order.len(), state.ones.len()),
            (0, 0, 0, 0)
        );
    }
}
