//! How far long work is: a line at the bottom of the terminal that is drawn over itself and goes when the work is done.
//!
//! Where stderr is no terminal, or notes are unwanted, nothing is drawn: the notes before each step say enough for a log.

use std::io::{self, Read};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::interrupt::Interrupt;
use crate::output;

/// How often a line without a known end moves.
const TICK: Duration = Duration::from_millis(120);

/// One line about one piece of work.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Of work on `total` bytes.
    pub(crate) fn of_bytes(what: &'static str, total: u64) -> Self {
        let template = "{msg} [{bar:32}] {bytes} of {total_bytes}, {eta} left";
        Self::drawn(Some(total), template, what)
    }

    /// Of work that does not say how much of it there is.
    pub(crate) fn of_unknown(what: &'static str) -> Self {
        let progress = Self::drawn(None, "{msg} {spinner} {elapsed}", what);
        progress.0.enable_steady_tick(TICK);
        progress
    }

    fn drawn(total: Option<u64>, template: &str, what: &'static str) -> Self {
        let target = if output::is_quiet() {
            ProgressDrawTarget::hidden()
        } else {
            // Hidden by itself where it is no terminal.
            ProgressDrawTarget::stderr()
        };
        // Plain characters: they need neither colours nor a font.
        let style = ProgressStyle::with_template(template)
            .expect("a template of ours")
            .progress_chars("=> ")
            .tick_chars("|/-\\ ");
        let bar = ProgressBar::with_draw_target(total, target);
        Self(bar.with_style(style).with_message(what))
    }

    /// Says how many bytes are done.
    pub(crate) fn set(&self, bytes: u64) {
        self.0.set_position(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A reader whose progress is shown, and that fails once somebody asks this process to end.
pub(crate) struct Watched<'a, R> {
    reader: R,
    progress: &'a Progress,
    interrupt: &'a Interrupt,
}

impl<'a, R> Watched<'a, R> {
    pub(crate) fn new(reader: R, progress: &'a Progress, interrupt: &'a Interrupt) -> Self {
        Self {
            reader,
            progress,
            interrupt,
        }
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.interrupt.is_asked() {
            // Not of the kind `Interrupted`, which readers answer by reading again.
            return Err(io::Error::other("interrupted"));
        }
        let count = self.reader.read(buffer)?;
        self.progress.0.inc(count as u64);
        Ok(count)
    }
}
