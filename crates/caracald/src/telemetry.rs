//! Logs: one JSON line an event on stderr.

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging at `level` (`error`, `warn`, `info`, `debug`, `trace`, or a filter expression).
///
/// # Errors
/// When the level is none.
pub(crate) fn start(level: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(level)
        .map_err(|error| anyhow::anyhow!("LOG_LEVEL {level:?} is not a log filter: {error}"))?;
    fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init()
        .map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}
