//! `<home>/runtime.json`: which version used the state last.
//!
//! Newer versions may have written what older ones misread, so an older one refuses the state. Older state is brought
//! up to date by the daemon itself.

use std::cmp::Ordering;
use std::io::ErrorKind;

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::files;
use crate::home::Home;
use crate::version::VERSION;

#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    version: String,
    #[serde(rename = "updatedAt")]
    updated_at: String,
}

/// The version that used the state last; nothing where nobody says.
pub(crate) fn version(home: &Home) -> anyhow::Result<Option<String>> {
    let path = home.marker_file();
    match std::fs::read(&path) {
        // A marker that nobody can read says nothing; the database has a version of its own.
        Ok(text) => Ok(serde_json::from_slice::<Marker>(&text)
            .ok()
            .map(|marker| marker.version)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Refuses state that a newer version used.
pub(crate) fn check(home: &Home) -> anyhow::Result<()> {
    let Some(last) = version(home)? else {
        return Ok(());
    };
    if compare(&last, VERSION) == Ordering::Greater {
        bail!(
            "the state in {} was used by caracal {last}, which is newer than this {VERSION}: install {last} or newer, \
             or remove {} if you know that the state fits",
            home.path().display(),
            home.marker_file().display()
        );
    }
    Ok(())
}

/// Says that this version uses the state from here on.
pub(crate) fn write(home: &Home) -> anyhow::Result<()> {
    let marker = Marker {
        version: VERSION.to_owned(),
        updated_at: clock::rfc3339(clock::now()),
    };
    let path = home.marker_file();
    files::replace(&path, serde_json::to_string(&marker)?.as_bytes(), 0o600)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Which of two versions is newer: by their dotted numbers, and before a release its `-rc.N` in their order.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    key(one).cmp(&key(other))
}

fn key(version: &str) -> (Vec<u64>, u64) {
    let (release, candidate) = match version.trim_start_matches('v').split_once("-rc.") {
        Some((release, candidate)) => (release, candidate.parse().unwrap_or(0)),
        None => (version.trim_start_matches('v'), u64::MAX),
    };
    // Whatever else follows (`-dev.sha1234`) is a build of the same version.
    let release = release.split('-').next().unwrap_or_default();
    let numbers = release.split('.').map(|part| part.parse().unwrap_or(0)).collect();
    (numbers, candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_come_before_their_release_and_numbers_count_as_numbers() {
        for (older, newer) in [
            ("0.9.0", "0.10.0"),
            ("1.0.0-rc.2", "1.0.0-rc.10"),
            ("1.0.0-rc.10", "1.0.0"),
            ("1.0.0", "v1.0.1-rc.1"),
        ] {
            assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
            assert_eq!(compare(newer, older), Ordering::Greater, "{older} {newer}");
        }
        assert_eq!(compare("1.0.0-dev.shaabc", "1.0.0"), Ordering::Equal);
    }
}
