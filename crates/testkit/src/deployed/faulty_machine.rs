//! A machine whose clock is off, whose disk is slow or full, for processes of the real binary (Linux).

use std::{fs::File, os::unix::fs::FileExt as _, path::PathBuf, process::Command, time::Duration};

use tempfile::TempDir;

use crate::fault::{Fault, Faults};

/// What is loaded before the C library.
const SOURCE: &str = include_str!("faulty_machine.c");
/// Where its fields are in the file that it reads.
const AHEAD: u64 = 0;
const SYNC: u64 = 8;
const FULL: u64 = 16;
const FELT: u64 = 24;
const LENGTH: u64 = 32;

/// What processes that are told [`FaultyMachine::variables`] run on. It is well until something is said.
#[derive(Debug)]
pub struct FaultyMachine {
    state: File,
    directory: TempDir,
}

impl FaultyMachine {
    /// # Panics
    /// When there is no C compiler.
    #[expect(clippy::new_without_default, reason = "a compiler runs")]
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("machine.c"), SOURCE).expect("a file");
        let compiled = Command::new("cc")
            .args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o"])
            .args([path("machine.so"), path("machine.c")])
            .output()
            .expect("there is a C compiler");
        assert!(
            compiled.status.success(),
            "{}",
            String::from_utf8_lossy(&compiled.stderr)
        );
        let state = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path("state"))
            .expect("a file");
        state.set_len(LENGTH).expect("a file");
        Self { state, directory }
    }

    /// What a process is told that is to run on it.
    pub fn variables(&self) -> [(&'static str, String); 2] {
        let path = |name: &str| -> PathBuf { self.directory.path().join(name) };
        [
            ("LD_PRELOAD", path("machine.so").display().to_string()),
            ("FAULTY_MACHINE", path("state").display().to_string()),
        ]
    }

    /// How far its clock is ahead of everybody's.
    pub fn set_ahead(&self, by: Duration) {
        self.write(AHEAD, nanoseconds(by));
    }

    /// What each sync takes longer.
    pub fn set_slow(&self, by: Duration) {
        self.write(SYNC, nanoseconds(by));
    }

    /// Whether a process noticed anything since it was mended last: a fault that nobody meets proves nothing.
    pub fn is_felt(&self) -> bool {
        let mut felt = [0; 8];
        self.state
            .read_exact_at(&mut felt, FELT)
            .expect("the file is ours");
        i64::from_ne_bytes(felt) > 0
    }

    fn write(&self, at: u64, value: i64) {
        self.state
            .write_all_at(&value.to_ne_bytes(), at)
            .expect("the file is ours");
    }
}

impl Faults for FaultyMachine {
    /// No space: whatever writes to a file fails.
    fn fail(&self, fault: Fault) {
        assert_eq!(fault, Fault::NoSpace, "no other fault of a machine is known here");
        self.write(FULL, 1);
    }

    fn mend(&self) {
        for field in [AHEAD, SYNC, FULL, FELT] {
            self.write(field, 0);
        }
    }
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).expect("seconds and not centuries")
}
