//! The module: loaded, initialised, and the slot of the token in it.

use std::{fmt, path::PathBuf};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::MechanismType,
    session::UserType,
    slot::Slot,
    types::AuthPin,
};

use crate::{fault::Fault, session::TokenSession, settings::TokenSettings};

/// Why a token cannot be used. Each says what somebody has to change.
#[derive(Debug, thiserror::Error)]
pub enum TokenOpenError {
    /// The file is no module.
    #[error("cannot load {}: {reason}", .path.display())]
    Module {
        /// The module.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// It does not start.
    #[error("{} does not start: {reason}", .path.display())]
    Start {
        /// The module.
        path: PathBuf,
        /// What it says.
        reason: String,
    },
    /// No token has the label, or more than one.
    #[error("{} has {found} with the label {label:?}; what it has: {there}", .path.display())]
    Token {
        /// The module.
        path: PathBuf,
        /// How many there are.
        found: &'static str,
        /// The label.
        label: String,
        /// The labels that there are.
        there: String,
    },
    /// The token does not take the PIN.
    #[error(
        "the token {label:?} does not take the PIN ({reason}); a token locks itself after a few wrong ones"
    )]
    Pin {
        /// The label.
        label: String,
        /// What it says.
        reason: String,
    },
    /// The token cannot do what is needed.
    #[error("the token {label:?} cannot {what}")]
    Unable {
        /// The label.
        label: String,
        /// What it cannot.
        what: &'static str,
    },
    /// Anything else that it refuses.
    #[error("the token {label:?} cannot be used: {reason}")]
    Refused {
        /// The label.
        label: String,
        /// What it says.
        reason: String,
    },
}

/// An initialised module. There is one of a path in a process.
pub(crate) struct Module {
    context: Pkcs11,
    slot: Slot,
    /// Which initialisation it is of: handles of an earlier one are those of others by now.
    pub(crate) generation: u64,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}

impl Module {
    /// Loads and initialises the module, and looks for the token in it.
    ///
    /// # Errors
    /// [`TokenOpenError`].
    pub(crate) fn open(settings: &TokenSettings, generation: u64) -> Result<Self, TokenOpenError> {
        let path = || settings.module.clone();
        let context = Pkcs11::new(&settings.module).map_err(|error| TokenOpenError::Module {
            path: path(),
            reason: error.to_string(),
        })?;
        let started = context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        match started {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => {
                return Err(TokenOpenError::Start {
                    path: path(),
                    reason: error.to_string(),
                });
            }
        }
        match slot_of(&context, settings) {
            Ok(slot) => Ok(Self {
                context,
                slot,
                generation,
            }),
            Err(error) => {
                finish(context);
                Err(error)
            }
        }
    }

    /// Checks that P-256 keys can be made and used.
    ///
    /// # Errors
    /// [`TokenOpenError::Unable`].
    pub(crate) fn check_abilities(&self, label: &str) -> Result<(), TokenOpenError> {
        let known = self.context.get_mechanism_list(self.slot).unwrap_or_default();
        let needed = [
            (
                MechanismType::ECC_KEY_PAIR_GEN,
                "make keys on elliptic curves (CKM_EC_KEY_PAIR_GEN)",
            ),
            (MechanismType::ECDSA, "sign with them (CKM_ECDSA)"),
        ];
        match needed
            .into_iter()
            .find(|(mechanism, _)| !known.contains(mechanism))
        {
            None => Ok(()),
            Some((_, what)) => Err(TokenOpenError::Unable {
                label: label.to_owned(),
                what,
            }),
        }
    }

    /// A session whose user is logged in.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn login(&self, settings: &TokenSettings) -> Result<TokenSession, Fault> {
        // Closed by whoever knows that the handle is still its own.
        let session = self.context.open_rw_session_no_drop(self.slot)?;
        let pin = AuthPin::new(settings.pin.expose().into());
        match session.login(UserType::User, Some(&pin)) {
            // The login is the process's: another session may have brought it.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {
                Ok(TokenSession::new(session, self.generation))
            }
            Err(error) => {
                // It is of no use to anybody, and may be gone with the token.
                let _ = session.close();
                Err(error.into())
            }
        }
    }

    /// Whether the token is still in its slot.
    ///
    /// # Errors
    /// [`Fault`].
    pub(crate) fn look(&self, settings: &TokenSettings) -> Result<(), Fault> {
        let info = self.context.get_token_info(self.slot)?;
        if info.label() == settings.label {
            Ok(())
        } else {
            Err(Fault::Lost(String::from("another token is in its slot")))
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        finish(self.context.clone());
    }
}

fn finish(context: Pkcs11) {
    if let Err(error) = context.finalize() {
        tracing::debug!(%error, "a PKCS#11 module did not finish");
    }
}

fn slot_of(context: &Pkcs11, settings: &TokenSettings) -> Result<Slot, TokenOpenError> {
    let refused = |error: Error| TokenOpenError::Start {
        path: settings.module.clone(),
        reason: error.to_string(),
    };
    let (mut found, mut there) = (Vec::new(), Vec::new());
    for slot in context.get_slots_with_token().map_err(refused)? {
        // A slot that does not tell of its token is none of ours, and must not stand in the way of the one that is.
        let Ok(info) = context.get_token_info(slot) else {
            continue;
        };
        if !info.token_initialized() {
            continue;
        }
        if info.label() == settings.label {
            found.push(slot);
        }
        there.push(format!("{:?}", info.label()));
    }
    match found.as_slice() {
        [slot] => Ok(*slot),
        other => Err(TokenOpenError::Token {
            path: settings.module.clone(),
            found: if other.is_empty() {
                "no token"
            } else {
                "several tokens"
            },
            label: settings.label.clone(),
            there: if there.is_empty() {
                String::from("nothing")
            } else {
                there.join(", ")
            },
        }),
    }
}
