//! A disk that fails on command: `faults.c`, loaded below a second run of this test binary.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use caracal_testkit::fault::Fault;

/// Names the file of orders, and so tells a run below the library from any other.
const ORDERS: &str = "CARACAL_FAULTS";
/// Names the directory of what reached the disk.
pub(crate) const DISK: &str = "CARACAL_FAULTS_DISK";

/// The numbers of `faults.c`.
fn number(fault: Fault) -> u64 {
    match fault {
        Fault::NoSpace => 1,
        Fault::WriteError => 2,
        Fault::ShortWrite => 3,
        Fault::SyncError => 4,
        Fault::ReadError => 5,
        Fault::Gone => 6,
        Fault::Frozen | Fault::ReadOnly => panic!("the library knows no call that is {fault:?}"),
    }
}

/// The orders of this process.
#[derive(Debug)]
pub(crate) struct FailingDisk(File);

impl FailingDisk {
    /// Those of a run below the library, absent in any other.
    pub(crate) fn here() -> Option<Self> {
        let path = std::env::var_os(ORDERS)?;
        let file = OpenOptions::new().read(true).write(true).open(path);
        Some(Self(file.expect("the file of orders")))
    }

    fn put(&self, words: [u64; 6]) {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        // The switch last: until then nothing fails.
        self.0.write_all_at(&bytes[8..], 8).expect("orders are written");
        self.0.write_all_at(&bytes[..8], 0).expect("orders are written");
    }

    /// Lets the `at`-th call that the fault is of fail, and `forever` all that follow.
    pub(crate) fn arm(&self, fault: Fault, at: u64, forever: bool) {
        self.put([0; 6]);
        self.put([1, number(fault), at, u64::from(forever), 0, 0]);
    }

    /// The disk is well again; how many calls failed.
    pub(crate) fn disarm(&self) -> u64 {
        self.0.write_all_at(&[0; 8], 0).expect("orders are written");
        self.fired()
    }

    /// How many calls failed.
    pub(crate) fn fired(&self) -> u64 {
        let mut fired = [0; 8];
        self.0.read_exact_at(&mut fired, 40).expect("orders are read");
        u64::from_ne_bytes(fired)
    }
}

/// Runs tests of this binary again, one after another below the library; panics unless at least `least` passed.
pub(crate) fn again(arguments: &[&str], least: usize) {
    again_on(".db", arguments, least);
}

/// As [`again`], where paths that contain `meant` are on the disk that fails.
pub(crate) fn again_on(meant: &str, arguments: &[&str], least: usize) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let library = built(directory.path());
    let orders = directory.path().join("orders");
    std::fs::write(&orders, [0; 64]).expect("a file of orders");
    let disk = directory.path().join("disk");
    std::fs::create_dir(&disk).expect("a directory");
    let run = Command::new(std::env::current_exe().expect("this binary"))
        .args(arguments)
        .args(["--test-threads=1"])
        .env(ORDERS, &orders)
        .env("CARACAL_FAULTS_ON", meant)
        .env(DISK, &disk)
        .env("LD_PRELOAD", &library)
        .output()
        .expect("this binary runs again");
    let told = format!(
        "{}{}",
        String::from_utf8_lossy(&run.stdout),
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(run.status.success(), "below the failing disk:\n{told}");
    let passed = told
        .split_once("test result: ok. ")
        .and_then(|(_, rest)| rest.split_once(" passed"))
        .and_then(|(count, _)| count.parse::<usize>().ok());
    assert!(passed.is_some_and(|passed| passed >= least), "{told}");
}

/// The library, compiled.
fn built(directory: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../storage-sql/tests/support/faults.c");
    let library = directory.join("faults.so");
    let cc = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .output()
        .expect("a C compiler (cc), as for building the workspace");
    assert!(cc.status.success(), "{}", String::from_utf8_lossy(&cc.stderr));
    library
}
