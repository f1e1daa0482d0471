//! What is told of a login that failed.
//!
//! Nobody was proved, so nothing of it enters a zone's chain, which strangers could fill. It is counted by reason, and
//! a few lines a minute of each reason name the application and the address.

use std::{net::IpAddr, time::Duration};

use caracal_core::{ApplicationId, Timestamp, World, ZoneId};
use parking_lot::Mutex;

use crate::metrics;

/// Lines of one reason in a minute. Reasons are apart so that noise of one hides none of another.
const LINES: u32 = 10;

/// Why a login failed. The caller is told nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// There is no such zone, or it is archived.
    UnknownZone,
    /// No live application has the id.
    UnknownApplication,
    /// The application is live and the secret is not its own.
    WrongSecret,
    /// As [`Reason::WrongSecret`], of an application of another zone.
    WrongSecretElsewhere,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownZone => "unknown_zone",
            Self::UnknownApplication => "unknown_application",
            Self::WrongSecret => "wrong_secret",
            Self::WrongSecretElsewhere => "wrong_secret_elsewhere",
        }
    }
}

static SAMPLES: [Sample; 4] = [const { Sample::new() }; 4];

/// Counts a failed login, and writes a line about it if its minute has room for one.
pub(crate) fn tell(
    world: &World,
    reason: Reason,
    zone: &ZoneId,
    application: &ApplicationId,
    peer: Option<IpAddr>,
) {
    metrics::login_failed(reason.as_str());
    if let Some(left_out) = SAMPLES[reason as usize].admit(world.now()) {
        tracing::warn!(
            reason = reason.as_str(),
            zone.id = %zone,
            application.id = %application,
            peer = peer.map(tracing::field::display),
            left_out,
            "refused a login"
        );
    }
}

/// Lets a few through each minute.
#[derive(Debug)]
struct Sample(Mutex<Window>);

#[derive(Debug)]
struct Window {
    since: Option<Timestamp>,
    lines: u32,
    left_out: u64,
}

impl Sample {
    const fn new() -> Self {
        Self(Mutex::new(Window {
            since: None,
            lines: 0,
            left_out: 0,
        }))
    }

    /// How many were left out since the last one let through, or `None` to leave this one out too.
    fn admit(&self, now: Timestamp) -> Option<u64> {
        let mut window = self.0.lock();
        // A clock that was set back must not silence it until it caught up.
        let over = window
            .since
            .is_none_or(|since| now < since || now >= since.plus(Duration::from_mins(1)));
        if over {
            window.since = Some(now);
            window.lines = 0;
        }
        if window.lines >= LINES {
            window.left_out += 1;
            return None;
        }
        window.lines += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_minute_tells_of_a_few_failures_and_of_how_many_it_left_out() {
        let sample = Sample::new();
        let start = Timestamp::from_micros(1_800_000_000_000_000);
        let told = |at: Timestamp, attempts: u32| -> Vec<u64> {
            (0..attempts).filter_map(|_| sample.admit(at)).collect()
        };
        assert_eq!(told(start, LINES + 7), vec![0; LINES as usize]);
        assert_eq!(told(start.plus(Duration::from_secs(59)), 3), Vec::<u64>::new());
        assert_eq!(told(start.plus(Duration::from_mins(1)), 2), [10, 0]);
        assert_eq!(told(start, 1), [0], "the clock was set back");
    }
}
