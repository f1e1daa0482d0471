//! Tiers that ask people: what `approval_tiers` declares, and which names mean anything.

use std::{collections::HashSet, sync::Arc};

use serde_json::Value;

use super::{arguments::whole, call_pattern::named, collection::elements};
use crate::approval::{ApprovalTier, ApproverClass, PrivacyMode};

/// Tiers that may classify a scope without being declared.
pub(crate) const TIERS: [&str; 4] = ["low", "medium", "high", "critical"];

/// Whether tiers mean anything.
#[derive(Debug)]
pub(crate) struct KnownTiers(HashSet<Arc<str>>);

impl KnownTiers {
    /// Those of [`TIERS`], and those that `approval_tiers` declares.
    pub(crate) fn new(approval_tiers: Option<&Value>) -> Self {
        let declared = approval_tiers
            .into_iter()
            .flat_map(elements)
            .filter_map(approval_tier)
            .map(|declared| declared.tier);
        Self(declared.collect())
    }

    pub(crate) fn has(&self, tier: &str) -> bool {
        TIERS.contains(&tier) || self.declares(tier)
    }

    /// Whether somebody is asked by it.
    pub(crate) fn declares(&self, tier: &str) -> bool {
        self.0.contains(tier)
    }
}

/// Most people that a tier may ask for.
const MAX_APPROVALS: u32 = 10;

/// A well-formed element of `approval_tiers` with its defaults.
pub(crate) fn approval_tier(value: &Value) -> Option<ApprovalTier> {
    let entry = value.as_object()?;
    let approver = match entry.get("approver") {
        None => ApproverClass::Operator,
        Some(approver) => ApproverClass::parse(approver.as_str()?)?,
    };
    let privacy = match entry.get("privacy") {
        None => PrivacyMode::Identified,
        Some(privacy) => PrivacyMode::parse(privacy.as_str()?)?,
    };
    let ttl_seconds = match entry.get("ttl_seconds") {
        None => None,
        Some(ttl) => Some(positive_whole(ttl)?),
    };
    let approvals = match entry.get("approvals") {
        None => None,
        Some(count) => Some(positive_whole(count).filter(|count| *count <= MAX_APPROVALS)?),
    };
    // There is one subject.
    if approver == ApproverClass::Subject && approvals.is_some_and(|count| count > 1) {
        return None;
    }
    Some(ApprovalTier {
        approvals,
        tier: named(entry, "tier")?.into(),
        approver,
        privacy,
        ttl_seconds,
    })
}

/// 1 to 2^32 - 1, written with or without a fraction of zero.
fn positive_whole(value: &Value) -> Option<u32> {
    let whole = whole(value).and_then(|whole| u32::try_from(whole).ok());
    whole.filter(|whole| *whole > 0)
}
