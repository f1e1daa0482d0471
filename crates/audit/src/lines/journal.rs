//! Where a verification goes on, and who hears how far it is.

use caracal_ledger::{chain::LogId, verify::Progress};

/// What remembers a verification and tells about it.
pub trait Journal: Send {
    /// How far `log` was compared before. What lies before it is not looked at again.
    fn earlier(&mut self, log: &LogId) -> Option<Progress>;

    /// Hears now and then how far `log` is.
    fn reached(&mut self, log: &LogId, progress: &Progress);
}

/// Begins at the beginning, and tells nobody.
impl Journal for () {
    fn earlier(&mut self, _: &LogId) -> Option<Progress> {
        None
    }

    fn reached(&mut self, _: &LogId, _: &Progress) {}
}
