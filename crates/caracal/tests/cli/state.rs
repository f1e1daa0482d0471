//! What is kept: copied, put back, removed, and told apart from what a newer version wrote.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::bench::Bench;

/// A state directory as a daemon leaves it, with `database` as its database.
fn with_state(database: &str) -> Bench {
    let bench = Bench::new();
    for (name, content) in [
        ("caracal.db", database),
        ("secrets/auditHmacKey", "key"),
        ("secrets/allowlist/operatorAllowlist.json", r#"{"emails":{}}"#),
        ("audit-spool/caracald/position", "1 136 0"),
        ("audit-spool/caracald/segment-0000000000000001.spool", "evidence"),
        ("audit-spool/caracald/lock", ""),
        ("audit-spool/caracald/reserve", "room"),
        ("replay/epoch", "of this machine"),
        ("replay/replay-0000000000000001.journal", "used"),
        ("caracal.env", "LOG_LEVEL=info\n"),
    ] {
        let path = bench.home().join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    }
    bench
}

fn text(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn a_backup_of_a_running_stack_is_restored_elsewhere_without_its_memory_of_used_mandates() {
    let bench = with_state("rows");
    bench.run(&["up"]).assert_good();
    let file = bench.directory().join("a backup.tar");
    let run = bench.run(&["backup", file.to_str().unwrap(), "--json"]);
    let json: Value = serde_json::from_str(&run.assert_good().stdout).unwrap();
    assert_eq!(json["verified"], true);
    assert_eq!(mode(&file), 0o600);
    let beside: Vec<_> = std::fs::read_dir(bench.directory()).unwrap().flatten().collect();
    assert_eq!(beside.len(), 2, "nothing passing is left: {beside:?}");

    let again = bench.directory().join("again");
    let home = again.to_str().unwrap();
    let tried = bench.run(&["--home", home, "restore", file.to_str().unwrap(), "--dry-run"]);
    assert!(
        tried.assert_good().stdout.starts_with("could restore"),
        "{tried:?}"
    );
    assert!(!again.join("caracal.db").exists());
    let run = bench.run(&["--home", home, "restore", file.to_str().unwrap()]);
    assert!(run.assert_good().stdout.contains("verified"), "{run:?}");
    for (name, content) in [
        ("caracal.db", "rows"),
        ("secrets/auditHmacKey", "key"),
        ("audit-spool/caracald/segment-0000000000000001.spool", "evidence"),
        ("replay/replay-0000000000000001.journal", "used"),
        // Not the name of the memory that it was copied from, so that what was minted before is refused.
        ("replay/epoch", "restored\n"),
    ] {
        assert_eq!(text(again.join(name)), content, "{name}");
    }
    assert!(!again.join("audit-spool/caracald/lock").exists());
    assert!(!again.join("endpoints.json").exists());
    assert_eq!(mode(&again.join("secrets")), 0o700);
    assert_eq!(mode(&again.join("secrets/auditHmacKey")), 0o600);

    bench
        .run(&["--home", home, "restore", file.to_str().unwrap()])
        .assert_refused("there is state in");
    bench
        .run(&["restore", file.to_str().unwrap()])
        .assert_refused("a restore goes into an empty directory");
    bench
        .run(&["backup", file.to_str().unwrap()])
        .assert_refused("exists already");
}

#[test]
fn a_backup_that_is_cut_short_damaged_or_of_others_restores_nothing() {
    let bench = with_state("rows");
    let file = bench.directory().join("whole.tar");
    bench.run(&["backup", file.to_str().unwrap()]).assert_good();
    let whole = std::fs::read(&file).unwrap();
    let position = |needle: &[u8]| {
        whole
            .windows(needle.len())
            .position(|window| window == needle)
            .unwrap()
    };
    let with = |needle: &[u8], other: &[u8]| {
        let mut bytes = whole.clone();
        bytes[position(needle)..][..needle.len()].copy_from_slice(other);
        bytes
    };
    let again = bench.directory().join("again");
    for (bytes, words) in [
        (
            whole[..position(b"manifest.json")].to_vec(),
            "is not a whole backup",
        ),
        (b"no archive at all".to_vec(), "is not a whole backup"),
        (with(b"evidence", b"invented"), "is not what was backed up"),
    ] {
        let damaged = bench.directory().join("damaged.tar");
        std::fs::write(&damaged, bytes).unwrap();
        let run = bench.run(&[
            "--home",
            again.to_str().unwrap(),
            "restore",
            damaged.to_str().unwrap(),
        ]);
        run.assert_refused(words);
        let left: Vec<_> = std::fs::read_dir(&again)
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        assert_eq!(left, [".lock"], "{words}");
    }
}

#[test]
fn a_backup_whose_ledger_does_not_hold_is_no_backup() {
    let bench = with_state("a forged row");
    let file = bench.directory().join("b.tar");
    bench
        .run(&["backup", file.to_str().unwrap()])
        .assert_refused("entry 7 does not follow entry 6");
}

#[test]
fn nothing_to_back_up_is_said() {
    Bench::new()
        .run(&["backup"])
        .assert_refused("there is no state in");
}

#[test]
fn state_of_a_newer_version_is_refused_and_older_state_is_taken() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    let marker = bench.home().join("runtime.json");
    let write = |version: &str| {
        std::fs::write(
            &marker,
            format!(r#"{{"version":"{version}","updatedAt":"2026-01-01T00:00:00Z"}}"#),
        )
        .unwrap();
    };
    write("99.0.0-rc.1");
    let run = bench.run(&["up"]);
    run.assert_refused("was used by caracal 99.0.0-rc.1, which is newer than this");
    assert!(text(&marker).contains("99.0.0-rc.1"), "left as it was");
    assert!(!bench.log().exists(), "nothing was started");
    write("0.0.1");
    bench.run(&["up"]).assert_good();
    assert!(text(&marker).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn purge_removes_what_it_names_and_nothing_of_others() {
    let bench = with_state("rows");
    bench.run(&["up"]).assert_good();
    let own = bench.home().join("notes.txt");
    std::fs::write(&own, "mine").unwrap();
    let plan = bench.run(&["purge", "all", "--dry-run"]);
    assert!(
        plan.assert_good().stdout.contains("would stop caracald"),
        "{plan:?}"
    );
    assert!(plan.stdout.contains("caracal.db (4 B)"), "{plan:?}");
    bench
        .run(&["purge", "all"])
        .assert_refused("nobody is there to confirm this");
    assert!(bench.home().join("caracal.db").exists());

    bench.run(&["purge", "logs", "--yes"]).assert_good();
    // Emptied and not removed: the daemon goes on writing to it.
    assert_eq!(text(bench.log()), "");
    assert!(bench.recorded_pid().is_some());
    let all = bench.run(&["purge", "all", "--yes", "--json"]);
    let json: Value = serde_json::from_str(&all.assert_good().stdout).unwrap();
    assert_eq!(json["dry_run"], false);
    let left: Vec<_> = std::fs::read_dir(bench.home())
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    assert_eq!(left, std::slice::from_ref(&own));
    std::fs::remove_file(own).unwrap();
    assert_eq!(
        bench.run(&["purge", "state", "--yes"]).assert_good().stdout,
        "there is nothing to remove\n"
    );
    bench.run(&["purge", "all", "--yes"]).assert_good();
}

#[test]
fn the_allowlist_is_kept_by_a_stack_that_runs_and_is_of_addresses() {
    let bench = Bench::new();
    let allowlist = |arguments: &[&str]| bench.run(&[&["allowlist"], arguments].concat());
    for arguments in [
        &["list"][..],
        &["add", "ada@example.com"],
        &["lock", "ada@example.com"],
    ] {
        allowlist(arguments).assert_refused("does not run, and it is what keeps the accounts");
    }
}
