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

const RECIPIENT: &str = "age1d4lq2yzth3etl84y3l8x6y0278hu4m2553d74cu0zempq7fvmcgqqmmsqr";
const IDENTITY: &str =
    "# made for this test\nAGE-SECRET-KEY-1WQYMY6VK86SQMWYGSNY5QK3JVG2TRPL79HPGEN7SN0PVV8JMPLSQV53LX0\n";

/// A stack with an encrypted backup of it, the file that opens that, and an empty home.
fn encrypted() -> (Bench, String, String, String) {
    let bench = with_state("rows");
    let path = |name: &str| bench.directory().join(name).display().to_string();
    let (file, identity, again) = (path("b.tar.age"), path("key"), path("again"));
    std::fs::write(&identity, IDENTITY).expect("a file");
    let run = bench.run(&["backup", &file, "--recipient", RECIPIENT, "--json"]);
    let json: Value = serde_json::from_str(&run.assert_good().stdout).expect("JSON");
    assert_eq!(
        (&json["verified"], &json["encrypted"]),
        (&true.into(), &true.into())
    );
    (bench, file, identity, again)
}

#[test]
fn an_encrypted_backup_that_was_changed_cut_short_or_is_of_others_restores_nothing() {
    let (bench, file, identity, again) = encrypted();
    let whole = std::fs::read(&file).unwrap();
    let other = bench.directory().join("other").display().to_string();
    std::fs::write(&other, "AGE-SECRET-KEY-1\n").unwrap();
    let refused = |arguments: &[&str], words: &str| {
        let run = bench.run(&[&["--home", &again, "restore", &file], arguments].concat());
        run.assert_refused(words);
        let left = std::fs::read_dir(&again).into_iter().flatten().flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(left.is_empty() || left == [".lock"], "{words}: {left:?}");
    };
    refused(&[], "is encrypted; name the file with the key");
    refused(&["--identity", &other], "no identity of age");
    refused(&["--identity", "/nowhere"], "cannot read /nowhere");
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for bytes in [&changed, &whole[..whole.len() - 1], &whole[..300]] {
        std::fs::write(&file, bytes).unwrap();
        refused(&["--identity", &identity], "was changed or cut short");
    }
    std::fs::write(&file, &whole[..100]).unwrap();
    refused(&["--identity", &identity], "its header is damaged");
    // A backup of somebody's that is not encrypted, in the place of one that was.
    std::fs::remove_file(&file).unwrap();
    bench.run(&["backup", &file]).assert_good();
    refused(
        &["--identity", &identity],
        "is not encrypted, and a key that opens it was named",
    );
}

#[test]
fn a_backup_that_was_to_be_encrypted_to_nobody_that_exists_is_not_made() {
    let mut bench = with_state("rows");
    let file = bench.directory().join("b.tar.age").display().to_string();
    let run = bench.run(&["backup", &file, "--recipient", "age1mistyped"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("no recipient of age"), "{run:?}");
    for wrong in ["age1mistyped", &format!("{RECIPIENT},")] {
        bench.set("BACKUP_RECIPIENT", wrong);
        bench.run(&["backup", &file]).assert_refused("BACKUP_RECIPIENT");
    }
    assert!(!Path::new(&file).exists());
    bench.set("BACKUP_RECIPIENT", RECIPIENT);
    bench.run(&["backup", &file]).assert_good();
    assert!(
        std::fs::read(&file)
            .unwrap()
            .starts_with(b"age-encryption.org/v1\n")
    );
}

#[test]
fn an_encrypted_backup_is_restored_with_the_key_and_holds_nothing_that_can_be_read_without() {
    let (bench, file, identity, again) = encrypted();
    let sealed = std::fs::read(&file).unwrap();
    for word in ["auditHmacKey", "manifest.json", "evidence"] {
        let found = sealed.windows(word.len()).any(|window| window == word.as_bytes());
        assert!(!found, "{word}");
    }
    assert_eq!(mode(Path::new(&file)), 0o600);
    let passing = |directory: &Path| {
        let entries = std::fs::read_dir(directory).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names
            .filter(|name| name.starts_with(".backup") || name.starts_with("b.tar.age."))
            .count()
    };
    assert_eq!((passing(bench.directory()), passing(&bench.home())), (0, 0));
    let restore = ["--home", &again, "restore", &file, "--identity", &identity];
    let tried = bench.run(&[&restore[..], &["--dry-run"]].concat());
    assert!(
        tried.assert_good().stdout.starts_with("could restore"),
        "{tried:?}"
    );
    bench.run(&restore).assert_good();
    assert_eq!(text(Path::new(&again).join("caracal.db")), "rows");
    assert_eq!(text(Path::new(&again).join("secrets/auditHmacKey")), "key");
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
