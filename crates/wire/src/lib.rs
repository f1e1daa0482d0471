//! What goes over HTTP and over the bus, as types: one definition for services, clients, tests and documents.
//!
//! No I/O and no web framework here, so that a client may depend on this crate as well as a server. To add an error
//! code, add a row to `code/table.rs` and regenerate the handbook page (`tests/handbook.rs` says how).

pub mod approvals;
pub mod audit;
pub mod authzen;
mod bounded;
pub mod code;
pub mod control;
pub mod coordinator;
pub mod envelope;
pub mod events;
pub mod form;
pub mod gateway;
pub mod health;
pub mod introspection;
mod listing;
pub mod notifications;
pub mod proof;
mod reason;
pub mod run;
pub mod sign_in;
pub mod sts;
pub mod web;

pub use code::ErrorCode;
pub use envelope::{CommandError, CommandProblem, Issue, Issues, OAuthError, Problem};
pub use listing::{ListTotal, Listing, PageQuery};
