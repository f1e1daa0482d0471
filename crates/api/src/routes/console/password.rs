//! Passwords of accounts: hashed and proved on a thread that may block, in the queue of the address they come from.

use caracal_core::Secret;
use caracal_service::{Refusal, limits::counted_address};
use caracal_storage::Account;
use caracal_wire::{ErrorCode, control::accounts::NewPassword};

use crate::call::Call;

/// Proved against when there is no password, so that the time of a refusal does not tell whether there is an account.
const OF_NOBODY: &str = "argon2id$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn overloaded() -> Refusal {
    Refusal::of(ErrorCode::Overloaded).describe("too many passwords are being proved, try again")
}

/// Whether the account has this password. It takes as long without an account.
pub(crate) async fn proves(call: &Call, account: Option<&Account>, presented: &str) -> Result<bool, Refusal> {
    let stored = account.and_then(|account| account.password.clone());
    let stored = stored.unwrap_or_else(|| OF_NOBODY.to_owned());
    let (hasher, presented) = (call.role.hasher.clone(), Secret::new(presented));
    let share = counted_address(call.peer);
    call.release_turn();
    match tokio::task::spawn_blocking(move || hasher.verify_in(&share, &stored, presented.expose())).await {
        Ok(Ok(proved)) => Ok(proved),
        Ok(Err(_)) | Err(_) => Err(overloaded()),
    }
}

/// What a password is stored as.
pub(crate) async fn stored(call: &Call, password: &NewPassword) -> Result<String, Refusal> {
    let (hasher, world) = (call.role.hasher.clone(), call.role.world.clone());
    let (secret, share) = (Secret::new(password.0.as_str()), counted_address(call.peer));
    call.release_turn();
    match tokio::task::spawn_blocking(move || hasher.hash_chosen_in(&share, &world, &secret)).await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(_)) | Err(_) => Err(overloaded()),
    }
}
