//! Which stack of containers a home has: what `up --runtime` and `up --compose` started with Docker Compose.
//!
//! A home has an embedded stack or one of containers, never both. `<home>/containers.json` says which, so that `down`,
//! `status` and `logs` need no flag.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::files;
use crate::hint::Hint;
use crate::home::Home;

/// Which of the two Compose files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Images of a release, secrets in the home.
    Runtime,
    /// Images built from a checkout.
    Development,
}

impl Kind {
    /// The command that starts it.
    pub(crate) const fn up(self) -> &'static str {
        match self {
            Self::Runtime => "up --runtime",
            Self::Development => "up --compose",
        }
    }
}

/// The stack of a home, as it was started last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Containers {
    pub(crate) kind: Kind,
    /// The Compose file.
    pub(crate) file: PathBuf,
    /// What its variables were set to by us, so that Compose reads the file again as it did.
    pub(crate) variables: BTreeMap<String, String>,
}

impl Containers {
    fn path(home: &Home) -> PathBuf {
        home.path().join("containers.json")
    }

    /// The stack of this home, if it has one of containers.
    ///
    /// # Errors
    /// When the record is there and cannot be read: which kind of home this is must not be guessed.
    pub(crate) fn of(home: &Home) -> anyhow::Result<Option<Self>> {
        let path = Self::path(home);
        match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map(Some).with_context(|| {
                format!(
                    "{} does not say which stack of containers this home has; remove it if it has none",
                    path.display()
                )
            }),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    pub(crate) fn record(&self, home: &Home) -> anyhow::Result<()> {
        let path = Self::path(home);
        files::replace(&path, serde_json::to_string(self)?.as_bytes(), 0o600)
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The home of an embedded stack, once the environment has what its operator's file says. `what` and `instead` as in
/// [`refuse`].
///
/// # Errors
/// As [`refuse`], or where the file cannot be read.
pub(crate) fn embedded_home(
    environment: &mut Environment,
    home: Option<&Path>,
    what: &str,
    instead: &str,
) -> anyhow::Result<Home> {
    let home = Home::locate(environment, home)?;
    environment.fill_from_operator_file(home.path())?;
    refuse(environment, &home, what, instead)?;
    Ok(home)
}

/// Refuses what is for embedded stacks alone where the home has one of containers. `instead` says what to do.
///
/// # Errors
/// One sentence.
pub(crate) fn refuse(
    environment: &Environment,
    home: &Home,
    what: &str,
    instead: &str,
) -> anyhow::Result<()> {
    let Some(containers) = Containers::of(home)? else {
        return Ok(());
    };
    bail!(
        "{what} is for a stack without containers, and {} has one that {} started: {}",
        home.path().display(),
        Hint::new(environment, home).command(containers.kind.up()),
        instead.replace("FILE", &containers.file.display().to_string())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_cannot_be_read_is_an_error_and_none_is_no_containers() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        assert!(Containers::of(&home).unwrap().is_none());
        std::fs::write(Containers::path(&home), "{").unwrap();
        assert!(Containers::of(&home).is_err());
        let written = Containers {
            kind: Kind::Runtime,
            file: home.path().join("compose.yml"),
            variables: BTreeMap::from([("CARACAL_VERSION".to_owned(), "1.0.0".to_owned())]),
        };
        written.record(&home).unwrap();
        let read = Containers::of(&home).unwrap().unwrap();
        assert_eq!((read.kind, read.variables), (Kind::Runtime, written.variables));
    }
}
