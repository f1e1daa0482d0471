//! One command a file.

pub(crate) mod audit_verify;
pub(crate) mod check_config;
pub(crate) mod config;
pub(crate) mod healthcheck;
pub(crate) mod migrate;
pub(crate) mod serve;

/// A runtime for short commands.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
