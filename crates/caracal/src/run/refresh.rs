//! Keeping credentials fresh while the program runs.
//!
//! An environment cannot change, so they are written to a file that is replaced as a whole before they end. The program
//! finds its path in [`VARIABLE`]: `{"NAME":{"value":"…","expires_at":1750000000}}`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::credentials::{Binding, Credential, Launcher};
use crate::clock;
use crate::files;
use crate::output::note;

/// Where the program finds the path of the file.
pub(super) const VARIABLE: &str = "CARACAL_CREDENTIALS_FILE";
/// Shortest pause between two rounds, also after one that failed.
const LEAST: Duration = Duration::from_secs(1);
/// Longest pause; what says no end is asked for again all the same, so that a rotated key arrives.
const MOST: Duration = Duration::from_mins(5);

/// What the file says of one variable.
#[derive(Serialize)]
struct Entry<'a> {
    value: &'a str,
    expires_at: Option<i64>,
}

pub(super) fn write(file: &Path, minted: &BTreeMap<String, Credential>) -> io::Result<()> {
    let entries = minted.iter().map(|(name, credential)| {
        let entry = Entry {
            value: &credential.value,
            expires_at: credential.expires_at,
        };
        (name.as_str(), entry)
    });
    let document: BTreeMap<&str, Entry<'_>> = entries.collect();
    let text = zeroize::Zeroizing::new(serde_json::to_vec(&document)?);
    files::replace(file, &text, 0o600)
}

/// Asks again before the first of them ends, for as long as it is polled.
pub(super) async fn keep(
    launcher: &Launcher,
    bindings: &[Binding],
    mut minted: BTreeMap<String, Credential>,
    file: &Path,
) -> Infallible {
    loop {
        tokio::time::sleep(pause(&minted)).await;
        // A failure was told by whoever met it; what there is stays until it ends, and is then asked for again.
        if let Ok(fresh) = launcher.credentials(bindings).await {
            minted = fresh;
            if let Err(error) = write(file, &minted) {
                note(&format!("cannot write {}: {error}", file.display()));
            }
        }
    }
}

/// Four fifths of the shortest life that is left.
fn pause(minted: &BTreeMap<String, Credential>) -> Duration {
    let now = clock::now();
    minted
        .values()
        .filter_map(|credential| u64::try_from(credential.expires_at?).ok())
        .map(|end| Duration::from_secs(end).saturating_sub(now) * 4 / 5)
        .min()
        .unwrap_or(MOST)
        .clamp(LEAST, MOST)
}
