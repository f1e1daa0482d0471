//! Mints and exchanges through the STS's real router.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test may fail loudly")]

mod approvals;
mod budgets;
mod canary;
mod client_sign_in;
mod control_keys;
mod every_text;
mod exchange;
mod fixture;
mod held_calls;
mod introspection;
mod mandates;
mod openapi;
mod possession;
mod refusals;
mod requests;
mod revocation;
mod routes;
mod run;
mod shadow;
mod strangers;
