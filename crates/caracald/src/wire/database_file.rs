//! The file of the embedded database: where it is, and whether it is one.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::config::Config;

/// How every database of SQLite begins (<https://www.sqlite.org/fileformat.html>, 1.3.1).
const HEAD: &[u8; 16] = b"SQLite format 3\0";

pub(crate) fn path(config: &Config) -> PathBuf {
    config.home.join("caracal.db")
}

/// Refuses a file that is something else before anything is done to it, with what there is to do. One that is missing or
/// empty is made into a database.
///
/// # Errors
/// One sentence.
pub(crate) fn require_database(path: &Path) -> anyhow::Result<()> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(HEAD.len() as u64).read_to_end(&mut head));
    // That it cannot be read is said where it is opened.
    anyhow::ensure!(
        read.is_err() || head.is_empty() || head == HEAD,
        "{} is not a database: it is damaged, or something else was put in its place; `caracal restore` puts a backup into \
         an empty state directory",
        path.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_database_is_told_from_one_that_is_to_be_made() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("caracal.db");
        require_database(&file).unwrap();
        for (content, is_good) in [
            (&b""[..], true),
            (b"SQLite format 3\0 and pages", true),
            (b"SQLite", false),
            (b"xxxxxxxxxxxxxxxxxxxxxxxxxxx", false),
        ] {
            std::fs::write(&file, content).unwrap();
            assert_eq!(require_database(&file).is_ok(), is_good, "{content:?}");
        }
    }
}
