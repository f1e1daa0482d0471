//! One thread with one session: what is lost on the way is made anew once, and then the call fails.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use caracal_service::zone_keys::KeyStoreError;
use parking_lot::{Mutex, RwLock};

use crate::{
    fault::Fault,
    module::{Module, TokenOpenError},
    session::TokenSession,
    settings::TokenSettings,
};

/// How long a module that could not be started again is left alone.
const LEFT_ALONE: Duration = Duration::from_millis(500);

/// The module, for all sessions.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: TokenSettings,
    /// Absent after it could not be started again. Read while it is used: nothing is called in a module that is ended.
    module: RwLock<Option<Module>>,
    generations: AtomicU64,
    /// Whether the token refused the PIN. It is not tried again: a few wrong ones lock a token.
    pin_refused: AtomicBool,
    failed_at: Mutex<Option<Instant>>,
}

impl Shared {
    /// Opens the token and logs in once.
    ///
    /// # Errors
    /// [`TokenOpenError`].
    pub(crate) fn open(settings: TokenSettings) -> Result<(Self, TokenSession), TokenOpenError> {
        let module = Module::open(&settings, 0)?;
        module.check_abilities(&settings.label)?;
        let session = module.login(&settings).map_err(|fault| match fault {
            Fault::Pin(reason) => TokenOpenError::Pin {
                label: settings.label.clone(),
                reason,
            },
            other => TokenOpenError::Refused {
                label: settings.label.clone(),
                reason: other.to_string(),
            },
        })?;
        let shared = Self {
            settings,
            module: RwLock::new(Some(module)),
            generations: AtomicU64::new(0),
            pin_refused: AtomicBool::new(false),
            failed_at: Mutex::default(),
        };
        Ok((shared, session))
    }

    /// Ends the module and starts it anew, as tokens that went away and came back need.
    fn restart(&self) -> Result<(), KeyStoreError> {
        let away = |text: String| Err(KeyStoreError::Away(text));
        let mut failed_at = self.failed_at.lock();
        if failed_at.is_some_and(|at| at.elapsed() < LEFT_ALONE) {
            return away(String::from("it could not be started again a moment ago"));
        }
        // While others are in a call of it, it must not be ended under them.
        let Some(mut module) = self.module.try_write() else {
            return away(String::from("calls that began before are still open"));
        };
        *module = None;
        let generation = self.generations.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        match Module::open(&self.settings, generation) {
            Ok(anew) => {
                *module = Some(anew);
                *failed_at = None;
                Ok(())
            }
            Err(error) => {
                *failed_at = Some(Instant::now());
                away(error.to_string())
            }
        }
    }
}

/// What a thread has.
#[derive(Debug)]
pub(crate) struct Worker<'s> {
    shared: &'s Shared,
    session: Option<TokenSession>,
}

impl<'s> Worker<'s> {
    pub(crate) fn new(shared: &'s Shared, session: Option<TokenSession>) -> Self {
        Self { shared, session }
    }

    /// Does `work` in the session; once more in a new one where the session or its login was lost, and once more in a
    /// module that was started anew where that was not enough.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    pub(crate) fn perform<T>(
        &mut self,
        mut work: impl FnMut(&mut TokenSession) -> Result<T, Fault>,
    ) -> Result<T, KeyStoreError> {
        for _ in 0..2 {
            match self.attempt(&mut work) {
                Err(fault) if fault.is_lost() => {
                    tracing::debug!(%fault, "a session of the token was lost");
                    self.give_up();
                }
                outcome => return outcome.map_err(KeyStoreError::from),
            }
        }
        self.shared.restart()?;
        self.attempt(&mut work).map_err(|fault| {
            self.give_up();
            KeyStoreError::from(fault)
        })
    }

    /// Looks whether the token is there and takes calls.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    pub(crate) fn look(&mut self) -> Result<(), KeyStoreError> {
        let shared = self.shared;
        self.perform(|session| {
            let module = shared.module.read_recursive();
            if let Some(module) = module.as_ref() {
                module.look(&shared.settings)?;
            }
            session.look()
        })
    }

    fn attempt<T>(
        &mut self,
        work: &mut impl FnMut(&mut TokenSession) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if self.shared.pin_refused.load(Ordering::Relaxed) {
            return Err(Fault::Pin(String::from("it is tried again after a restart")));
        }
        let shared = self.shared;
        let module = shared.module.read();
        let Some(module) = module.as_ref() else {
            return Err(Fault::Lost(String::from("it was not found again")));
        };
        // One of an earlier module is not closed: its handle may be another's by now.
        let kept = self.session.take();
        let session = match kept.filter(|session| session.generation == module.generation) {
            Some(session) => session,
            None => module.login(&shared.settings).inspect_err(|fault| {
                if matches!(fault, Fault::Pin(_)) {
                    shared.pin_refused.store(true, Ordering::Relaxed);
                    tracing::error!(%fault, "the token of zone keys refuses its PIN");
                }
            })?,
        };
        let done = work(self.session.insert(session));
        if matches!(done, Err(Fault::NoKey)) {
            // A token that is gone has no keys either, and there are some that say no more than that.
            module.look(&shared.settings)?;
        }
        done
    }

    fn give_up(&mut self) {
        let module = self.shared.module.read();
        let generation = module.as_ref().map(|module| module.generation);
        if let Some(session) = self.session.take()
            && Some(session.generation) == generation
        {
            session.close();
        }
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.give_up();
    }
}
