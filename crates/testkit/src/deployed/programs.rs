//! The binaries under test, current.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// The root of the checkout.
pub fn checkout() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors()
        .nth(2)
        .expect("crates/testkit lies two levels below the root")
        .to_owned()
}

/// Path of `caracal`, `caracald` or `caracal-bench`, of the same profile as the running test.
///
/// `cargo test` builds the binaries of the tested package only. A missing binary, or one older than a source it was
/// built from, is therefore built here: once per test process, one process at a time.
///
/// # Panics
/// When it cannot be built.
pub fn program(name: &str) -> PathBuf {
    // A failed build is not tried again by every further test.
    static PRODUCT: OnceLock<Option<PathBuf>> = OnceLock::new();
    static BENCH: OnceLock<Option<PathBuf>> = OnceLock::new();
    let (profile, names): (_, &[&str]) = match name {
        "caracal-bench" => (&BENCH, &["caracal-bench"]),
        // The command line starts the daemon that lies beside it.
        _ => (&PRODUCT, &["caracal", "caracald"]),
    };
    let profile = profile.get_or_init(|| current_binaries(names)).as_ref();
    profile.expect("the binaries build").join(name)
}

/// The directory of the binaries, which are called as their packages are; `None` when they do not build.
fn current_binaries(names: &[&str]) -> Option<PathBuf> {
    // target/<profile>/deps/<test>-<hash>
    let test = std::env::current_exe().expect("a process knows its own path");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("tests run from the deps directory of a profile")
        .to_owned();
    let lock = File::create(profile.join(".e2e-build.lock")).expect("the target directory can be written");
    lock.lock().expect("the lock can be taken");
    let current = names.iter().all(|name| is_current(&profile.join(name))) || build(&profile, names);
    current.then_some(profile)
}

/// Whether the binary exists and is newer than every source it was built from.
fn is_current(binary: &Path) -> bool {
    let Some(own) = changed(binary) else { return false };
    let sources = named_sources(binary).unwrap_or_else(|| {
        // `cargo test` puts the binary there without its `.d` file: then every source counts.
        let root = checkout();
        let mut all = vec![root.join("Cargo.lock"), root.join("Cargo.toml")];
        collect_sources(&root.join("crates"), &mut all);
        all
    });
    sources
        .iter()
        .all(|source| changed(source).is_some_and(|changed| changed <= own))
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// The sources that cargo names in the `.d` file beside the binary.
fn named_sources(binary: &Path) -> Option<Vec<PathBuf>> {
    let file = fs::read_to_string(binary.with_extension("d")).ok()?;
    // `target: source source …`, a space inside a path escaped by a backslash.
    let (_, sources) = file.split_once(": ")?;
    let sources = sources.replace("\\ ", "\0");
    Some(
        sources
            .split_whitespace()
            .map(|source| PathBuf::from(source.replace('\0', " ")))
            .collect(),
    )
}

/// Manifests and what lies below `src`, of every crate.
fn collect_sources(directory: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            // Tests and examples are no part of the binaries.
            if !["tests", "examples", "benches", "target"]
                .iter()
                .any(|other| name == *other)
            {
                collect_sources(&path, into);
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "rego")
            || name == "Cargo.toml"
        {
            into.push(path);
        }
    }
}

fn build(profile: &Path, names: &[&str]) -> bool {
    let target = profile.parent().expect("a profile lies in the target directory");
    let profile = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--profile", profile])
        .args(names.iter().flat_map(|name| ["-p", *name]))
        .env("CARGO_TARGET_DIR", target)
        .current_dir(checkout())
        .status();
    status.is_ok_and(|status| status.success())
}
