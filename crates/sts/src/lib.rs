//! The STS role: exchanges identity for a short-lived, single-use, signed mandate after policy says yes.
//!
//! A request becomes a decision in memory, a signature, an event in the audit spool, and only then an answer.
//! The crate depends on no other role. `routes/` holds one route a file; `decide/` what a mint or a use is
//! decided on; to add a provider kind, extend `broker.rs`.

mod authenticate;
mod basic;
mod broker;
mod decide;
mod deps;
mod evidence;
mod exchange;
mod failed_login;
mod form;
mod keys;
mod limit;
mod metrics;
mod mint;
mod routes;
mod size;

pub use deps::{StsConfig, StsDeps};
pub use exchange::LocalExchange;
pub use keys::rotate_signing_key;
pub use metrics::{METRICS, describe as describe_metrics};
pub use routes::router;
