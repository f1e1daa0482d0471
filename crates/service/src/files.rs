//! Files that are replaced as a whole: whoever reads one finds the former content or the new one.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Its owner's alone.
const PRIVATE: u32 = 0o600;

/// Puts `bytes` in the place of what is at `path`, for its owner alone. A power cut may take it.
///
/// # Errors
/// As the file system; `path` has its former content then.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (staged, _) = stage(path, bytes)?;
    fs::rename(staged, path)
}

/// As [`replace`], with these permissions whatever umask there is, and on disk once it returns.
///
/// # Errors
/// As [`replace`]; what cannot be synced after it took the place stays there.
pub fn replace_synced(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let (staged, file) = stage(path, bytes)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    fs::rename(staged, path)?;
    File::open(directory(path))?.sync_all()
}

/// The directory at `path`, made where it is missing, with those above it, and on disk once this returns.
///
/// # Errors
/// As the file system.
pub fn create_directory_synced(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = directory(path);
    create_directory_synced(above)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    File::open(above)?.sync_all()
}

/// Writes `bytes` beside `path`, under a name of this process: several may replace one file.
fn stage(path: &Path, bytes: &[u8]) -> io::Result<(PathBuf, File)> {
    let name = path
        .file_name()
        .ok_or(io::ErrorKind::InvalidInput)?
        .to_string_lossy();
    let staged = directory(path).join(format!(".{name}.{}.new", std::process::id()));
    let create = || {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(PRIVATE).open(&staged)
    };
    let mut file = match create() {
        // Left by a process of this number that was killed.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&staged)?;
            create()?
        }
        created => created?,
    };
    file.write_all(bytes)?;
    Ok((staged, file))
}

fn directory(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kept");
        let left = directory.path().join(format!(".kept.{}.new", std::process::id()));
        fs::write(&left, "left by a kill").unwrap();
        fs::set_permissions(&left, Permissions::from_mode(0o444)).unwrap();
        replace(&path, b"one").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), mode(&path)),
            (&b"one"[..], 0o600)
        );
        replace_synced(&path, b"two", 0o444).unwrap();
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), mode(&path)),
            (&b"two"[..], 0o444)
        );
        replace(&path, b"").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap().as_slice(), mode(&path)),
            (&b""[..], 0o600)
        );
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_replaced_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a directory");
        fs::create_dir_all(path.join("full")).unwrap();
        replace(&path, b"one").unwrap_err();
        replace_synced(&path, b"one", 0o600).unwrap_err();
        assert!(path.join("full").is_dir());
        replace(&directory.path().join("nowhere/kept"), b"one").unwrap_err();
        replace(Path::new("/"), b"one").unwrap_err();
    }
}
