//! The Control API through its real router, over a real SQLite store and the in-process bus.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod access;
mod accounts;
mod admin_tokens;
mod applications;
mod approvals;
mod audit;
mod authorization;
mod authzen;
mod connections;
mod control;
mod control_documents;
mod endings;
mod evidence;
mod notifications;
mod openapi;
mod outcomes;
mod policies;
mod policy_canary;
mod policy_shadow;
mod providers;
mod repeats;
mod replay;
mod resources;
mod retention;
mod secrecy;
mod sinks;
mod stack;
mod subject_issuers;
mod subjects;
mod tail;
mod texts;
mod workloads;
mod zone_state;
mod zones;
