//! The conformance suite: what every storage backend must show before it counts as one.
//!
//! Each case is a public function that takes a fresh [`Backend`] and fails by panicking. [`crate::conformance!`]
//! turns all of them into tests; there is no way to leave one out. Cases know only the traits, so they hold for
//! any database. To add one: write it in the file of its subject and put its name on the list in `cases.rs`.
//!
//! Three rules keep cases honest. Concurrency is started together and judged by its outcome, never by time.
//! A failure that says "try again" is tried again, as callers do. At a boundary instant the microsecond before is
//! asked for as well.
//!
//! [`given`] makes entities with sensible defaults and serves the tests of the roles too.

#![expect(clippy::unwrap_used, reason = "a case fails by panicking")]

mod backend;
mod cases;
mod everything;
mod fixture;
pub mod given;
mod race;

#[doc(hidden)]
pub mod accounts;
#[doc(hidden)]
pub mod admin_audit;
#[doc(hidden)]
pub mod applications;
#[doc(hidden)]
pub mod approvals;
#[doc(hidden)]
pub mod authority_records;
#[doc(hidden)]
pub mod budgets;
#[doc(hidden)]
pub mod canaries;
#[doc(hidden)]
pub mod chains;
#[doc(hidden)]
pub mod connections;
#[doc(hidden)]
pub mod counts;
#[doc(hidden)]
pub mod delegation_ends;
#[doc(hidden)]
pub mod delegations;
#[doc(hidden)]
pub mod deployment;
#[doc(hidden)]
pub mod filters;
#[doc(hidden)]
pub mod grants;
#[doc(hidden)]
pub mod grouped;
#[doc(hidden)]
pub mod isolation;
#[doc(hidden)]
pub mod leases;
#[doc(hidden)]
pub mod ledger;
#[doc(hidden)]
pub mod ledger_blocks;
#[doc(hidden)]
pub mod ledger_search;
#[doc(hidden)]
pub mod ledger_window;
#[doc(hidden)]
pub mod notifications;
#[doc(hidden)]
pub mod paging;
#[doc(hidden)]
pub mod policies;
#[doc(hidden)]
pub mod providers;
#[doc(hidden)]
pub mod receipts;
#[doc(hidden)]
pub mod records;
#[doc(hidden)]
pub mod restart;
#[doc(hidden)]
pub mod retention;
#[doc(hidden)]
pub mod secrets;
#[doc(hidden)]
pub mod session_trees;
#[doc(hidden)]
pub mod sessions;
#[doc(hidden)]
pub mod state_owners;
#[doc(hidden)]
pub mod subjects;
#[doc(hidden)]
pub mod units_of_work;
#[doc(hidden)]
pub mod versions;
#[doc(hidden)]
pub mod workloads;
#[doc(hidden)]
pub mod zones;

pub use backend::{Backend, Reopen};
pub use race::run;
