//! Where a verification goes on, and who hears how far it is.

mod walked;

use caracal_ledger::{chain::LogId, verify::Progress};

pub(crate) use self::walked::WalkParts;
pub use self::walked::Walked;

/// What remembers a verification and tells about it.
pub trait Journal: Send {
    /// How far `log` was compared before. What lies before it is not looked at again.
    fn earlier(&mut self, log: &LogId) -> Option<Progress>;

    /// Hears now and then how far `log` is.
    fn reached(&mut self, log: &LogId, progress: &Progress);

    /// How far the verification of all that a database says of `log` was when it was interrupted.
    fn walked(&mut self, _log: &LogId) -> Option<Walked> {
        None
    }

    /// Hears now and then how far it is. `walked` makes what it takes to go on from there, where it can.
    fn walking(&mut self, log: &LogId, progress: &Progress, _walked: &dyn Fn() -> Option<Walked>) {
        self.reached(log, progress);
    }
}

/// Begins at the beginning, and tells nobody.
impl Journal for () {
    fn earlier(&mut self, _: &LogId) -> Option<Progress> {
        None
    }

    fn reached(&mut self, _: &LogId, _: &Progress) {}
}
