//! `caracal restore`.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Serialize;

use crate::Outcome;
use crate::archive::{self, DATABASE, EPOCH, FORMAT, MANIFEST, Manifest};
use crate::cli::Restore;
use crate::containers;
use crate::daemon;
use crate::encryption::Opener;
use crate::environment::Environment;
use crate::files::{self, TemporaryPath};
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::lock::{Attempt, Lock};
use crate::marker;
use crate::output::{answer, note};
use crate::progress::Progress;
use crate::version::VERSION;

/// What was restored, for programs.
#[derive(Serialize)]
struct Restored<'a> {
    home: &'a Path,
    files: usize,
    version: &'a str,
    created_at: &'a str,
    dry_run: bool,
}

pub(crate) fn run(
    mut environment: Environment,
    home: Option<&Path>,
    options: &Restore,
    json: bool,
) -> anyhow::Result<Outcome> {
    let instead = "restore its PostgreSQL and its secrets";
    let home = containers::embedded_home(&mut environment, home, "`restore`", instead)?;
    let caracald = daemon::find(&environment)?;
    let opener = Opener::of(options.identity.as_deref())?;
    if let Some(holder) = Lock::holder(&home)? {
        bail!(
            "caracald (pid {}) runs with the state in {}; a restore goes into an empty directory, \
             so choose another --home",
            holder.pid,
            home.path().display()
        );
    }
    refuse_state(&home)?;
    let interrupt = Interrupt::watch()?;
    home.prepare(&environment)?;
    // Nobody starts in the middle.
    let Attempt::Taken(lock, _) = Lock::attempt(&home)? else {
        bail!(
            "another caracal is just starting or stopping with the state in {}",
            home.path().display()
        );
    };
    refuse_state(&home)?;
    let staged = TemporaryPath(home.path().join(format!(".restore-{}", std::process::id())));
    let unpacked = unpack(&options.file, &staged.0, &opener, &interrupt).and_then(|manifest| {
        note("verifying the ledger of the copy");
        verify(&caracald, &environment, &staged.0, &interrupt)?;
        Ok(manifest)
    });
    // Asked first: an interrupt makes either step fail, and that is no fault of the backup.
    if interrupt.is_asked() {
        note("interrupted; nothing was restored");
        return Ok(Outcome::Interrupted);
    }
    let manifest = unpacked?;
    if !options.dry_run {
        let mut names = Vec::new();
        for entry in fs::read_dir(&staged.0)? {
            names.push(entry?.file_name());
        }
        // The database last: a directory without one holds no state, whatever else was begun.
        names.sort_by_key(|name| name == DATABASE);
        for name in names {
            fs::rename(staged.0.join(&name), home.path().join(&name))
                .with_context(|| format!("cannot put {} in place", name.display()))?;
        }
        File::open(home.path())?.sync_all()?;
    }
    drop(lock);
    answer(&if json {
        let restored = Restored {
            home: home.path(),
            files: manifest.files.len(),
            version: &manifest.version,
            created_at: &manifest.created_at,
            dry_run: options.dry_run,
        };
        serde_json::to_string(&restored)?
    } else {
        format!(
            "{} the backup of {} (caracal {}, {} files, verified){}",
            if options.dry_run {
                "could restore"
            } else {
                "restored"
            },
            manifest.created_at,
            manifest.version,
            manifest.files.len(),
            if options.dry_run {
                String::new()
            } else {
                format!(" into {}", home.path().display())
            }
        )
    })?;
    Ok(Outcome::Good)
}

/// A restore never writes over state: there may be no second copy of it.
fn refuse_state(home: &Home) -> anyhow::Result<()> {
    for name in [DATABASE, "secrets"] {
        let path = home.path().join(name);
        if path.symlink_metadata().is_ok() {
            bail!(
                "there is state in {} already ({}); choose an empty --home, or purge this one first",
                home.path().display(),
                path.display()
            );
        }
    }
    Ok(())
}

/// Unpacks the archive into `directory`, which must not exist, and checks every digest.
///
/// # Errors
/// One sentence with what is wrong with the archive; also when it was interrupted.
pub(crate) fn unpack(
    archive: &Path,
    directory: &Path,
    opener: &Opener,
    interrupt: &Interrupt,
) -> anyhow::Result<Manifest> {
    let shown = archive.display();
    opener.check(archive, interrupt)?;
    let progress = Progress::of_bytes("unpacking", files::size(archive));
    let opened = opener.read(archive, &progress, interrupt)?;
    let not_whole = || format!("{shown} is not a whole backup");
    make(directory)?;
    let mut digests = BTreeMap::new();
    let mut manifest = None;
    let mut members = tar::Archive::new(opened);
    for member in members.entries().with_context(not_whole)? {
        let mut member = member.with_context(not_whole)?;
        let name = member.path().with_context(not_whole)?.into_owned();
        if name == Path::new(MANIFEST) {
            let mut text = Vec::new();
            member.read_to_end(&mut text).with_context(not_whole)?;
            manifest = Some(serde_json::from_slice::<Manifest>(&text).with_context(not_whole)?);
            continue;
        }
        if !member.header().entry_type().is_file() || !archive::is_known(&name) {
            bail!("{shown} holds {}, which no backup of ours does", name.display());
        }
        let path = directory.join(&name);
        if let Some(parent) = path.parent() {
            make(parent)?;
        }
        let mut out = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        let mut part = vec![0; 1 << 20];
        loop {
            let count = member.read(&mut part).with_context(not_whole)?;
            let Some(read) = part.get(..count).filter(|read| !read.is_empty()) else {
                break;
            };
            context.update(read);
            out.write_all(read)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        out.sync_all()?;
        digests.insert(
            name.to_string_lossy().into_owned(),
            archive::hex(&context.finish()),
        );
    }
    let manifest = manifest.with_context(not_whole)?;
    if manifest.format != FORMAT || marker::compare(&manifest.version, VERSION) == Ordering::Greater {
        bail!(
            "{shown} was made by caracal {}, which is newer than this {VERSION}: install {} or newer",
            manifest.version,
            manifest.version
        );
    }
    if manifest.files != digests {
        let differs = manifest
            .files
            .iter()
            .find(|(name, digest)| digests.get(*name) != Some(digest))
            .map(|(name, _)| name.as_str())
            .or_else(|| {
                digests
                    .keys()
                    .map(String::as_str)
                    .find(|name| !manifest.files.contains_key(*name))
            });
        bail!(
            "{shown} is damaged: {} is not what was backed up",
            differs.unwrap_or_default()
        );
    }
    // Mandates may have been used after the backup. A memory under another name refuses all that were minted before.
    let epoch = directory.join(EPOCH);
    make(epoch.parent().unwrap_or(directory))?;
    fs::write(&epoch, "restored\n")?;
    Ok(manifest)
}

fn make(directory: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .with_context(|| format!("cannot make the directory {}", directory.display()))
}

/// Recomputes the ledger of an unpacked backup.
///
/// # Errors
/// What does not hold; also when it was interrupted.
pub(crate) fn verify(
    caracald: &Path,
    environment: &Environment,
    directory: &Path,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    let staged = Home::at(directory);
    let _progress = Progress::of_unknown("verifying");
    daemon::ask_at_length(
        caracald,
        environment,
        &staged,
        &["audit", "verify"].map(OsStr::new),
        interrupt,
        || {},
    )
    .context("the ledger of the copy does not hold")?;
    Ok(())
}
