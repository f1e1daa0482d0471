//! The span that is measured: what is read at both of its ends.

use std::time::{Duration, Instant};

use anyhow::bail;

use crate::{load::Load, process, stack::Stack};

/// Pause between two looks at a running load.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Everything that is read at both ends of the span.
pub(crate) struct Reading {
    pub(crate) at: Instant,
    pub(crate) calls: u64,
    /// CPU time of what is measured.
    pub(crate) ours: Duration,
    /// CPU time of the generator.
    pub(crate) generator: Duration,
}

impl Reading {
    /// Reads it, after `calls` calls.
    pub(crate) fn take(stack: &Stack, calls: u64) -> anyhow::Result<Self> {
        Ok(Self {
            ours: process::cpu_time_of_all(&stack.pids)?,
            generator: process::cpu_time(std::process::id())?,
            calls,
            at: Instant::now(),
        })
    }
}

/// Lets the load run for `span`.
pub(crate) async fn watch(load: &Load, span: Duration) -> anyhow::Result<()> {
    let until = Instant::now() + span;
    loop {
        if load.gave_up() {
            bail!(
                "too many calls fail: {}",
                load.first_failure().unwrap_or_default()
            );
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        tokio::time::sleep(left.min(POLL_INTERVAL)).await;
    }
}

/// Each call's part.
pub(crate) fn per(value: f64, calls: u64) -> f64 {
    value / as_float(calls.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "counts of minutes, far below 2^52")]
pub(crate) fn as_float(count: u64) -> f64 {
    count as f64
}
