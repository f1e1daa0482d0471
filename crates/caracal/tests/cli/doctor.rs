//! What `doctor` finds, and what it says to do.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::bench::{Bench, Run};

/// The only check of this name, with its status, detail and advice.
#[track_caller]
fn check(run: &Run, name: &str) -> (String, String, String) {
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let found: Vec<&Value> = report["checks"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|check| check["check"] == name)
        .collect();
    assert_eq!(found.len(), 1, "{name}: {report:#}");
    let text = |key: &str| found[0][key].as_str().unwrap_or_default().to_owned();
    (text("status"), text("detail"), text("advice"))
}

fn looked(bench: &Bench) -> Run {
    bench.run(&["doctor", "--preflight", "--json"])
}

fn private(bench: &Bench) {
    std::fs::create_dir_all(bench.home()).expect("a directory of ours");
    std::fs::set_permissions(bench.home(), std::fs::Permissions::from_mode(0o700))
        .expect("a directory of ours");
}

#[test]
fn nothing_is_made_by_looking() {
    let bench = Bench::new();
    let run = looked(&bench);
    assert!(check(&run, "directory").1.contains("is made at the first start"));
    assert_eq!(run.assert_good().stdout.lines().count(), 1);
    assert!(!bench.home().exists());
}

#[test]
fn a_running_stack_is_found_well_and_its_ports_its_own() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let run = bench.run(&["doctor", "--json"]);
    assert_eq!(check(&run, "gateway").0, "ok");
    assert!(
        check(&run, "port of gateway")
            .1
            .contains("served from this state")
    );
    assert!(check(&run, "in use by").1.contains("pid"));
    // The stand-in says that it is another version.
    let (status, detail, _) = check(&run, "caracald");
    assert_eq!(status, "warn", "{detail}");
    run.assert_good();
    assert_eq!(bench.run(&["doctor", "--strict"]).code, 1);
}

#[test]
fn a_role_that_is_not_ready_is_named_with_where_to_look() {
    let bench = Bench::new().with("FAKE_DAEMON", "unready");
    assert_eq!(bench.run(&["up", "--timeout", "1"]).code, 1);
    let run = bench.run(&["doctor", "--json"]);
    assert_eq!(run.code, 1);
    let (status, _, advice) = check(&run, "gateway");
    assert_eq!(status, "fail");
    assert!(advice.contains("logs gateway"), "{advice}");
}

#[test]
fn a_stack_that_does_not_run_is_a_warning_with_the_command_that_starts_it() {
    let bench = Bench::new();
    let run = bench.run(&["doctor", "--json"]);
    let (status, _, advice) = check(&run, "stack");
    assert_eq!(status, "warn");
    assert!(advice.contains(" up`"), "{advice}");
    run.assert_good();
}

#[test]
fn a_taken_port_is_named_with_its_holder_and_the_way_out() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let bench = Bench::new().with("CARACAL_STS_LISTEN", &address);
    let run = looked(&bench);
    assert_eq!(run.code, 1);
    let (status, detail, advice) = check(&run, "port of sts");
    assert_eq!(status, "fail");
    assert!(
        detail.contains(&format!("(pid {})", std::process::id())),
        "{detail}"
    );
    assert!(advice.contains("CARACAL_STS_LISTEN="), "{advice}");
}

#[test]
fn an_open_or_empty_secret_is_named_and_never_shown() {
    let bench = Bench::new();
    private(&bench);
    let secrets = bench.home().join("secrets");
    std::fs::create_dir(&secrets).unwrap();
    for (name, content, mode) in [
        ("open", "cs_0123456789abcdef0123456789", 0o644),
        ("empty", "", 0o600),
        ("good", "cs_0123456789abcdef0123456789", 0o600),
    ] {
        std::fs::write(secrets.join(name), content).unwrap();
        std::fs::set_permissions(secrets.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let run = looked(&bench);
    assert_eq!(run.code, 1);
    let (status, _, advice) = check(&run, "open");
    assert_eq!(status, "warn");
    assert!(advice.starts_with("chmod 600 "), "{advice}");
    assert_eq!(check(&run, "empty").0, "fail");
    assert!(check(&run, "files").1.starts_with("1 for their owner"));
    assert!(!run.stdout.contains("cs_0123"), "{}", run.stdout);
}

#[test]
fn a_broken_settings_file_and_a_setting_that_makes_no_sense_are_both_told() {
    let bench = Bench::new().with("FAKE_UNKNOWN", "1");
    private(&bench);
    std::fs::write(bench.home().join("caracal.env"), "no equals sign\n").unwrap();
    let run = looked(&bench);
    assert_eq!(run.code, 1);
    assert_eq!(check(&run, "settings file").0, "fail");
    assert!(check(&run, "settings").1.contains("FAKE_UNKNOWN is no setting"));
}

#[test]
fn state_of_a_newer_version_and_a_clock_before_it_are_told() {
    let bench = Bench::new();
    private(&bench);
    let marker = bench.home().join("runtime.json");
    std::fs::write(
        &marker,
        r#"{"version":"999.0.0","updatedAt":"2099-01-01T00:00:00Z"}"#,
    )
    .unwrap();
    let ahead = std::time::UNIX_EPOCH + std::time::Duration::from_hours(24 * 365 * 100);
    std::fs::File::open(&marker).unwrap().set_modified(ahead).unwrap();
    let run = looked(&bench);
    assert_eq!(run.code, 1);
    assert!(check(&run, "version of the state").1.contains("999.0.0"));
    let (status, detail, _) = check(&run, "clock");
    assert_eq!(status, "fail");
    assert!(detail.contains("before the last start"), "{detail}");
}

#[test]
fn a_home_that_is_a_file_or_open_to_others_is_told() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home().parent().unwrap()).unwrap();
    std::fs::write(bench.home(), "").unwrap();
    let run = looked(&bench);
    assert_eq!((run.code, check(&run, "directory").0.as_str()), (1, "fail"));
    std::fs::remove_file(bench.home()).unwrap();
    private(&bench);
    std::fs::set_permissions(bench.home(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (status, _, advice) = check(&looked(&bench), "directory");
    assert_eq!(status, "warn");
    assert!(advice.starts_with("chmod 700"), "{advice}");
}

#[test]
fn a_full_disk_is_told_with_what_a_start_needs() {
    let bench = Bench::new().with("CARACAL_MIN_FREE_MIB", "999999999");
    private(&bench);
    let run = looked(&bench);
    assert_eq!(run.code, 1);
    assert!(check(&run, "free disk").1.contains("a start needs 999999999"));
}

#[test]
fn the_identity_of_a_workload_is_looked_at_where_one_is_named() {
    let bench = Bench::new()
        .with("CARACAL_WORKLOAD_ID", "w1")
        .with("CARACAL_WORKLOAD_SECRET_FILE", "/nowhere");
    let run = looked(&bench);
    assert_eq!(run.code, 1);
    assert!(check(&run, "identity").1.contains("cannot read the secret"));
    let bench = Bench::new()
        .with("CARACAL_WORKLOAD_ID", "w1")
        .with("CARACAL_WORKLOAD_SECRET", "ws_0123456789abcdef0123456789abcdef");
    let run = looked(&bench);
    assert!(check(&run, "identity").1.contains("asked for at"));
    assert!(!run.assert_good().stdout.contains("ws_0123"));
}

#[test]
fn people_get_sections_aligned_with_a_count_at_the_end() {
    let run = Bench::new().run(&["doctor"]);
    let text = &run.assert_good().stdout;
    for section in ["installation", "state", "secrets", "host", "services"] {
        assert!(text.lines().any(|line| line == section), "{text}");
    }
    assert!(text.trim_end().ends_with("0 to mend"), "{text}");
}
