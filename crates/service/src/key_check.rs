//! Whether the key-encryption key is the one that the store was sealed with.
//!
//! With a wrong key nothing opens, and what is sealed in the meantime is lost once the right one is back. So the store
//! keeps, for each key it was ever sealed under, something that only this key opens ([`KeyCheck`]), and a process
//! compares before it writes anything. [`known`] compares alone; [`recorded`] also records the key of a first start
//! and of a rotation that begins.

use caracal_core::World;
use caracal_crypto::{KeyRing, Location};
use caracal_storage::{Access, Error, KeyCheck, Store};

/// What is sealed. Any text will do: envelopes are authenticated.
const TEXT: &[u8] = b"caracal key check v1";
/// Reads again when another process was first; each of them adds one key at most.
const ATTEMPTS: u32 = 8;

/// Why a process must not serve with its keys. The sentences are for the operator.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefused {
    /// Nothing in the store was sealed under the current key, nor under the previous one.
    #[error(
        "SECRET_STORE_KEK is key {given}, but this store was sealed under {known}; start with that key, or keep it as \
         SECRET_STORE_KEK_PREVIOUS to change to this one"
    )]
    Unknown {
        /// Id of the current key.
        given: String,
        /// Ids of the keys in use.
        known: String,
    },
    /// Values may be sealed under a key that is not there.
    #[error(
        "values are still sealed under key {missing}, which is neither SECRET_STORE_KEK nor \
         SECRET_STORE_KEK_PREVIOUS; add it as SECRET_STORE_KEK_PREVIOUS until `caracald secrets status` says that it \
         is not needed, or give those values up with `caracald secrets forget {missing}`"
    )]
    Needed {
        /// Its id.
        missing: String,
    },
    /// The key has the right id and opens nothing: the row or the envelope was changed.
    #[error("the check of key {0} was tampered with; restore the table key_checks from a backup")]
    Tampered(String),
    /// Sealing failed inside the library.
    #[error("the check of the key-encryption key could not be sealed")]
    SealFailed,
    /// The store did not answer, so nothing is known.
    #[error("the key-encryption key could not be compared with the store")]
    Storage(#[from] Error),
}

/// What is missing in a store whose keys are all here.
#[derive(Debug, PartialEq, Eq)]
enum Missing {
    Nothing,
    /// The current key is used for the first time.
    Current,
    /// The current key was retired, and is used again.
    CurrentRetired,
}

/// Compares the keys with what the store was sealed under, and writes nothing.
///
/// # Errors
/// [`KeyRefused`].
pub async fn known(store: &dyn Store, keys: &KeyRing) -> Result<(), KeyRefused> {
    let mut work = store.global(Access::Read).await?;
    let checks = work.key_checks().list().await?;
    compare(&checks, keys).map(|_| ())
}

/// As [`known`], and records the current key if it is used for the first time. Of processes that start at once with
/// different keys at an empty store, one wins and the others are refused.
///
/// # Errors
/// [`KeyRefused`].
pub async fn recorded(store: &dyn Store, keys: &KeyRing, world: &World) -> Result<(), KeyRefused> {
    let mut attempt = 1;
    loop {
        // Reading first: nothing is written, nor locked, where nothing is missing or the key is refused.
        let mut work = store.global(Access::Read).await?;
        let checks = work.key_checks().list().await?;
        drop(work);
        let missing = compare(&checks, keys)?;
        match record(store, keys, world, &checks, &missing).await {
            Err(KeyRefused::Storage(Error::Conflict { .. } | Error::Contended(_))) if attempt < ATTEMPTS => {
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Notes that nothing is sealed under the previous key any more, so that a start needs only the current one.
///
/// # Errors
/// As the storage.
pub async fn retire_previous(store: &dyn Store, keys: &KeyRing, world: &World) -> Result<(), Error> {
    let Some(previous) = keys.previous_id() else {
        return Ok(());
    };
    let mut work = store.global(Access::Read).await?;
    let checks = work.key_checks().list().await?;
    drop(work);
    if checks
        .iter()
        .any(|check| check.key_id == previous && check.retired_at.is_none())
    {
        retire(store, &previous, world).await?;
    }
    Ok(())
}

/// Notes that nothing that matters is sealed under a key. `false` when the store does not know the key.
///
/// # Errors
/// As the storage.
pub async fn retire(store: &dyn Store, key_id: &str, world: &World) -> Result<bool, Error> {
    let mut work = store.global(Access::Write).await?;
    let found = work.key_checks().set_retired(key_id, Some(world.now())).await?;
    work.commit().await?;
    Ok(found)
}

async fn record(
    store: &dyn Store,
    keys: &KeyRing,
    world: &World,
    checks: &[KeyCheck],
    missing: &Missing,
) -> Result<(), KeyRefused> {
    if *missing == Missing::Nothing {
        return Ok(());
    }
    let key_id = keys.current_id();
    let mut work = store.global(Access::Write).await?;
    if *missing == Missing::CurrentRetired {
        work.key_checks().set_retired(&key_id, None).await?;
    } else {
        let envelope = keys.seal(world, &Location::KEY_CHECK, TEXT);
        let check = KeyCheck {
            position: i64::try_from(checks.len()).unwrap_or(i64::MAX).saturating_add(1),
            key_id,
            envelope: envelope.map_err(|_| KeyRefused::SealFailed)?,
            created_at: world.now(),
            retired_at: None,
        };
        work.key_checks().create(&check).await?;
    }
    Ok(work.commit().await?)
}

fn compare(checks: &[KeyCheck], keys: &KeyRing) -> Result<Missing, KeyRefused> {
    let (current, previous) = (keys.current_id(), keys.previous_id());
    let is_here = |check: &&KeyCheck| check.key_id == current || Some(&check.key_id) == previous.as_ref();
    for check in checks.iter().filter(is_here) {
        let opened = keys.open(&Location::KEY_CHECK, &check.envelope);
        if !opened.is_ok_and(|text| text.as_slice() == TEXT) {
            return Err(KeyRefused::Tampered(check.key_id.clone()));
        }
    }
    let mut in_use = checks
        .iter()
        .filter(|check| check.retired_at.is_none())
        .peekable();
    if in_use.peek().is_some() && !in_use.clone().any(|check| is_here(&check)) {
        let known: Vec<_> = in_use.map(|check| format!("key {}", check.key_id)).collect();
        return Err(KeyRefused::Unknown {
            given: current,
            known: known.join(" and "),
        });
    }
    if let Some(check) = in_use.find(|check| !is_here(check)) {
        return Err(KeyRefused::Needed {
            missing: check.key_id.clone(),
        });
    }
    Ok(match checks.iter().find(|check| check.key_id == current) {
        None => Missing::Current,
        Some(check) if check.retired_at.is_some() => Missing::CurrentRetired,
        Some(_) => Missing::Nothing,
    })
}

#[cfg(test)]
mod tests;
