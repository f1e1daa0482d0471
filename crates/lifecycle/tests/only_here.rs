//! What is alive changes in this crate alone: nobody else takes its locks, makes its events or writes its rows.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Calls and values that are this crate's own, without white space.
const OURS: [&str; 34] = [
    "SessionRevoked{",
    "SessionRevoked::new(",
    "AgentLifecycle{",
    "DelegationsInvalidated{",
    ".sessions().create(",
    ".sessions().heartbeat(",
    ".sessions().reap(",
    ".end_tree(",
    ".suspend_tree(",
    ".resume_tree(",
    ".acquire_lease(",
    ".delegations().create(",
    ".delegations().reap(",
    ".revoke_tree(",
    ".revoke_touching(",
    ".expire_due(",
    ".advance_epoch(",
    ".authority_records().create(",
    ".authority_records().reap(",
    ".approvals().open(",
    ".approvals().decide(",
    ".approvals().consume(",
    ".approvals().withdraw(",
    ".approvals().reap(",
    "ApprovalDecided{",
    ".approvals().end_of_caller(",
    ".connections().create(",
    ".connections().replace(",
    ".connections().renew(",
    ".connections().fail(",
    ".connections().revoke(",
    "receipts.claim(",
    "receipts.create(",
    ".receipts().reap(",
];
/// The names of this crate's locks, as others would take them.
const LOCKS: [&str; 2] = ["Lock::Delegations", "Lock::Sessions"];
/// Its receipts, as others would claim and make them.
const RECEIPTS: [&str; 2] = [".receipts().claim(", ".receipts().create("];
/// Those that say what a row or an event is, and those that set up tests.
const OTHERS: [&str; 7] = [
    "storage",
    "storage-sql",
    "wire",
    "testkit",
    "e2e",
    "bench",
    "lifecycle",
];

#[test]
fn only_lifecycle_changes_what_is_alive() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    let mut read = 0;
    for entry in fs::read_dir(crates).unwrap() {
        let path = entry.unwrap().path();
        if OTHERS.iter().any(|other| path.ends_with(other)) || !path.join("src").is_dir() {
            continue;
        }
        for file in sources(&path.join("src")) {
            read += 1;
            let text = shipped(&file);
            let ours = OURS
                .iter()
                .chain(&LOCKS)
                .chain(&RECEIPTS)
                .filter(|ours| text.contains(**ours));
            found.extend(ours.map(|ours| format!("{}: {ours}", file.display())));
        }
    }
    assert!(read > 100, "{read} files");
    assert!(found.is_empty(), "{found:#?}");
}

/// Else the test above would look for what nobody calls any more.
#[test]
fn what_the_test_looks_for_is_what_this_crate_does() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let all: String = sources(&here).iter().map(|file| shipped(file)).collect();
    let looked_for = OURS.into_iter().chain(LOCKS);
    let missing: Vec<&str> = looked_for.filter(|ours| !all.contains(ours)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without white space, comments and the module of tests at its end.
fn shipped(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| line.split_whitespace()).collect()
}
