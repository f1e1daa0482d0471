//! Durations, kept with three significant digits.

use std::{fmt, time::Duration};

use hdrhistogram::Histogram;
use serde::Serialize;

/// Longest duration told apart from longer ones, in nanoseconds: two minutes.
const MOST_NANOS: u64 = 120_000_000_000;

/// A distribution of durations. Memory does not grow with what is recorded.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        // The bounds are constants that the constructor accepts; a resizing histogram is the same but slower.
        let histogram = Histogram::new_with_bounds(1, MOST_NANOS, 3).or_else(|_| Histogram::new(3));
        match histogram {
            Ok(histogram) => Self(histogram),
            Err(error) => unreachable!("three digits are a valid precision: {error}"),
        }
    }
}

impl Latencies {
    /// Adds one duration; anything past two minutes counts as two minutes.
    pub fn record(&mut self, duration: Duration) {
        self.0
            .saturating_record(u64::try_from(duration.as_nanos()).unwrap_or(MOST_NANOS).max(1));
    }

    /// Adds everything recorded in `other`.
    pub fn add(&mut self, other: &Self) {
        // Equal bounds, so nothing can be out of range.
        if let Err(error) = self.0.add(&other.0) {
            unreachable!("histograms of equal bounds add up: {error}");
        }
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The duration in milliseconds that `percent` (0 to 100) of the recorded ones do not exceed; 0 when there
    /// are none.
    pub fn percentile_ms(&self, percent: f64) -> f64 {
        millis(self.0.value_at_percentile(percent))
    }

    /// The longest duration in milliseconds; 0 when there is none.
    pub fn max_ms(&self) -> f64 {
        millis(self.0.max())
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut latencies = Self::default();
        for duration in durations {
            latencies.record(duration);
        }
        latencies
    }
}

/// What reports show of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// How many were measured.
    pub count: u64,
    /// Half of them took no longer.
    pub p50_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl From<&Latencies> for Percentiles {
    fn from(latencies: &Latencies) -> Self {
        Self {
            count: latencies.count(),
            p50_ms: latencies.percentile_ms(50.0),
            p99_ms: latencies.percentile_ms(99.0),
            max_ms: latencies.max_ms(),
        }
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "p50 {}  p99 {}  max {} ms ({} measured)",
            self.p50_ms, self.p99_ms, self.max_ms, self.count
        )
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "two minutes in nanoseconds are exact in a double"
)]
fn millis(nanos: u64) -> f64 {
    rounded(nanos as f64 / 1e6, 3)
}

/// `value` with `digits` decimals, as reports show it.
pub fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_recorded_is_zero() {
        let none = Latencies::default();
        assert_eq!(none.count(), 0);
        assert!(none.percentile_ms(99.0).abs() < f64::EPSILON && none.max_ms().abs() < f64::EPSILON);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_durations_within_a_thousandth() {
        let latencies: Latencies = (1..=1000).map(Duration::from_micros).collect();
        for (percent, expected) in [(50.0, 0.5), (95.0, 0.95), (99.0, 0.99), (100.0, 1.0)] {
            let found = latencies.percentile_ms(percent);
            assert!(
                (found - expected).abs() <= expected / 900.0,
                "p{percent}: {found}"
            );
        }
    }

    #[test]
    fn sums_keep_the_tail() {
        let mut sum: Latencies = std::iter::repeat_n(Duration::from_millis(1), 99).collect();
        sum.add(&std::iter::once(Duration::from_secs(1)).collect());
        assert_eq!(sum.count(), 100);
        assert!((sum.max_ms() - 1000.0).abs() < 1.0);
        assert!(sum.percentile_ms(99.0) < 1.1);
    }

    #[test]
    fn the_longest_durations_are_kept_at_the_bound() {
        let latencies: Latencies = std::iter::once(Duration::from_hours(1)).collect();
        assert!((latencies.max_ms() - 120_000.0).abs() < 200.0);
    }
}
