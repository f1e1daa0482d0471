//! `caracal up --runtime` and `caracal upgrade` of what it started, with a stand-in for Docker that writes down what it is
//! asked; a real engine is met in the tests of the Compose files.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::bench::Bench;
use crate::pty::{CTRL_C, Terminal};

/// Writes down version and arguments. Containers of a version whose name has `bad` in it do not get ready, images of one
/// with `gone` cannot be had, and the database can be dumped unless `NO_DUMP` is set. Where `SLOW` is set containers get
/// ready once the file `ready.VERSION` is there, unless a Ctrl-C ends that, which is written down.
const DOCKER: &str = r#"#!/bin/sh
echo "$CARACAL_VERSION $*" >>"$DOCKER_LOG"
case "$*" in
  "compose version --short") echo 2.30.0 ;;
  "version --format"*) echo 28.0.0 ;;
  "compose ls"*) echo '[]' ;;
  *" pull "*) case $CARACAL_VERSION in *gone*) exit 18 ;; esac ;;
  *" pg_dump "*) [ -z "$NO_DUMP" ] && echo dumped ;;
  *" up "*)
    case $CARACAL_VERSION in *bad*) exit 1 ;; esac
    if [ -n "$SLOW" ]; then
      trap 'echo "$CARACAL_VERSION interrupted" >>"$DOCKER_LOG"; exit 130' INT
      echo "waiting for the containers of $CARACAL_VERSION"
      while [ ! -e "${DOCKER_LOG%/*}/ready.$CARACAL_VERSION" ]; do sleep 0.05; done
    fi
    ;;
esac
"#;

/// A home whose containers of `version` run.
fn running(version: &str) -> Bench {
    let mut bench = Bench::new();
    let docker = bench.directory().join("docker");
    fs::write(&docker, DOCKER).expect("as it was made");
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).expect("as it was made");
    let path = format!("{}:/usr/bin:/bin", bench.directory().display());
    bench.set("PATH", &path);
    let log = bench.directory().join("docker.log").display().to_string();
    bench.set("DOCKER_LOG", &log);
    bench.set("CARACAL_VERSION", version);
    bench.run(&["up", "--runtime"]).assert_good();
    bench
}

fn recorded(bench: &Bench) -> Value {
    let record = fs::read_to_string(bench.home().join("containers.json")).expect("as it was made");
    let record: Value = serde_json::from_str(&record).expect("as it was made");
    record["variables"]["CARACAL_VERSION"].clone()
}

/// The versions that were started, in order.
fn started(bench: &Bench) -> Vec<String> {
    let log = fs::read_to_string(bench.directory().join("docker.log")).expect("as it was made");
    log.lines()
        .filter(|line| line.contains(" up --detach"))
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

fn outcomes(bench: &Bench) -> Vec<String> {
    let journal = fs::read_to_string(bench.home().join("upgrade.log")).unwrap_or_default();
    journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("as it was made")["outcome"].clone())
        .map(|outcome| outcome.as_str().expect("as it was made").to_owned())
        .collect()
}

#[test]
fn a_release_whose_images_cannot_be_had_changes_nothing() {
    let mut bench = running("1.0.0");
    let file = fs::read_to_string(bench.home().join("compose.yml")).unwrap();
    bench.set("CARACAL_VERSION", "2.0.0-gone");
    let run = bench.run(&["upgrade"]);
    run.assert_refused("nothing was changed: the images of 2.0.0-gone cannot be had");
    assert_eq!(recorded(&bench), "1.0.0");
    assert_eq!(started(&bench), ["1.0.0"]);
    assert_eq!(outcomes(&bench), ["stageFailed"]);
    assert_eq!(
        fs::read_to_string(bench.home().join("compose.yml")).unwrap(),
        file
    );
    assert!(!bench.home().join("upgrade.new").exists());
}

#[test]
fn a_database_that_cannot_be_dumped_keeps_the_former_release() {
    let mut bench = running("1.0.0");
    bench.set("CARACAL_VERSION", "2.0.0");
    bench.set("NO_DUMP", "1");
    bench
        .run(&["upgrade"])
        .assert_refused("PostgreSQL could not be dumped");
    assert_eq!(started(&bench), ["1.0.0"]);
    assert!(!bench.home().join("upgrade").exists());
}

#[test]
fn containers_that_do_not_get_ready_are_replaced_by_the_former_ones() {
    let mut bench = running("1.0.0");
    fs::write(bench.home().join("compose.yml"), "the former file").unwrap();
    bench.set("CARACAL_VERSION", "2.0.0-bad");
    let run = bench.run(&["upgrade"]);
    run.assert_refused("2.0.0-bad did not get ready: not every container got ready");
    run.assert_refused("1.0.0 runs again");
    assert_eq!(started(&bench), ["1.0.0", "2.0.0-bad", "1.0.0"]);
    assert_eq!(recorded(&bench), "1.0.0");
    assert_eq!(outcomes(&bench), ["readinessFailed", "wentBack"]);
    let read = |name: &str| fs::read_to_string(bench.home().join(name)).unwrap();
    assert_eq!(read("compose.yml"), "the former file");
    assert_eq!(read("upgrade/before.dump"), "dumped\n");
}

#[test]
fn a_way_back_is_gone_to_its_end_whoever_presses_ctrl_c_again() {
    let mut bench = running("1.0.0");
    bench.set("CARACAL_VERSION", "2.0.0");
    bench.set("SLOW", "1");
    let mut terminal = Terminal::of(&bench, "upgrade");
    terminal
        .until("waiting for the containers of 2.0.0")
        .press(CTRL_C);
    terminal
        .until("1.0.0 is being put back, which no Ctrl-C ends")
        .until("waiting for the containers of 1.0.0");
    for _ in 0..2 {
        terminal.press(CTRL_C);
    }
    terminal.until("still putting the former release back");
    fs::write(bench.directory().join("ready.1.0.0"), "").unwrap();
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    let log = fs::read_to_string(bench.directory().join("docker.log")).unwrap();
    let interrupted: Vec<&str> = log.lines().filter(|line| line.ends_with("interrupted")).collect();
    assert_eq!(interrupted, ["2.0.0 interrupted"], "{log}");
    assert_eq!(started(&bench), ["1.0.0", "2.0.0", "1.0.0"]);
    assert_eq!(recorded(&bench), "1.0.0");
    assert_eq!(outcomes(&bench), ["readinessFailed", "wentBack"]);
}

#[test]
fn a_release_takes_the_place_of_the_former_one_with_a_dump_kept() {
    let mut bench = running("1.0.0");
    let said = bench.run(&["upgrade", "--check"]);
    assert!(said.assert_good().stdout.contains("runs already"), "{said:?}");
    bench.set("CARACAL_VERSION", "2.0.0");
    let said = bench.run(&["upgrade", "--check", "--json"]);
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (
            1,
            "{\"running\":\"1.0.0\",\"installed\":\"2.0.0\",\"due\":true}\n"
        )
    );
    let run = bench.run(&["upgrade", "--json"]);
    let told: Value = serde_json::from_str(&run.assert_good().stdout).unwrap();
    assert_eq!(told["stack"], "runtime");
    assert_eq!(recorded(&bench), "2.0.0");
    assert_eq!(started(&bench), ["1.0.0", "2.0.0"]);
    assert_eq!(outcomes(&bench), ["success"]);
    let dump = bench.home().join("upgrade/before.dump");
    assert_eq!(fs::metadata(dump).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn containers_of_a_checkout_are_upgraded_by_building_them() {
    let bench = running("1.0.0");
    let record = bench.home().join("containers.json");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, text.replace("runtime", "development")).unwrap();
    bench
        .run(&["upgrade"])
        .assert_refused("up --compose` builds and starts");
    fs::write(&record, text).unwrap();
}

#[test]
fn doctor_looks_at_docker_the_release_and_every_role() {
    let mut bench = running("1.0.0");
    bench.set("CARACAL_VERSION", "2.0.0");
    fs::remove_file(bench.home().join("compose.yml")).unwrap();
    let run = bench.run(&["doctor", "--json"]);
    assert_eq!(run.code, 1, "{run:?}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let status = |name: &str| {
        let checks = report["checks"].as_array().unwrap().iter();
        let mut found = checks.filter(|check| check["check"] == name);
        let status = found.next().unwrap_or_else(|| panic!("no {name}: {report:#}"))["status"].clone();
        status.as_str().unwrap().to_owned()
    };
    for (name, expected) in [
        ("docker", "ok"),
        ("secrets", "ok"),
        ("directory", "ok"),
        ("release", "warn"),
        ("compose file", "fail"),
        // Nobody serves it: Docker is a stand-in.
        ("gateway", "fail"),
    ] {
        assert_eq!(status(name), expected, "{name}: {report:#}");
    }
}
