//! The STS role: exchanges identity for a short-lived, single-use, signed mandate after policy says yes.
//!
//! A request becomes a decision in memory, a signature, an event in the audit spool, and only then an answer.
//! Read `routes/token.rs`, then `pipeline.rs` (the steps that every exchange goes through, in their order), then
//! `exchange/` and `run/` (a file for each kind: of applications and Gateways, and of what the launcher asks for). To add a
//! kind, implement `pipeline::ExchangeKind`; to add a provider kind, add a file under `broker/`. `decide/` holds what a
//! mint or a use is decided on, `hold.rs` is where a request waits for a person, `stopped.rs` what ends it as a whole,
//! `evidence.rs` what events say. The crate depends on no other role.

mod authenticate;
mod basic;
mod broker;
mod budget;
mod canary;
mod case;
mod counting;
mod credentials;
mod decide;
mod deps;
mod evidence;
mod exchange;
mod failed_login;
mod federation;
mod form;
#[cfg(fuzzing)]
pub mod fuzzing;
mod given_back;
mod grant;
mod help;
mod hold;
mod issue;
mod keys;
mod limit;
mod malformed;
mod metrics;
mod outside;
mod pipeline;
mod possession;
mod routes;
mod run;
mod shadow;
mod sign_in;
mod size;
mod stopped;
mod subject;

pub use canary::CanaryMonitor;
pub use counting::Counting;
pub use credentials::{ConnectionTokens, ServiceTokens};
pub use deps::{StsConfig, StsDeps};
pub use exchange::LocalExchange;
pub use federation::SubjectKeys;
pub use keys::{ZoneKeyError, rotate_signing_key};
pub use metrics::{METRICS, describe as describe_metrics};
pub use outside::SignIns;
pub use routes::{Needs, router, table};
pub use shadow::Shadows;
