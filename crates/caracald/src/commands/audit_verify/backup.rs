//! `caracald audit verify --backup`: the ledger in a backup of `caracal backup`.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read},
    os::unix::fs::OpenOptionsExt as _,
    path::{Component, Path},
};

use anyhow::{Context as _, bail};
use caracal_crypto::{AGE_MAGIC, AgeIdentity, AgeReader};
use caracal_service::config::Settings;
use tempfile::TempDir;

use crate::config::{Backend, Config};

/// What of a backup is read: its database, and the keys of the ends of logs.
const DATABASE: &str = "caracal.db";
const KEYS: &str = "secrets/auditHmacKey";

/// A backup that was unpacked beside it; it is removed with this.
pub(super) struct Unpacked(TempDir);

impl Unpacked {
    /// Unpacks what is needed of the backup at `path`, which `identity` opens if it is encrypted.
    pub(super) fn open(path: &Path, identity: Option<&Path>) -> anyhow::Result<Self> {
        let named = || format!("--backup: {}", path.display());
        let content = decrypted(path, identity)?;
        let beside = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = tempfile::Builder::new()
            .prefix(".caracal-verify-")
            .tempdir_in(beside.unwrap_or(Path::new(".")))
            .context("--backup: there is no place beside it to unpack it")?;
        unpack(content, directory.path()).with_context(named)?;
        anyhow::ensure!(
            directory.path().join(DATABASE).exists(),
            "--backup: {} is no backup of `caracal backup`",
            path.display()
        );
        Ok(Self(directory))
    }

    /// The configuration that reads it. Keys that the environment has count before those of the backup.
    pub(super) fn config(&self) -> anyhow::Result<Config> {
        let home = self.0.path().display().to_string();
        let alone = [
            ("CARACAL_MODE", "dev"),
            ("CARACAL_STORAGE", "embedded"),
            ("CARACAL_HOME", home.as_str()),
        ];
        let alone = alone.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut config = match Config::read(Settings::from_process(), &[]) {
            Ok(config) => config,
            // Without a deployment there is no configuration, and none is needed.
            Err(_) => Config::read(Settings::new(alone), &[])?,
        };
        config.backend = Backend::Embedded;
        self.0.path().clone_into(&mut config.home);
        Ok(config)
    }
}

/// What is in the file at `path`.
fn decrypted(path: &Path, identity: Option<&Path>) -> anyhow::Result<Box<dyn Read>> {
    let shown = path.display();
    let named = || format!("--backup: {shown}");
    let mut file = BufReader::new(File::open(path).with_context(named)?);
    let encrypted = file.fill_buf().with_context(named)?.starts_with(AGE_MAGIC);
    Ok(match (identity, encrypted) {
        (None, false) => Box::new(file),
        (None, true) => {
            bail!("--backup: {shown} is encrypted; name the file with the key that opens it by --identity")
        }
        // Somebody may have put another one in its place.
        (Some(_), false) => {
            bail!("--backup: {shown} is not encrypted, and a key that opens it was named")
        }
        (Some(identity), true) => {
            let named_too = || format!("--identity: {}", identity.display());
            let identities = File::open(identity).with_context(named_too)?;
            let identities = AgeIdentity::read_file(identities).with_context(named_too)?;
            Box::new(AgeReader::open(file, &identities).with_context(named)?)
        }
    })
}

fn unpack(content: Box<dyn Read>, directory: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(content);
    for member in archive.entries()? {
        let mut member = member?;
        let name = member.path()?.into_owned();
        // Nothing else is written, wherever the archive comes from.
        let plain = name
            .components()
            .all(|component| matches!(component, Component::Normal(_)));
        let is_key = name.to_str().is_some_and(|name| name.starts_with(KEYS));
        let wanted = is_key || name == Path::new(DATABASE);
        if !plain || !wanted || member.header().entry_type() != tar::EntryType::Regular {
            continue;
        }
        let target = directory.join(&name);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        // A name that comes twice means its last content.
        let mut out = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(target)?;
        io::copy(&mut member, &mut out)?;
    }
    // An encrypted file is whole only once its last chunk was authenticated, which lies behind the end of the archive.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(())
}

#[cfg(test)]
mod tests;
