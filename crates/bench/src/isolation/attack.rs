//! The thread in which zone A does its worst, so that it takes none of the generator's time.

use std::thread::JoinHandle;

use anyhow::{Context as _, bail};
use tokio::sync::oneshot;

use super::{Case, Did, worst::Attacker};

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
