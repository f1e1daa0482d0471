//! A version of a policy set that decides for some of a zone's applications.

use crate::{CanaryId, PolicySetId, PolicySetVersionId, Timestamp, words};

words!(
    /// How a canary ended.
    CanaryOutcome {
        /// It is in force for everybody.
        Finished = "finished",
        /// Somebody took it back.
        Ended = "ended",
        /// Another version was put in force, or what it stood beside or belonged to was archived.
        Superseded = "superseded",
        /// It denied more than its rules allow, and was taken back by itself.
        TooManyDenials = "too_many_denials",
        /// It could not be read by those who decide, and was taken back by itself. It denied nobody.
        Unreadable = "unreadable",
    }
);

/// A canary: whom it decides for, when it is taken back, and what was counted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyCanary {
    /// Id; it also decides which applications are on its side.
    pub id: CanaryId,
    /// The set.
    pub policy_set_id: PolicySetId,
    /// Its version.
    pub version_id: PolicySetVersionId,
    /// Digest of the version's manifest.
    pub manifest_sha256: String,
    /// What the version evaluates to.
    pub evaluated: String,
    /// For how many of a hundred applications it decides, 1 to 100.
    pub share_percent: u32,
    /// Decisions after which its denials are judged, each time.
    pub min_decisions: u32,
    /// Most decisions of a hundred that it may deny and the version in force would not, 0 to 100.
    pub max_newly_denied_percent: u32,
    /// Most decisions of a hundred that it may deny in all, 0 to 100; 100 is no bound.
    pub max_denied_percent: u32,
    /// Who began it.
    pub started_by: String,
    /// Begin.
    pub started_at: Timestamp,
    /// 1, and one more with each change of its rules.
    pub version: i64,
    /// Decisions since the begin, or since its rules were changed.
    pub decisions: i64,
    /// Those that it denied.
    pub denied: i64,
    /// Those that it denied and the version in force would not have.
    pub newly_denied: i64,
    /// Those that it held for an approval, and the version in force would have allowed without.
    pub newly_held: i64,
    /// Those that it allowed, and the version in force would have denied or held.
    pub newly_allowed: i64,
    /// Decisions since the last judgement.
    pub unjudged: i64,
    /// Those of them that it denied.
    pub unjudged_denied: i64,
    /// Those of them that it denied and the version in force would not have.
    pub unjudged_newly_denied: i64,
    /// End.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<CanaryOutcome>,
    /// Who ended it; absent where it ended by itself.
    pub ended_by: Option<String>,
}

/// What is added to the counts of a canary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CanaryCounts {
    /// Decisions.
    pub decisions: u32,
    /// Those that it denied.
    pub denied: u32,
    /// Those that it denied and the version in force would not have.
    pub newly_denied: u32,
    /// Those that it held, and the version in force would have allowed without.
    pub newly_held: u32,
    /// Those that it allowed, and the version in force would have denied or held.
    pub newly_allowed: u32,
}

impl PolicyCanary {
    /// Whether it decides now.
    pub const fn is_running(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Whether enough was decided since the last judgement for another one.
    pub fn is_due(&self) -> bool {
        self.unjudged >= i64::from(self.min_decisions)
    }

    /// Whether it denied more than its rules allow of what is unjudged. A judgement looks at what came since the last one
    /// alone, so that weeks without trouble do not outweigh an hour of it.
    pub fn denies_too_much(&self) -> bool {
        let exceeds = |part: i64, most: u32| {
            i128::from(part).saturating_mul(100) > i128::from(most).saturating_mul(i128::from(self.unjudged))
        };
        exceeds(self.unjudged_newly_denied, self.max_newly_denied_percent)
            || exceeds(self.unjudged_denied, self.max_denied_percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary(unjudged: i64, denied: i64, newly: i64) -> PolicyCanary {
        PolicyCanary {
            id: CanaryId::parse("c").unwrap(),
            policy_set_id: PolicySetId::parse("s").unwrap(),
            version_id: PolicySetVersionId::parse("v").unwrap(),
            manifest_sha256: String::new(),
            evaluated: String::new(),
            share_percent: 10,
            min_decisions: 20,
            max_newly_denied_percent: 5,
            max_denied_percent: 50,
            started_by: String::new(),
            started_at: Timestamp::from_micros(0),
            version: 1,
            decisions: 0,
            denied: 0,
            newly_denied: 0,
            newly_held: 0,
            newly_allowed: 0,
            unjudged,
            unjudged_denied: denied,
            unjudged_newly_denied: newly,
            ended_at: None,
            outcome: None,
            ended_by: None,
        }
    }

    #[test]
    fn a_rate_is_too_high_above_its_bound_and_not_at_it() {
        for (unjudged, denied, newly, too_much) in [
            (20, 1, 1, false),
            (20, 2, 2, true),
            (20, 10, 0, false),
            (20, 11, 0, true),
            (0, 0, 0, false),
            (i64::MAX, i64::MAX, 0, true),
        ] {
            assert_eq!(
                canary(unjudged, denied, newly).denies_too_much(),
                too_much,
                "{unjudged} {denied} {newly}"
            );
        }
        assert!(!canary(19, 19, 19).is_due() && canary(20, 0, 0).is_due());
    }

    #[test]
    fn a_bound_of_a_hundred_is_none_and_of_nothing_is_crossed_by_the_first() {
        let mut all = canary(20, 20, 0);
        all.max_denied_percent = 100;
        assert!(!all.denies_too_much());
        let mut first = canary(20, 1, 1);
        first.max_newly_denied_percent = 0;
        assert!(first.denies_too_much());
    }
}
