//! One command a file.

pub(crate) mod audit_export;
pub(crate) mod audit_keys;
pub(crate) mod audit_pack;
pub(crate) mod audit_verify;
pub(crate) mod canary;
pub(crate) mod check_config;
mod client;
pub(crate) mod config;
pub(crate) mod copy_database;
pub(crate) mod drill;
pub(crate) mod healthcheck;
pub(crate) mod metrics;
pub(crate) mod migrate;
pub(crate) mod outbox;
mod processes;
pub(crate) mod rollout;
pub(crate) mod secrets;
pub(crate) mod serve;
pub(crate) mod support_bundle;
pub(crate) mod witness;

use std::io::{ErrorKind, Write as _};

use caracal_core::Timestamp;

/// An argument that is an instant.
pub(crate) fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).map_err(|error| error.to_string())
}

/// A runtime for short commands.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Prints an answer. A reader that went away (`caracald audit verify | head -1`) is no failure, and no panic as with
/// `println!`: the work is done, and the exit code still says how it came out.
fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}
