//! What browsers and clients keep for us: sealed, so that they can neither read it nor make any, and each for one step.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_crypto::Location;
use caracal_service::Refusal;
use serde::{Serialize, de::DeserializeOwned};

use crate::{StsDeps, authenticate::unavailable};

/// Longest sealed text that is read.
const MAX_BYTES: usize = 6 * 1024;

/// What is sealed, and for which step.
pub(super) trait Step: Serialize + DeserializeOwned {
    /// Opens nowhere else.
    const NAME: &'static str;
}

/// Seals `value`.
///
/// # Errors
/// 503, which no input causes.
pub(super) fn seal<S: Step>(deps: &StsDeps, value: &S) -> Result<String, Refusal> {
    let plain = serde_json::to_vec(value).map_err(|_| unavailable())?;
    let sealed = deps
        .keyring
        .seal(&deps.world, &Location::sign_in(S::NAME), &plain);
    Ok(URL_SAFE_NO_PAD.encode(sealed.map_err(|_| unavailable())?))
}

/// What was sealed for this step; nothing of what was not made here.
pub(super) fn open<S: Step>(deps: &StsDeps, text: &str) -> Option<S> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let envelope = URL_SAFE_NO_PAD.decode(text).ok()?;
    let plain = deps.keyring.open(&Location::sign_in(S::NAME), &envelope).ok()?;
    serde_json::from_slice(&plain).ok()
}
