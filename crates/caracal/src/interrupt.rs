//! Being asked to end while something is half done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Whether a signal has asked this process to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Watches for Ctrl-C, a polite kill and the end of the terminal from here on.
    ///
    /// A signal that this process was started to ignore (`nohup`) stays ignored.
    pub(crate) fn watch() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        for signal in heeded([SIGINT, SIGTERM, SIGHUP]) {
            signal_hook::flag::register(signal, Arc::clone(&interrupt.asked))
                .context("cannot watch for signals")?;
        }
        Ok(interrupt)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// Whether a signal has asked since this was last called; for what tells everybody who asks again.
    pub(crate) fn take(&self) -> bool {
        self.asked.swap(false, Ordering::Relaxed)
    }
}

/// Those of `signals` that this process was not started to ignore. A handler for one that is ignored would undo what
/// `nohup` is for.
pub(crate) fn heeded<const N: usize>(signals: [i32; N]) -> impl Iterator<Item = i32> {
    let ignored = ignored_signals();
    signals
        .into_iter()
        .filter(move |signal| ignored & (1 << (signal - 1)) == 0)
}

/// A bit for each ignored signal, lowest first; nothing where the system does not tell.
fn ignored_signals() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| mask(&status))
        .unwrap_or(0)
}

fn mask(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mask_is_read_from_its_own_line() {
        assert_eq!(mask("SigBlk:\t00ff\nSigIgn:\t0000000000001001\n"), Some(0x1001));
        assert_eq!(mask("Name:\tcaracal\n"), None);
    }
}
