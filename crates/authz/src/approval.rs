//! Human approval: what a tier asks for, and how several matched tiers become one requirement.

use std::{collections::BTreeSet, sync::Arc};

use serde::Serialize;

pub use caracal_core::entity::{ApproverClass, PrivacyMode};

const fn strength(mode: PrivacyMode) -> u8 {
    match mode {
        PrivacyMode::Identified => 0,
        PrivacyMode::Pseudonymous => 1,
        PrivacyMode::Anonymous => 2,
    }
}

/// Life of a hold when no tier declares one, in seconds: 4 hours for operators, else 15 minutes.
const fn default_hold_seconds(class: ApproverClass) -> u32 {
    match class {
        ApproverClass::Operator => 4 * 3600,
        ApproverClass::Subject | ApproverClass::Any => 15 * 60,
    }
}

/// Longest life of a hold, in seconds: 7 days for operators, else 24 hours.
const fn max_hold_seconds(class: ApproverClass) -> u32 {
    match class {
        ApproverClass::Operator => 7 * 86_400,
        ApproverClass::Subject | ApproverClass::Any => 86_400,
    }
}

/// One element of `approval_tiers`, with its defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApprovalTier {
    /// Name that `risk` refers to.
    pub tier: Arc<str>,
    /// Who approves; `operator` unless declared.
    pub approver: ApproverClass,
    /// What the approver sees; `identified` unless declared.
    pub privacy: PrivacyMode,
    /// How long the hold may wait, in seconds, at least 1, when declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
    /// How many people must say yes, 1 to 10, when declared. There is one subject, so a tier of the subject has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals: Option<u32>,
}

impl ApprovalTier {
    /// Reading order of declarations in a result document: by tier, then by every other member as text.
    pub(crate) fn sort_key(&self) -> (&str, &'static str, &'static str, u32, u32) {
        (
            &self.tier,
            self.approver.as_str(),
            self.privacy.as_str(),
            self.ttl_seconds.unwrap_or(0),
            self.approvals.unwrap_or(0),
        )
    }
}

/// What one hold asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRequirement {
    /// The distinct tiers, sorted, joined with commas.
    pub tier: String,
    /// Who approves.
    pub approver: ApproverClass,
    /// What the approver sees: the strongest mode of all tiers.
    pub privacy: PrivacyMode,
    /// How long the hold waits, in seconds: the shortest declared, within the bounds of the class.
    pub ttl_seconds: u32,
    /// How many people must say yes: the most that a tier declares.
    pub approvals: u32,
}

/// One request matched tiers that no single person could approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("approval requires separate operator and subject decisions")]
pub struct ApprovalConflict;

/// Shortest life of a hold, in seconds.
const MIN_HOLD_SECONDS: u32 = 60;

/// Merges the tiers a request matched; `None` when there are none and nobody need approve.
///
/// `any` yields to a named class, privacy only grows stronger and time only shorter, so that merging never asks
/// for less than one of its tiers does.
///
/// # Errors
/// [`ApprovalConflict`] when one tier names operators and another the subject.
pub fn merge(tiers: &[ApprovalTier]) -> Result<Option<ApprovalRequirement>, ApprovalConflict> {
    let Some(first) = tiers.first() else {
        return Ok(None);
    };
    let (mut approver, mut privacy) = (first.approver, first.privacy);
    for tier in tiers {
        approver = match (approver, tier.approver) {
            (ApproverClass::Any, other) | (other, ApproverClass::Any) => other,
            (known, other) if known == other => known,
            _ => return Err(ApprovalConflict),
        };
        if strength(tier.privacy) > strength(privacy) {
            privacy = tier.privacy;
        }
    }
    let ttl_seconds = tiers
        .iter()
        .filter_map(|tier| tier.ttl_seconds)
        .min()
        .unwrap_or(default_hold_seconds(approver))
        .clamp(MIN_HOLD_SECONDS, max_hold_seconds(approver));
    let names: BTreeSet<&str> = tiers.iter().map(|tier| tier.tier.as_ref()).collect();
    let tier = names.into_iter().collect::<Vec<_>>().join(",");
    Ok(Some(ApprovalRequirement {
        tier,
        approver,
        privacy,
        ttl_seconds,
        approvals: tiers.iter().filter_map(|tier| tier.approvals).max().unwrap_or(1),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(name: &str, approver: ApproverClass, privacy: PrivacyMode, ttl: Option<u32>) -> ApprovalTier {
        ApprovalTier {
            tier: name.into(),
            approver,
            privacy,
            ttl_seconds: ttl,
            approvals: None,
        }
    }

    #[test]
    fn an_operator_tier_and_a_subject_tier_cannot_share_one_hold() {
        use ApproverClass::{Any, Operator, Subject};
        use PrivacyMode::Identified;
        let tiers = [
            tier("a", Any, Identified, None),
            tier("b", Operator, Identified, None),
            tier("c", Subject, Identified, None),
        ];
        assert_eq!(merge(&tiers), Err(ApprovalConflict));
        assert_eq!(
            ApprovalConflict.to_string(),
            "approval requires separate operator and subject decisions"
        );
        assert_eq!(merge(&[]), Ok(None));
    }

    #[test]
    fn merging_takes_the_named_class_the_strongest_privacy_and_the_shortest_time() {
        use ApproverClass::{Any, Subject};
        let tiers = [
            tier("high", Any, PrivacyMode::Identified, Some(600)),
            tier("critical", Subject, PrivacyMode::Anonymous, None),
            tier("high", Any, PrivacyMode::Pseudonymous, Some(300)),
        ];
        let mut tiers = tiers;
        (tiers[0].approvals, tiers[2].approvals) = (Some(3), Some(2));
        let merged = merge(&tiers).unwrap().unwrap();
        let expected = ApprovalRequirement {
            tier: "critical,high".into(),
            approver: Subject,
            privacy: PrivacyMode::Anonymous,
            ttl_seconds: 300,
            approvals: 3,
        };
        assert_eq!(merged, expected);
    }

    #[test]
    fn the_life_of_a_hold_stays_within_the_bounds_of_its_class() {
        let life = |approver, ttl| {
            merge(&[tier("t", approver, PrivacyMode::Identified, ttl)])
                .unwrap()
                .unwrap()
                .ttl_seconds
        };
        assert_eq!(life(ApproverClass::Operator, None), 14_400);
        assert_eq!(life(ApproverClass::Any, None), 900);
        assert_eq!(life(ApproverClass::Operator, Some(1)), 60);
        assert_eq!(life(ApproverClass::Operator, Some(u32::MAX)), 604_800);
        assert_eq!(life(ApproverClass::Subject, Some(u32::MAX)), 86_400);
    }
}
