//! What becomes of a failed attempt: when it is made again, and how long the sink is left alone.

use std::{borrow::Cow, time::Duration};

use caracal_core::Timestamp;
use caracal_storage::{Attempt, ClaimedDelivery};

/// Most attempts.
const ATTEMPTS: u32 = 8;
/// The shortest and the longest time to the next attempt, without what chance adds.
const BACKOFF: (u64, u64) = (30, 900);
/// The longest time that a sink is left alone without having asked for it, in seconds.
const MAX_PAUSE: u64 = 60;
/// The longest time that a receiver may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// HTTP status, where there was an answer.
    pub(super) status: Option<u16>,
    /// In words, for whoever set up the sink.
    pub(super) error: Cow<'static, str>,
    /// How long the receiver asks to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// The attempt `claimed` failed at `now`. `random` decides how much is added to the time to the next one.
pub(super) fn failed(
    claimed: &ClaimedDelivery,
    failure: Failure,
    now: Timestamp,
    random: [u8; 2],
) -> Attempt {
    let attempts = claimed.delivery.attempts;
    let asked = failure.retry_after.map(|asked| asked.min(MAX_RETRY_AFTER));
    let pause = doubled(1, claimed.health.consecutive_failures, MAX_PAUSE);
    let pause = asked.unwrap_or(Duration::from_secs(pause));
    let base = Duration::from_secs(doubled(BACKOFF.0, attempts.saturating_sub(1), BACKOFF.1));
    // Up to three tenths more, so that what failed together does not come back together.
    let chance = f64::from(u16::from_be_bytes(random)) / f64::from(u16::MAX) * 0.3;
    let backoff = base.mul_f64(1.0 + chance).max(pause);
    Attempt::Failed {
        status: failure.status,
        error: failure.error.into_owned(),
        retry_at: (attempts < ATTEMPTS).then(|| now.plus(backoff)),
        pause_until: now.plus(pause),
    }
}

/// `first` doubled `times` times, up to `most`.
fn doubled(first: u64, times: u32, most: u64) -> u64 {
    1_u64
        .checked_shl(times)
        .and_then(|factor| first.checked_mul(factor))
        .map_or(most, |grown| grown.min(most))
}

#[cfg(test)]
mod tests {
    use caracal_core::{
        World, ZoneId,
        entity::{Attribution, NotificationDelivery, NotificationSink, NotificationType, SinkHealth},
    };

    use super::*;

    fn claimed(attempts: u32, consecutive_failures: u32) -> ClaimedDelivery {
        let now = World::for_tests().now();
        let (zone, id) = (ZoneId::parse("z").unwrap(), "s");
        ClaimedDelivery {
            sink: NotificationSink {
                id: id.parse().unwrap(),
                zone_id: zone.clone(),
                name: String::from("n"),
                url: String::from("https://hooks.example"),
                event_types: vec![NotificationType::StepUpIssued],
                active: true,
                attribution: Attribution::made(None, now),
            },
            health: SinkHealth {
                consecutive_failures,
                ..SinkHealth::default()
            },
            delivery: NotificationDelivery {
                id: "e.s".parse().unwrap(),
                zone_id: zone,
                sink_id: id.parse().unwrap(),
                event_id: String::from("e"),
                event_type: NotificationType::StepUpIssued,
                payload: String::from("{}"),
                attempts,
                available_at: now,
                delivered_at: None,
                abandoned_at: None,
                response_status: None,
                last_error: None,
                created_at: now,
            },
            leased_until: now,
        }
    }

    /// Seconds to the next attempt, if there is one, and of the pause.
    fn told(claimed: &ClaimedDelivery, retry_after: Option<u64>, random: [u8; 2]) -> (Option<u64>, u64) {
        let now = World::for_tests().now();
        let failure = Failure {
            status: Some(503),
            error: Cow::Borrowed("status 503"),
            retry_after: retry_after.map(Duration::from_secs),
        };
        match failed(claimed, failure, now, random) {
            Attempt::Failed {
                retry_at,
                pause_until,
                ..
            } => (
                retry_at.map(|at| at.since(now).as_secs()),
                pause_until.since(now).as_secs(),
            ),
            delivered @ Attempt::Delivered { .. } => panic!("{delivered:?}"),
        }
    }

    #[test]
    fn attempts_come_later_and_later_and_end_with_the_eighth() {
        let delays: Vec<_> = (1..=9)
            .map(|attempts| told(&claimed(attempts, attempts - 1), None, [0, 0]))
            .collect();
        assert_eq!(
            delays,
            [
                (Some(30), 1),
                (Some(60), 2),
                (Some(120), 4),
                (Some(240), 8),
                (Some(480), 16),
                (Some(900), 32),
                (Some(900), 60),
                (None, 60),
                (None, 60)
            ]
        );
        assert_eq!(told(&claimed(1, 0), None, [255, 255]), (Some(39), 1));
        assert_eq!(told(&claimed(7, u32::MAX), None, [255, 255]), (Some(1170), 60));
    }

    #[test]
    fn a_receiver_that_asks_for_time_gets_it_within_bounds() {
        assert_eq!(told(&claimed(1, 0), Some(120), [0, 0]), (Some(120), 120));
        assert_eq!(told(&claimed(1, 0), Some(5), [0, 0]), (Some(30), 5));
        assert_eq!(told(&claimed(1, 0), Some(1 << 40), [0, 0]), (Some(3600), 3600));
        assert_eq!(told(&claimed(8, 7), Some(120), [0, 0]), (None, 120));
    }
}
