//! The Coordinator through its real router, over a real SQLite file and the embedded bus.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::large_futures,
    clippy::needless_pass_by_value,
    clippy::default_trait_access,
    clippy::duration_suboptimal_units,
    reason = "a test fails loudly and explains itself by its name"
)]

mod answers;
mod authentication;
mod cascade;
mod delegations;
mod every_text;
mod evidence;
mod idempotency;
mod interleavings;
mod jobs;
mod leases;
mod limits;
mod openapi;
mod possession;
mod production;
mod properties;
mod reads;
mod sessions;
mod stack;
mod subject;
mod texts;
