//! `caracal upgrade`: the new program gets ready, or the former one runs again with nothing lost.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::bench::{Bench, fake_daemon};

const STATE: &str = "what was there";

/// A running stack of version 1, its program in a place where it can be replaced, and a database.
fn running() -> (Bench, PathBuf) {
    let bench = Bench::new();
    let program = bench.directory().join("caracald-1");
    fs::copy(fake_daemon(), &program).expect("as it was made");
    let bench = bench.with("CARACAL_CARACALD", program.to_str().expect("as it was made"));
    bench.run(&["up"]).assert_good();
    fs::write(bench.home().join("caracal.db"), STATE).expect("as it was made");
    (bench, program)
}

/// Installs another program, and takes the former one away.
fn installed(mut bench: Bench, former: &Path, name: &str) -> Bench {
    let program = bench.directory().join(format!("caracald-{name}"));
    fs::copy(fake_daemon(), &program).expect("as it was made");
    fs::remove_file(former).expect("as it was made");
    bench.set("CARACAL_CARACALD", program.to_str().expect("as it was made"));
    bench
}

fn runs(bench: &Bench) -> Value {
    let run = bench.run(&["status", "--json"]);
    serde_json::from_str::<Value>(&run.stdout).expect("as it was made")["daemon"].clone()
}

fn outcomes(bench: &Bench) -> Vec<String> {
    let journal = fs::read_to_string(bench.home().join("upgrade.log")).unwrap_or_default();
    let lines = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("as it was made"));
    lines
        .map(|line| line["outcome"].as_str().expect("as it was made").to_owned())
        .collect()
}

#[test]
fn the_installed_program_takes_over_and_what_it_replaced_is_kept() {
    let (bench, former) = running();
    let bench = installed(bench, &former, "2");
    let check = bench.run(&["upgrade", "--check", "--json"]);
    assert_eq!(check.code, 1, "{check:?}");
    assert_eq!(
        check.stdout,
        "{\"running\":\"1\",\"installed\":\"2\",\"due\":true}\n"
    );
    assert_eq!(runs(&bench)["version"], "1");

    bench.run(&["upgrade"]).assert_good();
    assert_eq!(runs(&bench)["version"], "2");
    assert_eq!(outcomes(&bench), ["success"]);
    for kept in ["upgrade/caracald", "upgrade/before.tar"] {
        assert!(bench.home().join(kept).exists(), "{kept}");
    }
    let check = bench.run(&["upgrade", "--check"]);
    assert!(check.assert_good().stdout.contains("runs already"), "{check:?}");
    // A second one keeps what it replaces, and no more.
    bench.run(&["upgrade"]).assert_good();
    assert_eq!(outcomes(&bench), ["success", "success"]);
}

#[test]
fn a_directory_that_holds_no_state_is_not_upgraded_and_not_made() {
    let bench = Bench::new();
    let wrong = bench.directory().join("misspelt");
    let home = wrong.to_str().expect("as it was made");
    for also in [&["--check"][..], &[]] {
        let run = bench.run(&[&["--home", home, "upgrade"], also].concat());
        assert_eq!(run.code, 1, "{run:?}");
        assert!(
            run.stderr.contains("no state") && run.stderr.contains("misspelt"),
            "{run:?}"
        );
        assert!(!wrong.exists());
    }
}

#[test]
fn one_that_dies_is_taken_back_on_the_state_as_it_is() {
    let (bench, former) = running();
    let bench = installed(bench, &former, "die");
    let run = bench.run(&["upgrade"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("file is not a database"), "{run:?}");
    assert!(run.stderr.contains("1 runs again"), "{run:?}");
    // The copy of the former program.
    assert_eq!(runs(&bench)["version"], "0.0.7");
    assert_eq!(outcomes(&bench), ["readinessFailed", "wentBack"]);
    assert!(!bench.home().join("upgrade/replaced").exists());
}

#[test]
fn one_that_never_gets_ready_is_taken_back_in_time() {
    let (bench, former) = running();
    let bench = installed(bench, &former, "unready");
    let run = bench.run(&["upgrade", "--timeout", "1"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("not ready after 1 s: gateway"), "{run:?}");
    assert_eq!(outcomes(&bench), ["readinessFailed", "wentBack"]);
}

#[test]
fn a_state_that_the_former_program_does_not_take_any_more_is_put_back_and_the_other_kept() {
    let (bench, former) = running();
    let bench = installed(bench, &former, "spoil");
    let run = bench.run(&["upgrade"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(outcomes(&bench), ["readinessFailed", "wentBackToBackup"]);
    assert!(runs(&bench)["pid"].is_i64());
    let read = |name: &str| fs::read_to_string(bench.home().join(name)).unwrap();
    assert_eq!(read("caracal.db"), STATE);
    assert_eq!(read("upgrade/replaced/caracal.db"), "of a later form");
}

#[test]
fn one_that_cannot_be_started_changes_nothing() {
    let (bench, _) = running();
    let mut bench = bench.with("FAKE_UNKNOWN", "1");
    let run = bench.run(&["upgrade"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("would not start"), "{run:?}");
    bench.set("CARACAL_CARACALD", "/nowhere");
    assert_eq!(bench.run(&["upgrade"]).code, 1);
    assert_eq!(runs(&bench)["version"], "1");
    assert!(outcomes(&bench).is_empty());
}

#[test]
fn a_state_whose_backup_does_not_hold_is_not_touched() {
    let (bench, former) = running();
    fs::write(bench.home().join("caracal.db"), "forged").unwrap();
    let bench = installed(bench, &former, "2");
    let run = bench.run(&["upgrade"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("nothing was changed"), "{run:?}");
    assert_eq!(runs(&bench)["version"], "1");
    assert_eq!(outcomes(&bench), ["stageFailed"]);
}

#[test]
fn a_stack_that_does_not_run_is_started_or_left_as_it_was() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    bench.run(&["down"]).assert_good();
    fs::write(bench.home().join("caracal.db"), STATE).unwrap();
    bench.run(&["upgrade"]).assert_good();
    bench.run(&["down"]).assert_good();
    let program = bench.directory().join("caracald-spoil");
    fs::copy(fake_daemon(), &program).unwrap();
    let bench = bench.with("CARACAL_CARACALD", program.to_str().unwrap());
    assert_eq!(bench.run(&["upgrade"]).code, 1);
    assert_eq!(
        fs::read_to_string(bench.home().join("caracal.db")).unwrap(),
        STATE
    );
    assert_eq!(outcomes(&bench).last().map(String::as_str), Some("wentBack"));
}
