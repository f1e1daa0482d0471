//! `caracal backup`.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use caracal_crypto::AgeRecipient;
use serde::Serialize;

use crate::Outcome;
use crate::archive::{self, DATABASE, FORMAT, MANIFEST, Manifest, OTHERS, SPOOL};
use crate::cli::Backup;
use crate::clock;
use crate::containers;
use crate::daemon;
use crate::encryption::{self, Opener, Sink};
use crate::environment::Environment;
use crate::files::{self, TemporaryPath};
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::output::{answer, note};
use crate::progress::{Progress, Watched};
use crate::restore;
use crate::stores::readable;
use crate::version::VERSION;

/// Variable that puts the spool elsewhere.
const SPOOL_VARIABLE: &str = "AUDIT_REPLAY_DIR";

/// What was written, for programs.
#[derive(Serialize)]
struct WrittenBackup<'a> {
    file: &'a Path,
    bytes: u64,
    verified: bool,
    encrypted: bool,
}

pub(crate) fn run(
    mut environment: Environment,
    home: Option<&Path>,
    options: &Backup,
    json: bool,
) -> anyhow::Result<Outcome> {
    let instead = "back up its PostgreSQL, secrets and the checkpoints";
    let home = containers::embedded_home(&mut environment, home, "`backup`", instead)?;
    let caracald = daemon::find(&environment)?;
    let recipients = encryption::recipients(&environment, &options.recipients)?;
    let ending = if recipients.is_empty() { "tar" } else { "tar.age" };
    let default = || PathBuf::from(format!("caracal-backup-{}.{ending}", clock::stamp(clock::now())));
    let target = std::path::absolute(options.file.clone().unwrap_or_else(default))?;
    if !home.path().join(DATABASE).exists() {
        bail!("there is no state in {} to back up", home.path().display());
    }
    if target.symlink_metadata().is_ok() {
        bail!("{} exists already; choose another name", target.display());
    }
    let interrupt = Interrupt::watch()?;
    let written = write(&caracald, &environment, &home, &target, &recipients, &interrupt);
    if interrupt.is_asked() {
        if written.is_ok() {
            return given_up(&target);
        }
        // Not written, so what may be there by now is somebody else's.
        note("interrupted; no backup was made");
        return Ok(Outcome::Interrupted);
    }
    let opener = written?;
    if !options.no_verify {
        note("restoring the copy beside it to verify it");
        let staged = passing(&home, &target, &recipients, "verify");
        let verified = restore::unpack(&target, &staged.0, &opener, &interrupt)
            .and_then(|_| restore::verify(&caracald, &environment, &staged.0, &interrupt));
        if interrupt.is_asked() {
            return given_up(&target);
        }
        verified.with_context(|| format!("{} was written but cannot be relied on", target.display()))?;
    }
    let bytes = fs::metadata(&target)?.len();
    answer(&if json {
        let made = WrittenBackup {
            file: &target,
            bytes,
            verified: !options.no_verify,
            encrypted: !recipients.is_empty(),
        };
        serde_json::to_string(&made)?
    } else {
        format!(
            "{} ({}{}): {}",
            target.display(),
            readable(bytes),
            if options.no_verify { "" } else { ", verified" },
            if recipients.is_empty() {
                "it holds the keys of this stack, so keep it as you keep those"
            } else {
                "encrypted, so without the secret key of a recipient it is lost"
            }
        )
    })?;
    Ok(Outcome::Good)
}

/// Leaves nothing behind that could be taken for a backup.
fn given_up(target: &Path) -> anyhow::Result<Outcome> {
    files::remove(target).with_context(|| format!("cannot remove {}", target.display()))?;
    note("interrupted; no backup was made");
    Ok(Outcome::Interrupted)
}

/// A path for something passing, in the directory of `target`: the same disk, the same privacy.
fn beside(target: &Path, what: &str) -> TemporaryPath {
    let mut name = target.as_os_str().to_owned();
    name.push(format!(".{}.{what}", std::process::id()));
    TemporaryPath(name.into())
}

/// A path for something passing that is not encrypted. What is to be encrypted never lies beside `target` as it is: that disk may
/// be another's. The state directory holds the same already.
fn passing(home: &Home, target: &Path, recipients: &[AgeRecipient], what: &str) -> TemporaryPath {
    if recipients.is_empty() {
        return beside(target, what);
    }
    TemporaryPath(home.path().join(format!(".backup-{}.{what}", std::process::id())))
}

/// Writes the archive to `target`, which is there whole or not at all; gives what opens it.
pub(crate) fn write(
    caracald: &Path,
    environment: &Environment,
    home: &Home,
    target: &Path,
    recipients: &[AgeRecipient],
    interrupt: &Interrupt,
) -> anyhow::Result<Opener> {
    let shown = target.display();
    let part = beside(target, "part");
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&part.0)
        .with_context(|| format!("cannot write {shown}"))?;
    let mut archive = Archive {
        builder: tar::Builder::new(
            Sink::new(file, recipients).with_context(|| format!("cannot write {shown}"))?,
        ),
        digests: BTreeMap::new(),
        interrupt,
    };
    let spool = environment
        .get(SPOOL_VARIABLE)
        .map_or_else(|| home.spool_directory(), PathBuf::from);
    for name in OTHERS {
        archive.add(&home.path().join(name), name)?;
    }
    archive.add(&spool, SPOOL)?;

    note("copying the database");
    // In a directory of its own: what the copy needs beside it, also where it is ended half way, goes with it.
    let copies = passing(home, target, recipients, "copy");
    DirBuilder::new()
        .mode(0o700)
        .create(&copies.0)
        .with_context(|| format!("cannot make the directory {}", copies.0.display()))?;
    let database = copies.0.join(DATABASE);
    let progress = Progress::of_bytes("copying", files::size(&home.path().join(DATABASE)));
    daemon::ask_at_length(
        caracald,
        environment,
        home,
        &["copy-database".as_ref(), database.as_os_str()],
        interrupt,
        || progress.set(files::size(&database)),
    )?;
    drop(progress);
    archive.add(&database, DATABASE)?;
    // What came meanwhile; where it had been drained to stays as of before.
    archive.add_changed(&spool)?;

    let manifest = Manifest {
        format: FORMAT,
        version: VERSION.to_owned(),
        created_at: clock::rfc3339(clock::now()),
        files: std::mem::take(&mut archive.digests),
    };
    archive.append(MANIFEST, &serde_json::to_vec(&manifest)?)?;
    let opener = archive
        .builder
        .into_inner()
        .and_then(Sink::finish)
        .with_context(|| format!("cannot write {shown}"))?;
    fs::rename(&part.0, target).with_context(|| format!("cannot write {shown}"))?;
    Ok(opener)
}

struct Archive<'a, W: Write> {
    builder: tar::Builder<W>,
    digests: BTreeMap<String, String>,
    interrupt: &'a Interrupt,
}

impl<W: Write> Archive<'_, W> {
    /// Adds a file, or all below a directory in the order of their names; what is not there, or no longer, is passed over.
    fn add(&mut self, path: &Path, name: &str) -> anyhow::Result<()> {
        let cannot = || format!("cannot read {}", path.display());
        let found = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            found => found.with_context(cannot)?,
        };
        if found.is_dir() {
            let mut below = Vec::new();
            for entry in fs::read_dir(path).with_context(cannot)? {
                below.push(entry?.file_name());
            }
            below.sort();
            for entry in below {
                let Some(entry) = entry.to_str() else { continue };
                self.add(&path.join(entry), &format!("{name}/{entry}"))?;
            }
            return Ok(());
        }
        if !found.is_file() || !archive::belongs(name) {
            return Ok(());
        }
        if name == DATABASE {
            return self.add_large(path, name);
        }
        // Whole, because it may grow meanwhile and the archive says its size first.
        match fs::read(path) {
            Ok(content) => self.append(name, &content),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error).with_context(cannot),
        }
    }

    /// Adds the segments of the spool once more that are not as they were.
    fn add_changed(&mut self, spool: &Path) -> anyhow::Result<()> {
        let entries = match fs::read_dir(spool) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for writer in entries {
            let writer = writer?;
            let Ok(writer_name) = writer.file_name().into_string() else {
                continue;
            };
            let mut segments: Vec<PathBuf> = fs::read_dir(writer.path())?
                .flatten()
                .map(|segment| segment.path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "spool"))
                .collect();
            segments.sort();
            for segment in segments {
                let Some(last) = segment.file_name().and_then(|name| name.to_str()) else {
                    continue;
                };
                let name = format!("{SPOOL}/{writer_name}/{last}");
                match fs::read(&segment) {
                    Ok(content)
                        if self.digests.get(&name) != Some(&archive::hex(&archive::digest(&content))) =>
                    {
                        self.append(&name, &content)?;
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => {
                        return Err(error).with_context(|| format!("cannot read {}", segment.display()));
                    }
                }
            }
        }
        Ok(())
    }

    fn append(&mut self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        self.digests
            .insert(name.to_owned(), archive::hex(&archive::digest(content)));
        self.member(name, content.len() as u64, content)
    }

    /// A file that nobody writes any more, of any size.
    fn add_large(&mut self, path: &Path, name: &str) -> anyhow::Result<()> {
        let mut file = File::open(path)?;
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        let mut part = vec![0; 1 << 20];
        let mut size = 0_u64;
        // It is read twice: the archive has its digest, and its size before its content.
        let progress = Progress::of_bytes("writing", files::size(path) * 2);
        let interrupt = self.interrupt;
        let mut first = Watched::new(&mut file, &progress, interrupt);
        loop {
            let count = first.read(&mut part)?;
            let Some(read) = part.get(..count).filter(|read| !read.is_empty()) else {
                break;
            };
            context.update(read);
            size += read.len() as u64;
        }
        self.digests
            .insert(name.to_owned(), archive::hex(&context.finish()));
        file.rewind()?;
        self.member(name, size, Watched::new(file, &progress, interrupt).take(size))
    }

    fn member(&mut self, name: &str, size: u64, content: impl std::io::Read) -> anyhow::Result<()> {
        self.go_on()?;
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(clock::now().as_secs());
        self.builder
            .append_data(&mut header, name, content)
            .with_context(|| format!("cannot write {name} to the archive"))
    }

    fn go_on(&self) -> anyhow::Result<()> {
        if self.interrupt.is_asked() {
            bail!("interrupted");
        }
        Ok(())
    }
}
