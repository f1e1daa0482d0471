//! What a lineage of delegations allows.

use std::{collections::BTreeSet, sync::Arc};

use caracal_core::{
    ResourceId, ScopeSet, Timestamp,
    entity::{Constraints, Delegation, MAX_HOPS},
};

use super::NarrowingViolation;

/// The resources a lineage is bound to, by identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceBound {
    /// No bound.
    Any,
    /// Only these; none when empty.
    Only(BTreeSet<Arc<str>>),
}

impl ResourceBound {
    /// Whether `identifier` is within the bound.
    pub fn contains(&self, identifier: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(identifiers) => identifiers.contains(identifier),
        }
    }

    /// What is within both bounds.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, bound) | (bound, Self::Any) => bound.clone(),
            (Self::Only(left), Self::Only(right)) => Self::Only(left.intersection(right).cloned().collect()),
        }
    }

    /// Whether everything within this bound is within `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Any) => true,
            (Self::Any, Self::Only(_)) => false,
            (Self::Only(inner), Self::Only(outer)) => inner.is_subset(outer),
        }
    }

    /// The bound of one delegation. A row that `identifier_of` does not know binds to nothing.
    fn of(delegation: &Delegation, identifier_of: impl Fn(&ResourceId) -> Option<Arc<str>>) -> Self {
        let by_row = match &delegation.resource_id {
            None => Self::Any,
            Some(id) => Self::Only(identifier_of(id).into_iter().collect()),
        };
        let listed = match delegation.constraints.resources.as_slice() {
            [] => Self::Any,
            identifiers => Self::Only(identifiers.iter().cloned().collect()),
        };
        by_row.intersection(&listed)
    }
}

/// Why a lineage carries no authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineageError {
    /// There is no delegation in it.
    #[error("the delegation has no lineage")]
    Empty,
    /// A delegation of it is revoked or over.
    #[error("delegation {0} is not active")]
    NotLive(caracal_core::DelegationId),
    /// The first has a parent, or one does not continue where the one before it ended.
    #[error("delegation {0} does not continue its lineage")]
    Broken(caracal_core::DelegationId),
    /// A delegation hands on more than it was given.
    #[error("delegation exceeds its parent")]
    Exceeds(#[from] NarrowingViolation),
}

/// What a lineage allows, from its root to its last delegation.
///
/// Only [`Authority::of_root`] makes one and only [`Authority::narrow`] changes it, so that authority never grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    scopes: ScopeSet,
    resources: ResourceBound,
    remaining_hops: u32,
    ttl_seconds: Option<u32>,
    budget: Option<u32>,
    expires_at: Timestamp,
    length: u32,
}

impl Authority {
    /// The authority of a delegation without a parent. `identifier_of` tells a resource's identifier by its row;
    /// a row it does not know allows nothing.
    pub fn of_root(root: &Delegation, identifier_of: impl Fn(&ResourceId) -> Option<Arc<str>>) -> Authority {
        Self {
            scopes: root.scopes.clone(),
            resources: ResourceBound::of(root, identifier_of),
            remaining_hops: remaining_hops(&root.constraints),
            ttl_seconds: root.constraints.ttl_seconds,
            budget: root.constraints.budget,
            expires_at: end_of(root),
            length: 1,
        }
    }

    /// This authority, handed on by `child`: the intersection of both, with fewer hops remaining.
    ///
    /// # Errors
    /// [`NarrowingViolation::Hops`] when this authority cannot be handed on that far, and
    /// [`NarrowingViolation::Budget`] when more scopes remain than it may carry.
    pub fn narrow(
        &self,
        child: &Delegation,
        identifier_of: impl Fn(&ResourceId) -> Option<Arc<str>>,
    ) -> Result<Authority, NarrowingViolation> {
        let requested = remaining_hops(&child.constraints);
        let Some(limit) = self.hops_left() else {
            return Err(NarrowingViolation::Hops { requested, limit: 0 });
        };
        if requested > limit {
            return Err(NarrowingViolation::Hops { requested, limit });
        }
        let scopes = self.scopes.intersection(&child.scopes);
        let carried = count(&scopes);
        if let Some(limit) = self.budget.filter(|limit| carried > *limit) {
            return Err(NarrowingViolation::Budget {
                requested: carried,
                limit,
            });
        }
        Ok(Self {
            scopes,
            resources: self
                .resources
                .intersection(&ResourceBound::of(child, identifier_of)),
            remaining_hops: requested,
            ttl_seconds: least(self.ttl_seconds, child.constraints.ttl_seconds),
            budget: least(self.budget, child.constraints.budget),
            expires_at: self.expires_at.min(end_of(child)),
            length: self.length.saturating_add(1),
        })
    }

    /// The authority of a whole lineage, ordered from root to leaf, at `now`: every delegation live and in one
    /// zone, each continuing where the one before it ended (parent, session and application), each narrowing.
    ///
    /// # Errors
    /// [`LineageError`] at the first delegation that does not hold.
    pub fn of_lineage<'a>(
        lineage: impl IntoIterator<Item = &'a Delegation>,
        now: Timestamp,
        identifier_of: impl Fn(&ResourceId) -> Option<Arc<str>>,
    ) -> Result<Authority, LineageError> {
        let mut lineage = lineage.into_iter();
        let mut last = lineage.next().ok_or(LineageError::Empty)?;
        if last.parent_edge_id.is_some() {
            return Err(LineageError::Broken(last.id.clone()));
        }
        let mut authority = Self::of_root(last, &identifier_of);
        live(last, now)?;
        for next in lineage {
            live(next, now)?;
            let continues = next.parent_edge_id.as_ref() == Some(&last.id)
                && next.zone_id == last.zone_id
                && next.source_session_id == last.target_session_id
                && next.issuer_application_id == last.receiver_application_id;
            if !continues {
                return Err(LineageError::Broken(next.id.clone()));
            }
            authority = authority.narrow(next, &identifier_of)?;
            last = next;
        }
        Ok(authority)
    }

    /// Scopes.
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    /// Resources.
    pub fn resources(&self) -> &ResourceBound {
        &self.resources
    }

    /// Remaining hops of the last delegation, 0 to 10.
    pub fn remaining_hops(&self) -> u32 {
        self.remaining_hops
    }

    /// Longest mandate lifetime in seconds, when a delegation of the lineage bounds it.
    pub fn ttl_seconds(&self) -> Option<u32> {
        self.ttl_seconds
    }

    /// Most scopes a descendant may carry, when a delegation of the lineage bounds it.
    pub fn budget(&self) -> Option<u32> {
        self.budget
    }

    /// The earliest end in the lineage.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// How many delegations the lineage has.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Most remaining hops a further delegation may have; `None` when this authority can be neither inherited nor
    /// handed on, because no hop remains or the lineage is as long as one may be.
    pub fn hops_left(&self) -> Option<u32> {
        if self.length >= MAX_HOPS {
            return None;
        }
        self.remaining_hops.checked_sub(1)
    }

    /// Checks what a mint asks for: scopes, one resource, and a lifetime in seconds if one was asked for.
    ///
    /// # Errors
    /// The [`NarrowingViolation`] that stands in the way.
    pub fn check_mint(
        &self,
        scopes: &ScopeSet,
        resource: &str,
        ttl_seconds: Option<u32>,
    ) -> Result<(), NarrowingViolation> {
        check_scopes(scopes, &self.scopes)?;
        if !self.resources.contains(resource) {
            return Err(outside(vec![resource.into()], &self.resources));
        }
        match (ttl_seconds, self.ttl_seconds) {
            (Some(requested), Some(limit)) if requested > limit => Err(NarrowingViolation::Ttl {
                requested: Some(requested),
                limit,
            }),
            _ => Ok(()),
        }
    }
}

/// Remaining hops of a stored delegation. More than the platform allows counts as the most it allows; when both
/// names are stored and differ, the lesser counts.
fn remaining_hops(constraints: &Constraints) -> u32 {
    least(constraints.max_hops, constraints.max_depth)
        .unwrap_or(1)
        .min(MAX_HOPS)
}

fn end_of(delegation: &Delegation) -> Timestamp {
    match delegation.constraints.expires_at {
        Some(end) => end.min(delegation.expires_at),
        None => delegation.expires_at,
    }
}

fn live(delegation: &Delegation, now: Timestamp) -> Result<(), LineageError> {
    if delegation.is_live(now) && end_of(delegation) > now {
        Ok(())
    } else {
        Err(LineageError::NotLive(delegation.id.clone()))
    }
}

fn least(left: Option<u32>, right: Option<u32>) -> Option<u32> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (bound, None) | (None, bound) => bound,
    }
}

pub(super) fn count(scopes: &ScopeSet) -> u32 {
    u32::try_from(scopes.len()).unwrap_or(u32::MAX)
}

pub(super) fn check_scopes(scopes: &ScopeSet, limit: &ScopeSet) -> Result<(), NarrowingViolation> {
    let exceeding = scopes.difference(limit);
    if exceeding.is_empty() {
        return Ok(());
    }
    Err(NarrowingViolation::Scopes {
        exceeding,
        limit: limit.clone(),
    })
}

pub(super) fn outside(exceeding: Vec<Arc<str>>, bound: &ResourceBound) -> NarrowingViolation {
    let limit = match bound {
        ResourceBound::Any => Vec::new(),
        ResourceBound::Only(identifiers) => identifiers.iter().cloned().collect(),
    };
    NarrowingViolation::Resources { exceeding, limit }
}
