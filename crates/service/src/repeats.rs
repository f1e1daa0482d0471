//! How often the same refusal is written down.
//!
//! Whoever is refused may ask again as often as a limit lets it, and each row or event is kept for years. The first ones
//! say what happened, further ones only how often.

use std::{collections::HashMap, hash::Hash};

use caracal_core::Timestamp;
use parking_lot::Mutex;

/// Most keys of one share, and most shares, that are counted: some 30 MB together.
const MAX_KEYS: usize = 1024;
const MAX_SHARES: usize = 256;

/// Counts what repeats, by share (a zone) and key (whoever or whatever is refused in it). Each share has its own table,
/// so that none can make another's be forgotten.
#[derive(Debug)]
pub struct Repeats<S, K> {
    each: u64,
    shares: Mutex<HashMap<S, HashMap<K, Counted>>>,
}

#[derive(Debug)]
struct Counted {
    times: u64,
    until: Timestamp,
}

impl<S: Eq + Hash, K: Eq + Hash> Repeats<S, K> {
    /// Repeats whose first `each` are told one by one, and further ones when their number is a power of two.
    pub fn new(each: u64) -> Self {
        Self {
            each,
            shares: Mutex::default(),
        }
    }

    /// Counts one of `key` in `share`; the number of them so far when this one is to be told. It is counted anew once
    /// `until` has passed and a later one is given.
    pub fn note(&self, share: S, key: K, until: Timestamp, now: Timestamp) -> Option<u64> {
        let mut shares = self.shares.lock();
        if !shares.contains_key(&share) && shares.len() >= MAX_SHARES {
            shares.retain(|_, keys| keys.values().any(|counted| counted.until > now));
            if shares.len() >= MAX_SHARES {
                shares.clear();
            }
        }
        let keys = shares.entry(share).or_default();
        if !keys.contains_key(&key) && keys.len() >= MAX_KEYS {
            keys.retain(|_, counted| counted.until > now);
            if keys.len() >= MAX_KEYS {
                // Counting anew tells too much, never too little.
                keys.clear();
            }
        }
        let counted = keys.entry(key).or_insert(Counted { times: 0, until });
        if counted.until <= now && until > counted.until {
            *counted = Counted { times: 0, until };
        }
        counted.times = counted.times.saturating_add(1);
        let times = counted.times;
        (times <= self.each || times.is_power_of_two()).then_some(times)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_ones_are_told_and_then_the_powers_of_two_until_the_span_ends() {
        let repeats = Repeats::new(3);
        let now = Timestamp::from_unix_seconds(1_000);
        let end = now.plus(Duration::from_mins(1));
        let told: Vec<u64> = (0..40)
            .filter_map(|_| repeats.note("zone", "who", end, now))
            .collect();
        assert_eq!(told, [1, 2, 3, 4, 8, 16, 32]);
        assert_eq!(repeats.note("zone", "another", end, now), Some(1));
        assert_eq!(repeats.note("another", "who", end, now), Some(1));
        // What has one end for ever is not counted anew after it.
        assert_eq!(repeats.note("zone", "who", end, end), None);
        assert_eq!(
            repeats.note("zone", "who", end.plus(Duration::from_mins(1)), end),
            Some(1)
        );
    }

    #[test]
    fn a_share_that_names_many_makes_nobody_else_forgotten() {
        let repeats = Repeats::new(1);
        let now = Timestamp::from_unix_seconds(1_000);
        let end = now.plus(Duration::from_mins(1));
        assert_eq!(repeats.note(0, 0, end, now), Some(1));
        for key in 0..5_000 {
            repeats.note(1, key, end, now);
        }
        assert_eq!(repeats.note(0, 0, end, now), Some(2));
        assert_eq!(repeats.note(0, 0, end, now), None, "it is remembered");
        assert!(repeats.shares.lock()[&1].len() <= MAX_KEYS);
    }
}
