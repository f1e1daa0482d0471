//! How authority may be handed on: the one set of rules, used when a delegation is created and when a mandate is
//! minted under it.
//!
//! # Remaining hops
//!
//! Every delegation has a number of *remaining hops* (`max_hops`, or its other name `max_depth`; 1 when unset):
//! how many delegations a chain may have from this one on, itself included. Along a lineage the number falls by at
//! least one with each delegation, from a root's 1 to 10 down to 0:
//!
//! | Remaining | Minting | Inherited by a child session | Handed on to another session |
//! |---|---|---|---|
//! | 2 or more | yes | yes, the copy has one less | yes, to a delegation with 1 up to one less |
//! | 1 (the default) | yes | yes, the copy has 0 | no |
//! | 0 | yes | no | no |
//!
//! Only the platform writes 0, for a copy that a child session inherited; requests may ask for 1 to 10. So a
//! default delegation serves the session it was given to and that session's direct children, and nobody else. A
//! lineage never has more than [`MAX_HOPS`](caracal_core::entity::MAX_HOPS) delegations, whatever its root said.
//!
//! # What narrows how
//!
//! Scopes and resources are intersected over the whole lineage, times and the budget are the least of it.
//! Creation ([`check_child`], [`inherit`]) is strict and refuses what does not narrow, naming the rule and its
//! limit; mint ([`Authority::of_lineage`]) intersects again, so that a stored delegation can never give more than
//! every one above it.

mod authority;
mod constraints;
mod creation;
mod violation;

pub use authority::{Authority, LineageError, ResourceBound};
pub use constraints::{ConstraintError, MAX_RESOURCES, parse_constraints};
pub use creation::{ChildRequest, check_child, inherit};
pub use violation::NarrowingViolation;

#[cfg(test)]
mod tests;
