//! The daemon as it is started, asked, signalled and stopped.
//!
//! A test beside the sources also makes `cargo test --workspace` build `caracald` itself, with the features of that
//! one build, which is the binary the end-to-end suite then finds.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test may fail loudly")]

mod observed;
mod outbox;
mod program;
mod refusals;
mod rollout;
mod rotate;
mod secret_files;
mod secrets;
mod serving;
#[cfg(target_os = "linux")]
mod spools;
mod support_bundle;
mod witness;
