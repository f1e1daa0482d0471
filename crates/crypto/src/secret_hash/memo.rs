//! What derivations found, so that none runs twice for the same secret.

use std::{collections::HashMap, time::Duration};

use caracal_core::Timestamp;

use crate::digest::Digest32;

/// How long a finding is remembered.
const LIFETIME: Duration = Duration::from_hours(1);
/// Most findings of either kind. Wrong secrets have their own, smaller room: whoever guesses cannot push out
/// the findings of honest clients.
const MATCHES: usize = 8192;
const MISMATCHES: usize = 1024;

/// Findings by pair of stored form and presented secret.
#[derive(Debug, Default)]
pub(super) struct Memo {
    matches: HashMap<Digest32, Timestamp>,
    mismatches: HashMap<Digest32, Timestamp>,
}

impl Memo {
    pub(super) fn recall(&self, pair: &Digest32, now: Timestamp) -> Option<bool> {
        let live = |findings: &HashMap<Digest32, Timestamp>| findings.get(pair).is_some_and(|end| *end > now);
        if live(&self.matches) {
            Some(true)
        } else if live(&self.mismatches) {
            Some(false)
        } else {
            None
        }
    }

    pub(super) fn remember(&mut self, pair: Digest32, matched: bool, now: Timestamp) {
        let (findings, room) = if matched {
            (&mut self.matches, MATCHES)
        } else {
            (&mut self.mismatches, MISMATCHES)
        };
        if findings.len() >= room {
            findings.retain(|_, end| *end > now);
        }
        if findings.len() >= room
            && let Some(victim) = findings.keys().next().copied()
        {
            findings.remove(&victim);
        }
        findings.insert(pair, now.plus(LIFETIME));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_expire() {
        let (start, mut memo) = (Timestamp::from_unix_seconds(1000), Memo::default());
        memo.remember([1; 32], true, start);
        memo.remember([2; 32], false, start);
        assert_eq!(memo.recall(&[1; 32], start), Some(true));
        assert_eq!(memo.recall(&[2; 32], start), Some(false));
        assert_eq!(memo.recall(&[3; 32], start), None);
        assert_eq!(memo.recall(&[1; 32], start.plus(LIFETIME)), None);
    }

    #[test]
    fn guesses_never_push_out_matches() {
        let (now, mut memo) = (Timestamp::from_unix_seconds(1000), Memo::default());
        memo.remember([0xff; 32], true, now);
        for guess in 0..5000_u32 {
            let mut pair = [0; 32];
            pair[..4].copy_from_slice(&guess.to_be_bytes());
            memo.remember(pair, false, now);
        }
        assert_eq!(memo.mismatches.len(), MISMATCHES);
        assert_eq!(memo.recall(&[0xff; 32], now), Some(true));
    }
}
