//! The thread in which zone A does its worst, so that it takes none of the generator's time.
//!
//! Zone A's programs run elsewhere in life: what they spend on their own questions and answers is no part of what the
//! daemon costs others, so the thread has the cores when nobody else wants them.

use std::thread::JoinHandle;

use anyhow::{Context as _, bail};
use tokio::sync::oneshot;

use super::{Case, Did, worst::Attacker};

/// How much of a core zone A leaves to what is measured: as `nice` counts, from 0 to 19.
#[cfg(target_os = "linux")]
const NICE: i32 = 15;

/// A case in progress. Ends when dropped.
pub(super) struct Attack {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<anyhow::Result<()>>>,
    attacker: Attacker,
}

impl Attack {
    /// Begins `case`.
    pub(super) fn start(case: Case, attacker: &Attacker) -> anyhow::Result<Self> {
        let attacker = attacker.afresh();
        let (stop, stopped) = oneshot::channel();
        let own = attacker.clone();
        let thread = std::thread::Builder::new()
            .name(String::from("zone-a"))
            .spawn(move || {
                // On Linux this is the thread's own; elsewhere it would be the process's.
                #[cfg(target_os = "linux")]
                rustix::process::nice(NICE)?;
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?
                    .block_on(async {
                        tokio::select! {
                            outcome = own.run(case) => outcome,
                            _ = stopped => Ok(()),
                        }
                    })
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
            attacker,
        })
    }

    /// Ends it; says what was done. An attack that did nothing proves nothing.
    pub(super) fn end(mut self) -> anyhow::Result<Did> {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            match thread.join() {
                Ok(outcome) => outcome.context("it could not go on")?,
                Err(_) => bail!("its thread panicked"),
            }
        }
        let did = self.attacker.did();
        if did.calls == 0 {
            bail!("it did nothing");
        }
        Ok(did)
    }
}
