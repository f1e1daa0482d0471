//! Rules for a delegation that is about to be made.

use std::sync::Arc;

use caracal_core::{
    ScopeSet, Timestamp,
    entity::{Constraints, Delegation},
};

use super::{
    Authority, NarrowingViolation, ResourceBound,
    authority::{check_scopes, count, outside},
};

/// A delegation that is asked for under a parent.
#[derive(Debug, Clone, Copy)]
pub struct ChildRequest<'a> {
    /// Scopes.
    pub scopes: &'a ScopeSet,
    /// Identifier of its `resource_id`, when it has one.
    pub resource: Option<&'a str>,
    /// Its constraints.
    pub constraints: &'a Constraints,
    /// Its end, after whatever shortening the caller offers (see [`Authority::expires_at`]).
    pub expires_at: Timestamp,
}

/// Checks that `child` narrows the authority of the lineage it would continue.
///
/// # Errors
/// The first rule it breaks: scopes, resources, hops, ttl, budget, expiry.
pub fn check_child(parent: &Authority, child: &ChildRequest<'_>) -> Result<(), NarrowingViolation> {
    check_scopes(child.scopes, parent.scopes())?;
    check_resources(parent.resources(), child)?;
    let requested = child.constraints.remaining_hops();
    match parent.hops_left() {
        Some(limit) if requested > 0 && requested <= limit => {}
        limit => {
            return Err(NarrowingViolation::Hops {
                requested,
                limit: limit.unwrap_or(0),
            });
        }
    }
    if let Some(limit) = parent.ttl_seconds() {
        let requested = child.constraints.ttl_seconds;
        if requested.is_none_or(|seconds| seconds > limit) {
            return Err(NarrowingViolation::Ttl { requested, limit });
        }
    }
    if let Some(limit) = parent.budget() {
        // A child without a budget of its own spends one per scope; a budget below its scopes saves nothing.
        let carried = count(child.scopes);
        let requested = child
            .constraints
            .budget
            .map_or(carried, |budget| budget.max(carried));
        if requested > limit {
            return Err(NarrowingViolation::Budget { requested, limit });
        }
    }
    if child.expires_at > parent.expires_at() {
        let limit = parent.expires_at();
        return Err(NarrowingViolation::Expiry {
            requested: child.expires_at,
            limit,
        });
    }
    Ok(())
}

fn check_resources(bound: &ResourceBound, child: &ChildRequest<'_>) -> Result<(), NarrowingViolation> {
    // A `resource_id` is the child's whole bound: a longer list next to it cannot widen it.
    let named: Vec<Arc<str>> = match child.resource {
        Some(identifier) => vec![identifier.into()],
        None => child.constraints.resources.clone(),
    };
    let exceeding: Vec<Arc<str>> = named
        .iter()
        .filter(|identifier| !bound.contains(identifier))
        .cloned()
        .collect();
    let unbounded = named.is_empty() && *bound != ResourceBound::Any;
    if unbounded || !exceeding.is_empty() {
        return Err(outside(exceeding, bound));
    }
    Ok(())
}

/// The constraints of the copy that a child session inherits from `parent`: the same, with one hop less.
///
/// The copy keeps the parent's scopes, resource and end. It is always written with `max_hops`, which may be 0: a
/// copy that mints but is neither inherited nor handed on any further. A caller that has the whole lineage at hand
/// also asks [`Authority::hops_left`], which knows its length.
///
/// # Errors
/// [`NarrowingViolation::Hops`] when the parent has no hop left, and [`NarrowingViolation::Budget`] when it carries
/// more scopes than its own budget lets a descendant carry.
pub fn inherit(parent: &Delegation) -> Result<Constraints, NarrowingViolation> {
    // The row id stands for itself: the copy is for the same resource.
    let authority = Authority::of_root(parent, |id| Some(id.as_str().into()));
    let Some(remaining) = authority.hops_left() else {
        return Err(NarrowingViolation::Hops {
            requested: 0,
            limit: 0,
        });
    };
    let carried = count(&parent.scopes);
    if let Some(limit) = parent.constraints.budget.filter(|limit| carried > *limit) {
        return Err(NarrowingViolation::Budget {
            requested: carried,
            limit,
        });
    }
    Ok(Constraints {
        max_hops: Some(remaining),
        max_depth: None,
        ..parent.constraints.clone()
    })
}
