//! Waits until the evidence of a load is in the ledger.
//!
//! Evidence is kept in a spool before each answer and collected into the ledger as there is time. A load that only
//! counts answers would leave that work to whoever comes after.

use std::time::{Duration, Instant};

use crate::{process, stack::Stack};

/// The counter of ledger entries that the Audit role keeps.
const ENTRIES: &str = "caracal_audit_inserts_total";
/// Pause between two looks. Each costs the daemon a rendering of its metrics.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Without a new entry for so long, the ledger is taken to be complete.
const QUIET: Duration = Duration::from_millis(1500);
/// Longest wait for it.
const TIMEOUT: Duration = Duration::from_mins(5);

/// The ledger when nothing was added any more.
#[derive(Debug, Clone, Copy)]
pub struct Drained {
    /// Entries added since the given count.
    pub entries: f64,
    /// When the last of them was seen.
    pub at: Instant,
    /// CPU time our processes had used by then.
    pub ours: Duration,
    /// Whether it became quiet before the wait was given up.
    pub caught_up: bool,
}

/// Entries so far; `None` when the stack does not tell.
pub async fn entries(stack: &Stack) -> Option<f64> {
    // A ledger that nothing was written to yet has no counter.
    let counts = stack.counter(stack.audit, ENTRIES).await?;
    Some(counts.values().sum())
}

/// Waits until the ledger does not grow any more. `before` is what it held before the load. `None` when nothing
/// was added: then the ledger is elsewhere.
///
/// # Errors
/// When one of our processes is gone.
pub async fn drain(stack: &Stack, before: f64) -> anyhow::Result<Option<Drained>> {
    let began = Instant::now();
    let mut last: Option<Drained> = None;
    loop {
        let Some(total) = entries(stack).await else {
            return Ok(None);
        };
        let (now, entries) = (Instant::now(), total - before);
        match &mut last {
            Some(seen) if seen.entries >= entries => {
                seen.caught_up = now.duration_since(seen.at) >= QUIET;
                if seen.caught_up || began.elapsed() > TIMEOUT {
                    return Ok(last.filter(|settled| settled.entries > 0.0));
                }
            }
            _ if began.elapsed() > TIMEOUT => return Ok(last),
            _ => {
                let ours = process::cpu_time_of_all(&stack.pids)?;
                last = Some(Drained {
                    entries,
                    at: now,
                    ours,
                    caught_up: false,
                });
            }
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
