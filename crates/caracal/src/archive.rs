//! What a backup holds, and in which order.
//!
//! A tar file: the files of the state directory under their own names, then `manifest.json` with the digest of each.
//!
//! Evidence moves from the spool to the database and is then removed from the spool. So the spool is copied before the
//! database, and what grew meanwhile once more after it: what is on its way is in one or in both, and the ledger ignores
//! the second. A name that comes twice means its last content.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

/// Form of the archive.
pub(crate) const FORMAT: u32 = 1;
/// Its last member.
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const DATABASE: &str = "caracal.db";
pub(crate) const SPOOL: &str = "audit-spool";
/// What is copied before the database, besides the spool.
pub(crate) const OTHERS: [&str; 6] = [
    "secrets",
    "caracal.env",
    "runtime.json",
    "checkpoints",
    "dead-letters",
    "replay",
];
/// The file that names the memory of used mandates.
pub(crate) const EPOCH: &str = "replay/epoch";

/// What vouches for an archive being whole.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// Of the caracal that made it.
    pub(crate) version: String,
    pub(crate) created_at: String,
    /// SHA-256 in hex by name.
    pub(crate) files: BTreeMap<String, String>,
}

/// Whether a file of the state directory belongs into a backup: locks and reserved room do not, and the name of the
/// memory of used mandates is not a copy's to bear.
pub(crate) fn belongs(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name != EPOCH && !(name.starts_with(SPOOL) && (last == "lock" || last == "reserve"))
}

/// Whether `name` is one that a backup has: nothing else is written, wherever an archive comes from.
pub(crate) fn is_known(name: &Path) -> bool {
    let plain = name
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    let first = name.components().next().map(Component::as_os_str);
    let known = [DATABASE, SPOOL].into_iter().chain(OTHERS);
    plain
        && first.is_some_and(|first| known.into_iter().any(|known| first == known))
        && name.to_str().is_some_and(belongs)
}

pub(crate) fn digest(bytes: &[u8]) -> aws_lc_rs::digest::Digest {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)
}

pub(crate) fn hex(digest: &aws_lc_rs::digest::Digest) -> String {
    use std::fmt::Write as _;
    digest.as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_a_state_directory_are_taken_from_an_archive() {
        for name in [
            "caracal.db",
            "secrets/auditHmacKey",
            "audit-spool/caracald/position",
        ] {
            assert!(is_known(Path::new(name)), "{name}");
        }
        for name in [
            "",
            "/etc/passwd",
            "../secrets/x",
            "secrets/../../x",
            "./caracal.db",
            ".lock",
            "endpoints.json",
            "replay/epoch",
            "audit-spool/caracald/lock",
        ] {
            assert!(!is_known(Path::new(name)), "{name}");
        }
    }
}
