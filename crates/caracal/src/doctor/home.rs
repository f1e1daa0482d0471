//! The state directory and the secrets in it.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use nix::unistd::{AccessFlags, access, geteuid};

use super::{CheckContext, Section};
use crate::lock::Lock;
use crate::stores::readable;

/// With less than this, a busy day can fill the disk.
const COMFORTABLE_MIB: u64 = 1024;
/// A log that grew past its rotation is written by somebody who does not start anew.
const LARGE_LOG_BYTES: u64 = 100 << 20;

pub(super) fn check(context: &CheckContext<'_>) -> Section {
    let mut section = Section::new("state");
    let path = context.home.path();
    match fs::metadata(path) {
        Ok(found) if !found.is_dir() => section.fail(
            "directory",
            format!("{} is not a directory", path.display()),
            "move it away, or choose another --home",
        ),
        Ok(found) => existing(&mut section, context, &found),
        Err(error) if error.kind() == ErrorKind::NotFound => missing(&mut section, path),
        Err(error) => section.fail(
            "directory",
            format!("{} cannot be read: {error}", path.display()),
            "give this account the right to enter it, or choose another --home",
        ),
    }
    section
}

fn missing(section: &mut Section, path: &Path) {
    let above = path.ancestors().find(|ancestor| ancestor.exists());
    match above.map(|above| (above, access(above, AccessFlags::W_OK | AccessFlags::X_OK))) {
        Some((_, Ok(()))) => section.ok(
            "directory",
            format!("{} is made at the first start", path.display()),
        ),
        Some((above, Err(error))) => section.fail(
            "directory",
            format!(
                "{} cannot be made below {}: {error}",
                path.display(),
                above.display()
            ),
            "choose another --home, or make it and give it to this account",
        ),
        None => section.fail(
            "directory",
            "nothing of its path is there",
            "choose another --home",
        ),
    }
}

fn existing(section: &mut Section, context: &CheckContext<'_>, found: &Metadata) {
    let path = context.home.path();
    let shown = path.display();
    let mode = found.permissions().mode() & 0o777;
    if let Err(error) = access(path, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK) {
        section.fail(
            "directory",
            format!("{shown} cannot be used by this account: {error}"),
            "start as the account it belongs to, or choose another --home",
        );
    } else if mode & 0o077 != 0 {
        section.warn(
            "directory",
            format!("{shown} is open to others (mode {mode:o})"),
            format!("chmod 700 {shown}"),
        );
    } else {
        section.ok("directory", shown.to_string());
    }
    match context.home.free_space(context.environment) {
        Err(error) => section.fail("free disk", format!("{error:#}"), "set it to a number of MiB"),
        Ok((free, wanted)) if free < wanted => section.fail(
            "free disk",
            format!("{free} MiB, and a start needs {wanted}"),
            "make room, or move the directory to a larger disk and name it with --home",
        ),
        Ok((free, _)) if free < COMFORTABLE_MIB => section.warn(
            "free disk",
            format!("{free} MiB"),
            "make room: evidence that cannot be kept stops governed calls",
        ),
        Ok((free, _)) => section.ok("free disk", format!("{} GiB", free >> 10)),
    }
    match Lock::holder(context.home) {
        Ok(Some(holder)) => section.ok("in use by", format!("caracald, pid {}", holder.pid)),
        Ok(None) => section.ok("in use by", "nobody"),
        Err(error) => section.fail(
            "in use by",
            format!("{error:#}"),
            "the disk must support file locks; network file systems often do not",
        ),
    }
    let log = fs::metadata(context.home.log_file()).map_or(0, |log| log.len());
    if log > LARGE_LOG_BYTES {
        section.warn(
            "log",
            readable(log),
            format!(
                "{} and {} start it anew",
                context.hint.command("down"),
                context.hint.command("up")
            ),
        );
    }
}

/// Keys and tokens: for their owner alone, and not empty.
pub(super) fn secrets(context: &CheckContext<'_>) -> Section {
    let mut section = Section::new("secrets");
    let directory = context.home.path().join("secrets");
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            section.ok("files", "none yet; the first start makes them");
            return section;
        }
        Err(error) => {
            section.fail(
                "files",
                format!("{} cannot be read: {error}", directory.display()),
                "start as the account it belongs to",
            );
            return section;
        }
    };
    let mut good = 0_usize;
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let Ok(found) = fs::metadata(&path) else { continue };
        // What lies in a directory beside them is no secret of the stack.
        if !found.is_file() {
            continue;
        }
        let mode = found.permissions().mode() & 0o777;
        if found.len() == 0 {
            section.fail(
                &name,
                "is empty",
                "restore it from a backup; what it protects cannot be read without it",
            );
        } else if mode & 0o077 != 0 {
            section.warn(
                &name,
                format!("is open to others (mode {mode:o})"),
                format!(
                    "chmod 600 {}; if others share this machine, rotate it",
                    path.display()
                ),
            );
        } else if found.uid() != geteuid().as_raw() {
            section.warn(
                &name,
                format!("belongs to another account ({})", found.uid()),
                "start as the account that the state belongs to",
            );
        } else {
            good += 1;
        }
    }
    if good > 0 {
        section.ok("files", format!("{good} for their owner alone"));
    }
    section
}
