//! What scripts of the checkout fetch for the tests.

use std::{path::PathBuf, process::Command};

use crate::{checkout, program};

/// The directory below the target directory that `scripts/NAME.sh` installs into, on first use.
///
/// # Panics
/// When the script fails, with what it said.
pub fn installed(name: &str) -> PathBuf {
    let program = program("caracald");
    let target = program.ancestors().nth(2).expect("the target directory");
    let directory = target.join(name);
    let output = Command::new(checkout().join(format!("scripts/{name}.sh")))
        .arg(&directory)
        .output()
        .expect("the script runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    directory
}
