//! `caracal allowlist`: who may sign in to the console.
//!
//! The console reads the file with every request, so a change needs no restart. A removed entry stays as a tombstone:
//! it tells the console to erase the account when it meets it.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::cli::Allowlist;
use crate::environment::Environment;
use crate::files;
use crate::home::Home;
use crate::output::answer;

/// What an entry means for whom it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Active,
    Locked,
    Removed,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Removed => "removed",
        }
    }
}

/// What an entry becomes, or why it stays.
type Change = fn(Option<Status>) -> Result<Status, &'static str>;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    emails: BTreeMap<String, Status>,
}

pub(crate) fn run(
    environment: &Environment,
    home: Option<&Path>,
    wanted: &Allowlist,
    json: bool,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(environment, home)?;
    let (entry, change): (&str, Change) = match wanted {
        Allowlist::List => return list(&home, json),
        Allowlist::Add { entry } => (entry, added),
        Allowlist::Remove { entry } => (entry, removed),
        Allowlist::Lock { entry } => (entry, locked),
        Allowlist::Unlock { entry } => (entry, unlocked),
    };
    let entry = normal(entry)?;
    let path = prepare(&home)?;
    // Two of us must not each write over the other's change.
    let guard = File::open(path.parent().unwrap_or(&path))?;
    guard.lock().context("cannot lock the allowlist")?;
    let mut document = read(&path)?;
    let before = document.emails.get(&entry).copied();
    let after = match change(before) {
        Ok(after) => after,
        Err(why) => bail!("{entry} {why}"),
    };
    if before != Some(after) {
        document.emails.insert(entry.clone(), after);
        let text = serde_json::to_string_pretty(&document)?;
        files::replace(&path, text.as_bytes(), 0o644)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let changed = before != Some(after);
    answer(&if json {
        serde_json::json!({ "entry": entry, "status": after, "changed": changed }).to_string()
    } else if changed {
        format!("{entry} is {}", after.word())
    } else {
        format!("{entry} was {} already", after.word())
    })?;
    Ok(Outcome::Good)
}

fn added(before: Option<Status>) -> Result<Status, &'static str> {
    match before {
        None | Some(Status::Removed | Status::Active) => Ok(Status::Active),
        Some(Status::Locked) => Err("is locked; unlock it instead"),
    }
}

fn removed(before: Option<Status>) -> Result<Status, &'static str> {
    before
        .map(|_| Status::Removed)
        .ok_or("is not on the allowlist, so there is nothing to remove")
}

fn locked(before: Option<Status>) -> Result<Status, &'static str> {
    present(before, Status::Locked)
}

fn unlocked(before: Option<Status>) -> Result<Status, &'static str> {
    present(before, Status::Active)
}

fn present(before: Option<Status>, after: Status) -> Result<Status, &'static str> {
    match before {
        Some(Status::Active | Status::Locked) => Ok(after),
        Some(Status::Removed) => Err("was removed; add it first"),
        None => Err("is not on the allowlist; add it first"),
    }
}

/// An address or `@domain` as it is compared.
fn normal(entry: &str) -> anyhow::Result<String> {
    let entry = entry.trim().to_lowercase();
    let well_formed = entry.split_once('@').is_some_and(|(_, domain)| {
        !domain.is_empty()
            && !domain.contains('@')
            && !entry.contains(|c: char| c.is_whitespace() || c.is_control())
    });
    if !well_formed {
        bail!("{entry:?} is neither an address such as ada@example.com nor a domain such as @example.com");
    }
    Ok(entry)
}

fn file(home: &Home) -> PathBuf {
    home.path().join("secrets/allowlist/operatorAllowlist.json")
}

/// Makes the directory: private above, open below, because a console in a container has another account.
fn prepare(home: &Home) -> anyhow::Result<PathBuf> {
    let path = file(home);
    let directory = path.parent().unwrap_or(&path);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.and_then(|()| fs::set_permissions(directory, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot make the directory {}", directory.display()))?;
    Ok(path)
}

/// What the file says. One that cannot be read or understood is an error: what is written next would lose it.
fn read(path: &Path) -> anyhow::Result<Document> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Document::default()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    serde_json::from_slice(&text).with_context(|| {
        format!(
            "{} is not an allowlist and was left as it is; mend or remove it",
            path.display()
        )
    })
}

fn list(home: &Home, json: bool) -> anyhow::Result<Outcome> {
    let document = read(&file(home))?;
    answer(&if json {
        serde_json::to_string(&document)?
    } else if document.emails.is_empty() {
        "the allowlist is empty: the console asks nobody whether they are on it".to_owned()
    } else {
        let width = document.emails.keys().map(String::len).max().unwrap_or(0).max(5);
        let rows = document.emails.iter();
        let rows = rows.map(|(entry, status)| format!("{entry:width$}  {}", status.word()));
        std::iter::once(format!("{:width$}  status", "email"))
            .chain(rows)
            .collect::<Vec<_>>()
            .join("\n")
    })?;
    Ok(Outcome::Good)
}
