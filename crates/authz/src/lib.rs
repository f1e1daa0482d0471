//! What Caracal decides, and how authority may be handed on.
//!
//! - [`document`] reads the policy documents that owners write (Rego syntax, plain data) and refuses what could
//!   not be decided on.
//! - [`PolicySnapshot`] is a zone's policy, indexed; [`decide`] answers one request against it in about a
//!   microsecond; [`contract`] publishes the same contract as a Rego module that owners can test against.
//! - [`PolicySnapshot::check_arguments`] says what tools may be called with.
//! - [`diff`] tells what differs between two policies.
//! - [`reach`] reads off a policy who can be given what.
//! - [`replay`] makes recorded decisions again with another policy, to tell what would change.
//! - [`remedy`] finds the smallest change of data that would allow what was refused.
//! - [`usage`] tells which grants are needed, and what a policy would be without the others.
//! - [`operations`] says which scope a method on a path needs, to whoever declares it and whoever enforces it.
//! - [`narrow`] is the one place that says how a delegation may be narrowed, used at creation and at mint.
//!
//! This crate does no I/O and never asks for the time. It depends on `caracal-core` alone. To add a policy
//! document: name it in `document::DOCUMENTS`, give it a shape in `document/shape.rs`, index it in
//! `snapshot.rs`, read it in `decide.rs` and in `rego/contract.rego`; `tests/contract.rs` holds both equal.
#![deny(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test may fail loudly"
    )
)]

pub mod approval;
pub mod contract;
mod decide;
pub mod diff;
pub mod document;
mod explain;
#[cfg(test)]
mod generated;
pub mod input;
mod memory;
pub mod narrow;
pub mod operations;
pub mod reach;
pub mod record;
mod recorded;
pub mod remedy;
pub mod replay;
mod snapshot;
pub mod templates;
pub mod usage;

pub use caracal_core::audit::{Action, Effect, PrincipalKind, ScopeRisk};
pub use decide::{Decision, DenyReason, decide};
pub use document::ArgumentDenial;
pub use explain::explain;
pub use input::{DecisionInput, DelegationInput, PresentedMandate, PrincipalInput};
pub use snapshot::{MalformedBudgets, MalformedOperationRisk, PolicyIdentity, PolicySnapshot};
