//! One file of secrets, which holds one value.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use anyhow::Context as _;
use caracal_service::files::replace_synced;

/// The value of a file without its line end; `None` where it is missing or empty.
pub(super) fn read(directory: &Path, name: &str) -> anyhow::Result<Option<String>> {
    let path = directory.join(name);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim_end().to_owned()).filter(|text| !text.is_empty())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Puts a value in the place of what the file held.
pub(super) fn write(directory: &Path, name: &str, value: &str) -> anyhow::Result<()> {
    let path = directory.join(name);
    replace_synced(&path, value.as_bytes(), 0o444).with_context(|| format!("cannot write {}", path.display()))
}

/// Notes a file that others than its owner can write.
pub(super) fn writable_by_others(
    directory: &Path,
    name: &str,
    problems: &mut Vec<String>,
) -> anyhow::Result<()> {
    let path = directory.join(name);
    let mode = fs::metadata(&path)
        .with_context(|| format!("cannot inspect {}", path.display()))?
        .permissions()
        .mode();
    if mode & 0o022 != 0 {
        problems.push(format!(
            "{name} can be written by others (mode {:o})",
            mode & 0o777
        ));
    }
    Ok(())
}
