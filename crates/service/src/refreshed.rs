//! A value that somebody outside hands out for a time: asked for once, renewed before its end, left alone while asking
//! fails.
//!
//! One question at a time; whoever comes meanwhile waits for its answer, or takes the value there still is. After a
//! failure nobody asks for a second, then two, up to half a minute, and then one alone finds out whether it is answered
//! again.

mod by_name;

use std::{future::Future, sync::Arc, time::Duration};

use caracal_core::{Timestamp, World};
use parking_lot::Mutex;
use tokio::sync::Mutex as Turn;

pub use self::by_name::RefreshedByName;

/// Longest time that nobody asks after failures in a row.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// A value and its times.
#[derive(Debug)]
pub struct Timed<T> {
    /// The value.
    pub value: T,
    /// When it was got.
    pub got_at: Timestamp,
    /// When the next one is asked for.
    pub renew_at: Timestamp,
    /// Until when it serves.
    pub usable_until: Timestamp,
}

#[derive(Debug)]
struct State<T, E> {
    kept: Option<Arc<Timed<T>>>,
    failures: u32,
    /// Until when nobody asks, and why.
    silent: Option<(Timestamp, E)>,
}

enum Freshness<T, E> {
    Fresh(Arc<Timed<T>>),
    Ageing(Arc<Timed<T>>),
    Missing,
    Silent(E),
}

/// Keeps one value.
#[derive(Debug)]
pub struct Refreshed<T, E> {
    world: World,
    state: Mutex<State<T, E>>,
    asking: Turn<()>,
}

impl<T, E: Clone> Refreshed<T, E> {
    /// Nothing yet.
    pub fn new(world: World) -> Self {
        Self {
            world,
            state: Mutex::new(State {
                kept: None,
                failures: 0,
                silent: None,
            }),
            asking: Turn::default(),
        }
    }

    /// The value, by `ask` where there is none or its end is near.
    ///
    /// # Errors
    /// That of `ask`, or of the last time while nobody asks.
    pub async fn get(&self, ask: impl Future<Output = Result<Timed<T>, E>>) -> Result<Arc<Timed<T>>, E> {
        match self.freshness() {
            Freshness::Fresh(kept) => Ok(kept),
            Freshness::Silent(error) => Err(error),
            Freshness::Ageing(kept) => match self.asking.try_lock() {
                Ok(_turn) => Ok(self.ask(ask).await.unwrap_or(kept)),
                Err(_) => Ok(kept),
            },
            Freshness::Missing => {
                let _turn = self.asking.lock().await;
                match self.freshness() {
                    Freshness::Fresh(kept) | Freshness::Ageing(kept) => Ok(kept),
                    Freshness::Silent(error) => Err(error),
                    Freshness::Missing => self.ask(ask).await,
                }
            }
        }
    }

    /// A value got after `seen`, by `ask` unless `seen` is younger than `pause`: for whoever misses something in it. The
    /// same one where nobody may ask.
    ///
    /// # Errors
    /// That of `ask`.
    pub async fn after(
        &self,
        seen: Arc<Timed<T>>,
        pause: Duration,
        ask: impl Future<Output = Result<Timed<T>, E>>,
    ) -> Result<Arc<Timed<T>>, E> {
        let _turn = self.asking.lock().await;
        let now = self.world.now();
        {
            let state = self.state.lock();
            if let Some(kept) = state.kept.as_ref().filter(|kept| kept.got_at > seen.got_at) {
                return Ok(kept.clone());
            }
            let silent = state.silent.as_ref().is_some_and(|(until, _)| *until > now);
            if silent || seen.got_at.plus(pause) > now {
                return Ok(seen);
            }
        }
        self.ask(ask).await
    }

    /// The value, where nobody would ask for another one now.
    pub fn fresh(&self) -> Option<Arc<Timed<T>>> {
        match self.freshness() {
            Freshness::Fresh(kept) => Some(kept),
            Freshness::Ageing(_) | Freshness::Missing | Freshness::Silent(_) => None,
        }
    }

    /// Whether there is a value that serves.
    pub fn is_live(&self) -> bool {
        let now = self.world.now();
        let state = self.state.lock();
        state.kept.as_ref().is_some_and(|kept| kept.usable_until > now)
    }

    fn freshness(&self) -> Freshness<T, E> {
        let now = self.world.now();
        let state = self.state.lock();
        let silent = state.silent.as_ref().filter(|(until, _)| *until > now);
        match (&state.kept, silent) {
            (Some(kept), _) if kept.renew_at > now => Freshness::Fresh(kept.clone()),
            // While asking fails, what is left of the value serves.
            (Some(kept), Some(_)) if kept.usable_until > now => Freshness::Fresh(kept.clone()),
            (Some(kept), None) if kept.usable_until > now => Freshness::Ageing(kept.clone()),
            (_, Some((_, error))) => Freshness::Silent(error.clone()),
            _ => Freshness::Missing,
        }
    }

    async fn ask(&self, ask: impl Future<Output = Result<Timed<T>, E>>) -> Result<Arc<Timed<T>>, E> {
        let answered = ask.await;
        let now = self.world.now();
        let mut state = self.state.lock();
        match answered {
            Ok(kept) => {
                let kept = Arc::new(kept);
                *state = State {
                    kept: Some(kept.clone()),
                    failures: 0,
                    silent: None,
                };
                Ok(kept)
            }
            Err(error) => {
                let silence = Duration::from_secs(1 << state.failures.min(5)).min(MAX_SILENCE);
                state.failures = state.failures.saturating_add(1);
                state.silent = Some((now.plus(silence), error.clone()));
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    struct Source {
        world: World,
        kept: Refreshed<usize, &'static str>,
        asked: AtomicUsize,
    }

    impl Source {
        fn new() -> Self {
            let world = World::for_tests();
            Self {
                kept: Refreshed::new(world.clone()),
                world,
                asked: AtomicUsize::new(0),
            }
        }

        async fn answer(&self, fails: bool) -> Result<Timed<usize>, &'static str> {
            let asked = self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let now = self.world.now();
            let kept = Timed {
                value: asked,
                got_at: now,
                renew_at: now.plus(Duration::from_secs(80)),
                usable_until: now.plus(Duration::from_secs(100)),
            };
            if fails { Err("down") } else { Ok(kept) }
        }

        async fn get(&self, fails: bool) -> Result<usize, &'static str> {
            self.kept.get(self.answer(fails)).await.map(|kept| kept.value)
        }

        fn advance(&self, seconds: u64) {
            self.world.manual_clock().advance(Duration::from_secs(seconds));
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn many_callers_share_one_question_and_its_failure() {
        let source = Source::new();
        let failed = join_all((0..16).map(|_| source.get(true))).await;
        assert!(failed.iter().all(|got| *got == Err("down")));
        assert_eq!(source.asked(), 1);
        source.advance(1);
        let got = join_all((0..16).map(|_| source.get(false))).await;
        assert!(got.iter().all(|got| *got == Ok(1)), "{got:?}");
        assert_eq!(source.asked(), 2);
    }

    #[tokio::test]
    async fn it_is_renewed_before_its_end_and_serves_to_its_end_while_asking_fails() {
        let source = Source::new();
        assert_eq!(source.get(false).await, Ok(0));
        source.advance(79);
        assert_eq!(source.get(false).await, Ok(0));
        source.advance(1);
        assert_eq!(source.get(true).await, Ok(0), "the old one serves");
        assert_eq!(source.get(true).await, Ok(0), "and nobody asks again at once");
        assert_eq!(source.asked(), 2);
        source.advance(20);
        assert_eq!(source.get(true).await, Err("down"));
        source.advance(4);
        assert_eq!(source.get(false).await, Ok(3));
    }

    #[tokio::test]
    async fn failures_in_a_row_are_asked_about_less_and_less() {
        let source = Source::new();
        for _ in 0..120 {
            let _ = source.get(true).await;
            source.advance(1);
        }
        // After 1, 2, 4, 8, 16, 30, 30, … seconds.
        assert!((6..=8).contains(&source.asked()), "{}", source.asked());
    }

    #[tokio::test]
    async fn whoever_misses_something_asks_anew_but_not_too_often() {
        let source = Source::new();
        let pause = Duration::from_secs(30);
        let seen = source.kept.get(source.answer(false)).await.unwrap();
        let same = source.kept.after(seen.clone(), pause, source.answer(false)).await;
        assert_eq!(same.unwrap().value, 0);
        source.advance(30);
        let both =
            join_all((0..8).map(|_| source.kept.after(seen.clone(), pause, source.answer(false)))).await;
        assert!(both.iter().all(|kept| kept.as_ref().unwrap().value == 1));
        assert_eq!(source.asked(), 2);
    }
}
