//! Jobs that come around again, and what they do zone by zone.

use std::{collections::HashSet, time::Duration};

use caracal_core::ZoneId;
use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Zones that a job is in at a time, and so the most connections to the database that it holds: work in a zone closes one unit
/// of work before it opens the next.
const AT_ONCE: usize = 4;
/// Longest that a job is in one zone in a round, which is longer than the longest statement. What is under way then is rolled
/// back, what was committed stays, and the zone is gone on with in the next round.
const LONGEST: Duration = Duration::from_secs(20);
/// Zones that a job remembers not to have got through. Those beyond them are not last in the next round, which costs time alone.
const MOST_LATE: usize = 1024;

/// Makes a round now and again every `period` until `shutdown`, which also cuts a round short: a transaction of it rolls
/// back. A round that takes longer than the period delays the next one.
pub async fn rounds<F: Future<Output = ()>>(
    period: Duration,
    shutdown: &CancellationToken,
    mut round: impl FnMut() -> F,
) {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = round() => {}
        }
    }
}

/// How far a job came in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoneProgress {
    /// There is nothing left to do.
    Done,
    /// As much as one round does was done, and more is left for the next.
    Remains,
}

/// Why a job did not get through a zone in a round.
#[derive(Debug)]
pub enum Shortfall<E> {
    /// It failed.
    Failed(E),
    /// There is more to do than a round has time for. What was committed stays, and the next round goes on.
    Unfinished,
}

/// The rounds of a job that goes through zones: in several at a time, in each for so long, and in those last in which it did not
/// get through the round before. So a zone whose rows somebody holds, or that has ten thousand things to end, delays no other.
#[derive(Debug, Default)]
pub struct ZoneRounds(Mutex<Begun>);

#[derive(Debug, Default)]
struct Begun {
    rounds: usize,
    /// Where the round under way did not get through.
    late: HashSet<ZoneId>,
}

/// One round through zones.
#[derive(Debug)]
pub struct ZoneRound<'r> {
    rounds: &'r ZoneRounds,
    turn: usize,
    /// Where the round before did not get through.
    late: HashSet<ZoneId>,
}

impl ZoneRounds {
    /// Begins a round. What was late in the one before is last in this one; what was late before that is forgotten, so that a zone
    /// that is archived meanwhile leaves no trace.
    pub fn begin(&self) -> ZoneRound<'_> {
        let mut begun = self.0.lock();
        let turn = begun.rounds;
        begun.rounds = turn.wrapping_add(1);
        ZoneRound {
            rounds: self,
            turn,
            late: std::mem::take(&mut begun.late),
        }
    }
}

impl ZoneRound<'_> {
    /// How many rounds were begun before. Work of several steps begins with another one in each round, so that a slow one, which
    /// uses up the time, keeps the others waiting for a round and not for ever.
    pub const fn turn(&self) -> usize {
        self.turn
    }

    /// Does `work` in each of `zones`; in which it did not get through. Work that takes too long is dropped where it is.
    pub async fn each<F, E>(
        &self,
        zones: Vec<ZoneId>,
        work: impl Fn(ZoneId) -> F,
    ) -> Vec<(ZoneId, Shortfall<E>)>
    where
        F: Future<Output = Result<ZoneProgress, E>>,
    {
        self.each_within(LONGEST, zones, work).await
    }

    async fn each_within<F, E>(
        &self,
        longest: Duration,
        zones: Vec<ZoneId>,
        work: impl Fn(ZoneId) -> F,
    ) -> Vec<(ZoneId, Shortfall<E>)>
    where
        F: Future<Output = Result<ZoneProgress, E>>,
    {
        let (last, first): (Vec<_>, Vec<_>) = zones.into_iter().partition(|zone| self.late.contains(zone));
        let worked = stream::iter(first.into_iter().chain(last)).map(|zone| {
            let work = tokio::time::timeout(longest, work(zone.clone()));
            async move { (zone, work.await) }
        });
        let worked: Vec<_> = worked.buffer_unordered(AT_ONCE).collect().await;
        let mut begun = self.rounds.0.lock();
        let mut shortfalls = Vec::new();
        for (zone, outcome) in worked {
            let shortfall = match outcome {
                Ok(Ok(ZoneProgress::Done)) => continue,
                Ok(Ok(ZoneProgress::Remains)) | Err(_) => Shortfall::Unfinished,
                Ok(Err(error)) => Shortfall::Failed(error),
            };
            if begun.late.len() < MOST_LATE {
                begun.late.insert(zone.clone());
            }
            shortfalls.push((zone, shortfall));
        }
        shortfalls
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn zones(count: usize) -> Vec<ZoneId> {
        let zone = |n| ZoneId::parse(&format!("zone-{n}")).unwrap();
        (0..count).map(zone).collect()
    }

    #[tokio::test]
    async fn zones_that_are_slow_or_fail_delay_no_other_and_are_last_in_the_next_round() {
        let rounds = ZoneRounds::default();
        let all = zones(9);
        let begun = Mutex::new(Vec::new());
        let round = async || {
            begun.lock().clear();
            let work = |zone: ZoneId| {
                begun.lock().push(zone.clone());
                async move {
                    match zone.as_str() {
                        "zone-0" => std::future::pending().await,
                        "zone-1" => Err("it failed"),
                        "zone-2" => Ok(ZoneProgress::Remains),
                        _ => Ok(ZoneProgress::Done),
                    }
                }
            };
            let round = rounds.begin();
            let short = round
                .each_within(Duration::from_millis(20), all.clone(), work)
                .await;
            let mut told: Vec<_> = short
                .iter()
                .map(|(zone, shortfall)| format!("{zone}: {shortfall:?}"))
                .collect();
            told.sort();
            assert_eq!(
                told,
                [
                    "zone-0: Unfinished",
                    r#"zone-1: Failed("it failed")"#,
                    "zone-2: Unfinished"
                ],
                "what goes on is told apart from what failed"
            );
            begun.lock().clone()
        };
        assert_eq!(round().await, all, "as they come");
        let mut later = round().await;
        let last = later.split_off(6);
        assert_eq!((later, last), (all[3..].to_vec(), all[..3].to_vec()));
    }

    #[tokio::test]
    async fn what_was_late_is_forgotten_after_a_round_and_no_more_is_kept_than_said() {
        let rounds = ZoneRounds::default();
        let fails = |_| async { Err::<ZoneProgress, _>("it failed") };
        let many = zones(MOST_LATE + 10);
        assert_eq!(rounds.begin().each(many.clone(), fails).await.len(), many.len());
        assert_eq!(rounds.0.lock().late.len(), MOST_LATE);
        // The zones are archived: nobody asks for them again.
        let done = |_| async { Ok::<_, &str>(ZoneProgress::Done) };
        let round = rounds.begin();
        assert_eq!(round.turn(), 1);
        assert!(round.each(zones(1), done).await.is_empty());
        assert!(rounds.0.lock().late.is_empty());
        assert!(rounds.begin().late.is_empty());
    }

    #[tokio::test]
    async fn a_job_is_in_four_zones_at_a_time() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_| async {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(1)).await;
            now.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, &str>(ZoneProgress::Done)
        };
        let rounds = ZoneRounds::default();
        assert!(rounds.begin().each(zones(40), work).await.is_empty());
        assert_eq!(most.load(Ordering::Relaxed), AT_ONCE);
    }
}
