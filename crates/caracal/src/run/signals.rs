//! The signals that end a launch, heard from its first step on: what was begun is undone also where nothing runs yet.

use std::future::poll_fn;
use std::task::Poll;

use nix::sys::signal::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use tokio::signal::unix::{self, SignalKind};

use crate::interrupt;

/// Those that came and were not looked at yet, and those that come.
pub(super) struct Signals {
    heard: Vec<(Signal, unix::Signal)>,
}

impl Signals {
    /// Hears of them from here on. Must be called where the runtime is. One that this process was started to ignore stays
    /// ignored, here and in the program.
    ///
    /// # Errors
    /// When the system does not let us.
    pub(super) fn hear() -> anyhow::Result<Self> {
        let mut heard = Vec::new();
        for number in interrupt::heeded([SIGINT, SIGTERM, SIGHUP, SIGQUIT]) {
            let stream = unix::signal(SignalKind::from_raw(number))?;
            heard.push((Signal::try_from(number)?, stream));
        }
        Ok(Self { heard })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            for (signal, stream) in &mut self.heard {
                if stream.poll_recv(context).is_ready() {
                    return Poll::Ready(*signal);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Exit code of what a signal ended, as shells have it.
pub(super) fn code(signal: Signal) -> u8 {
    u8::try_from(128 + signal as i32).unwrap_or(1)
}
