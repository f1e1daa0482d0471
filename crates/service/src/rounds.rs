//! Jobs that come around again, and what they do zone by zone.

use std::{collections::HashSet, fmt, time::Duration};

use caracal_core::ZoneId;
use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Zones that a job is in at a time: each takes one connection.
const AT_ONCE: usize = 4;
/// Longest that a job is in one zone in a round, which is longer than the longest statement. What is under way then is rolled
/// back, what was committed stays, and the zone is gone on with in the next round.
const LONGEST: Duration = Duration::from_secs(20);

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

/// Why a job did not get through a zone in a round.
#[derive(Debug)]
pub enum ZoneFailure<E> {
    /// It failed.
    Failed(E),
    /// It takes longer than a round may.
    TooSlow,
}

impl<E: fmt::Display> fmt::Display for ZoneFailure<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::TooSlow => f.write_str("it takes too long, and is gone on with in the next round"),
        }
    }
}

/// What a job does zone by zone: in several at a time, in each for so long, and in those last in which it did not get through
/// the round before. So a zone whose rows somebody holds, or that has ten thousand things to end, delays no other.
#[derive(Debug, Default)]
pub struct ZoneRounds(Mutex<HashSet<ZoneId>>);

impl ZoneRounds {
    /// Does `work` in each of `zones`; what went wrong in which. Work that takes too long is dropped where it is.
    pub async fn each<F, E>(
        &self,
        zones: Vec<ZoneId>,
        work: impl Fn(ZoneId) -> F,
    ) -> Vec<(ZoneId, ZoneFailure<E>)>
    where
        F: Future<Output = Result<(), E>>,
    {
        self.each_within(LONGEST, zones, work).await
    }

    async fn each_within<F, E>(
        &self,
        longest: Duration,
        zones: Vec<ZoneId>,
        work: impl Fn(ZoneId) -> F,
    ) -> Vec<(ZoneId, ZoneFailure<E>)>
    where
        F: Future<Output = Result<(), E>>,
    {
        let (last, first): (Vec<_>, Vec<_>) = {
            let late = self.0.lock();
            zones.into_iter().partition(|zone| late.contains(zone))
        };
        let worked = stream::iter(first.into_iter().chain(last)).map(|zone| {
            let work = tokio::time::timeout(longest, work(zone.clone()));
            async move { (zone, work.await) }
        });
        let worked: Vec<_> = worked.buffer_unordered(AT_ONCE).collect().await;
        let mut late = self.0.lock();
        let mut failures = Vec::new();
        for (zone, outcome) in worked {
            let failure = match outcome {
                Ok(Ok(())) => {
                    late.remove(&zone);
                    continue;
                }
                Ok(Err(error)) => ZoneFailure::Failed(error),
                Err(_) => ZoneFailure::TooSlow,
            };
            late.insert(zone.clone());
            failures.push((zone, failure));
        }
        failures
    }
}

#[cfg(test)]
mod tests {
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
                let (slow, fails) = (zone.as_str() == "zone-0", zone.as_str() == "zone-1");
                async move {
                    if slow {
                        std::future::pending::<()>().await;
                    }
                    if fails { Err("it failed") } else { Ok(()) }
                }
            };
            let failed = rounds
                .each_within(Duration::from_millis(20), all.clone(), work)
                .await;
            let mut told: Vec<_> = failed
                .iter()
                .map(|(zone, failure)| format!("{zone}: {failure}"))
                .collect();
            told.sort();
            assert_eq!(told.len(), 2, "{told:?}");
            assert!(
                told[0].contains("too long") && told[1].ends_with("it failed"),
                "{told:?}"
            );
            begun.lock().clone()
        };
        assert_eq!(round().await, all, "as they come");
        let mut later = round().await;
        let last = later.split_off(7);
        assert_eq!((later, last), (all[2..].to_vec(), all[..2].to_vec()));
    }
}
