//! What a module's refusal means for whoever asked.

use caracal_service::zone_keys::KeyStoreError;
use cryptoki::error::{Error, RvError};

/// Why a call of the module failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The session, its login, the handles of it or the token are gone: new ones may do.
    #[error("{0}")]
    Lost(String),
    /// The token does not take the PIN. To repeat it could lock the token.
    #[error("it does not take the PIN ({0})")]
    Pin(String),
    /// It has as many sessions as it takes.
    #[error("it takes no more sessions")]
    Full,
    /// It has no such key.
    #[error("it has no key with the id that is stored for this zone")]
    NoKey,
    /// Anything else: to ask again would be answered in the same way.
    #[error("{0}")]
    Refused(String),
}

impl Fault {
    /// Whether a new session may do.
    pub(crate) const fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let Error::Pkcs11(code, _) = error else {
            return Self::Refused(text);
        };
        match code {
            RvError::CryptokiNotInitialized
            | RvError::DeviceError
            | RvError::DeviceMemory
            | RvError::DeviceRemoved
            | RvError::FunctionCanceled
            | RvError::FunctionFailed
            | RvError::GeneralError
            | RvError::HostMemory
            | RvError::KeyHandleInvalid
            | RvError::ObjectHandleInvalid
            | RvError::OperationActive
            | RvError::OperationNotInitialized
            | RvError::SessionClosed
            | RvError::SessionHandleInvalid
            | RvError::SlotIdInvalid
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::UserNotLoggedIn => Self::Lost(text),
            RvError::PinExpired
            | RvError::PinIncorrect
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::PinLocked
            | RvError::UserPinNotInitialized => Self::Pin(text),
            RvError::SessionCount => Self::Full,
            _ => Self::Refused(text),
        }
    }
}

impl From<Fault> for KeyStoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Lost(text) => Self::Away(text),
            Fault::Full => Self::Busy,
            Fault::Pin(_) | Fault::NoKey | Fault::Refused(_) => Self::Refused(fault.to_string()),
        }
    }
}
