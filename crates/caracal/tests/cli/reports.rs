//! What the commands say, to people and to programs.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::Value;

use crate::bench::Bench;

const NAMES: [&str; 6] = ["api", "sts", "gateway", "audit", "coordinator", "web"];

fn services(json: &str) -> Vec<Value> {
    let json: Value = serde_json::from_str(json).expect("JSON");
    json["services"].as_array().expect("a list").clone()
}

#[test]
fn status_in_json_lists_every_service_with_its_real_port() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let run = bench.run(&["status", "--ready", "--json"]);
    let json: Value = serde_json::from_str(&run.assert_good().stdout).unwrap();
    assert_eq!(json["mode"], "ready");
    assert_eq!(run.stdout.lines().count(), 1);
    let endpoints: Value =
        serde_json::from_str(&std::fs::read_to_string(bench.home().join("endpoints.json")).unwrap()).unwrap();
    for (service, name) in services(&run.stdout).iter().zip(NAMES) {
        let base = endpoints[name].as_str().unwrap();
        assert_eq!(service["name"], name);
        assert_eq!(service["url"], format!("{base}/ready"));
        assert_eq!(service["port"].to_string(), base.rsplit(':').next().unwrap());
        assert_eq!(
            (&service["ok"], &service["detail"]),
            (&Value::Bool(true), &Value::from("200"))
        );
    }
}

#[test]
fn status_without_a_daemon_asks_the_expected_ports_and_fails() {
    let mut bench = Bench::new();
    for name in NAMES {
        // Bound and closed again: nobody listens there.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        bench.set(
            &format!("CARACAL_{}_LISTEN", name.to_uppercase()),
            &free.to_string(),
        );
    }
    let run = bench.run(&["status", "--json"]);
    assert_eq!(run.code, 1);
    assert_eq!(run.stderr, "");
    let services = services(&run.stdout);
    assert_eq!(services.len(), NAMES.len());
    assert!(
        services
            .iter()
            .all(|service| service["ok"] == false && service["detail"] == "unreachable")
    );
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["stores"][0]["detail"], "nobody serves it");
    assert_eq!(json["daemon"], Value::Null);
}

#[test]
fn status_in_json_tells_of_stores_versions_and_uptime() {
    let bench = Bench::new().with("FAKE_DAEMON", "unready");
    assert_eq!(bench.run(&["up", "--timeout", "1"]).code, 1);
    std::fs::write(bench.home().join("caracal.db"), [0; 4096]).unwrap();
    let run = bench.run(&["status", "--json"]);
    let json: Value = serde_json::from_str(&run.assert_good().stdout).unwrap();
    assert_eq!(json["stores"][0]["name"], "database");
    assert_eq!(json["stores"][0]["bytes"], 4096);
    assert_eq!(json["daemon"]["version"], "0.0.7");
    assert!(json["daemon"]["uptime_seconds"].is_u64(), "{json}");
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn status_looks_again_until_it_is_ended() {
    let bench = Bench::new();
    let mut child = bench
        .command()
        .args(["status", "--watch", "--interval", "1", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut looks = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let look: Value = serde_json::from_str(&looks.next().unwrap().unwrap()).unwrap();
        assert_eq!(look["ok"], false);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn config_tells_the_operators_file_from_the_callers_environment_and_from_us() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    let file = bench.home().join("caracal.env");
    std::fs::write(&file, "LOG_LEVEL=debug\n").unwrap();
    let run = bench.run(&["config", "--json"]);
    let settings: Value = serde_json::from_str(&run.assert_good().stdout).unwrap();
    assert_eq!(settings[0]["from"], "caracal");
    assert_eq!(settings[0]["value"], "dev");
    assert_eq!(settings[1]["from"], format!("file {}", file.display()));
    assert_eq!(settings[2]["from"], "not set: 2000");
    let words = bench.with("LOG_LEVEL", "info").run(&["config"]);
    let line = words.assert_good().stdout.lines().nth(1).unwrap();
    assert!(
        line.starts_with("LOG_LEVEL") && line.ends_with("environment"),
        "{line}"
    );
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let bench = Bench::new();
    assert!(bench.run(&["man"]).assert_good().stdout.contains(".TH caracal 1"));
    let pages = bench.directory().join("man 1");
    bench
        .run(&["man", "--dir", pages.to_str().unwrap()])
        .assert_good();
    for page in ["caracal.1", "caracal-up.1", "caracal-status.1"] {
        assert!(pages.join(page).is_file(), "{page}");
    }
    assert!(!pages.join("caracal-__launch.1").exists());
}

#[test]
fn a_line_of_the_log_that_is_no_record_becomes_one_where_json_is_wanted() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    std::fs::write(bench.log(), "plain \"words\"\n{\"level\":\"INFO\"}\n").unwrap();
    let run = bench.run(&["logs", "--json"]);
    let lines: Vec<Value> = run
        .assert_good()
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["message"], "plain \"words\"");
    assert_eq!(lines[1]["level"], "INFO");
}

#[test]
fn the_stack_of_another_home_is_not_reported_as_this_one() {
    let theirs = Bench::new();
    theirs.run(&["up"]).assert_good();
    let endpoints: Value =
        serde_json::from_str(&std::fs::read_to_string(theirs.home().join("endpoints.json")).unwrap())
            .unwrap();
    let mut ours = Bench::new();
    for name in NAMES {
        let address = endpoints[name].as_str().unwrap().trim_start_matches("http://");
        ours.set(&format!("CARACAL_{}_LISTEN", name.to_uppercase()), address);
    }
    let run = ours.run(&["status", "--json"]);
    assert_eq!(run.code, 1, "{run:?}");
    for service in services(&run.stdout) {
        assert_eq!(service["ok"], false);
        assert_eq!(service["detail"], "answers, but was not started from this home");
    }
    let words = ours.run(&["status"]);
    assert!(
        words.stderr.contains("no caracald was started from here; `"),
        "{words:?}"
    );
    assert!(
        words
            .stderr
            .contains(&format!("--home {} up`", ours.home().display())),
        "{words:?}"
    );
}

#[test]
fn endpoints_of_a_dead_daemon_are_not_believed() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
    // No process has this id: it is above what the kernel hands out.
    let stale = format!(
        "{{\"pid\":2147483647,\"api\":\"http://{}\"}}",
        foreign.local_addr().unwrap()
    );
    std::fs::write(bench.home().join("endpoints.json"), stale).unwrap();
    assert_eq!(
        services(&bench.run(&["status", "--json"]).stdout).len(),
        NAMES.len()
    );
}

#[test]
fn status_in_words_names_the_home_and_the_process() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let run = bench.run(&["status"]);
    let pid = bench.recorded_pid().unwrap();
    assert_eq!(
        run.assert_good().stdout.lines().count(),
        NAMES.len() + 4,
        "{run:?}"
    );
    assert!(
        !run.stdout.contains('\u{1b}'),
        "no colour without a terminal: {run:?}"
    );
    let expected = format!(
        "home {}: caracald 0.0.7 runs as pid {pid}, for ",
        bench.home().display()
    );
    assert!(run.stderr.starts_with(&expected), "{run:?}");
    assert!(
        run.stderr
            .ends_with(concat!("; this caracal is ", env!("CARGO_PKG_VERSION"), "\n")),
        "{run:?}"
    );
    assert_eq!(bench.run(&["status", "--quiet"]).stderr, "");
}

#[test]
fn up_in_json_is_one_line_with_the_places() {
    let bench = Bench::new();
    let run = bench.run(&["up", "--json"]);
    let json: Value = serde_json::from_str(&run.assert_good().stdout).unwrap();
    assert_eq!(json["pid"], bench.recorded_pid().unwrap());
    assert!(
        json["endpoints"]["gateway"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    assert!(
        json["admin_token_file"]
            .as_str()
            .unwrap()
            .ends_with("secrets/caracalAdminToken")
    );
}

#[test]
fn logs_show_the_end_without_tokens() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let all = bench.run(&["logs"]);
    assert_eq!(all.assert_good().stdout.lines().count(), 2, "{all:?}");
    assert!(
        all.stdout.contains("minted for ***") && !all.stdout.contains("eyJ"),
        "{all:?}"
    );
    let last = bench.run(&["logs", "-n", "1"]);
    assert!(
        last.stdout.lines().count() == 1 && last.stdout.contains("minted"),
        "{last:?}"
    );
    let api = bench.run(&["logs", "api"]);
    assert!(
        api.stdout.lines().count() == 1 && api.stdout.contains("starting"),
        "{api:?}"
    );
}

#[test]
fn logs_follow_what_is_appended_and_a_new_file() {
    use std::io::Write as _;
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    std::fs::write(bench.log(), "one\ntwo\n").unwrap();
    let mut child = bench
        .command()
        .args(["logs", "-f", "-n", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("two"));
    let mut log = std::fs::OpenOptions::new()
        .append(true)
        .open(bench.log())
        .unwrap();
    log.write_all(b"thr").unwrap();
    log.write_all(b"ee\n").unwrap();
    assert_eq!(lines.next().as_deref(), Some("three"));
    std::fs::rename(bench.log(), bench.home().join("caracald.log.1")).unwrap();
    std::fs::write(bench.log(), "four\n").unwrap();
    assert_eq!(lines.next().as_deref(), Some("four"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn logs_before_the_first_start_say_so() {
    Bench::new().run(&["logs"]).assert_refused("there is no log at");
}

#[test]
fn version_in_json_has_the_four_fields() {
    let run = Bench::new().run(&["version", "--json"]);
    let json: Value = serde_json::from_str(&run.assert_good().stdout).unwrap();
    assert_eq!(json["binary"], "caracal");
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert!(json["mode"].is_string() && json["sha"].is_string());
    let words = Bench::new().run(&["-v"]);
    assert_eq!(words.assert_good().stdout, Bench::new().run(&["version"]).stdout);
}

#[test]
fn help_is_an_answer_and_documents_the_exit_codes() {
    let bench = Bench::new();
    let bare = bench.run(&[]);
    assert_eq!(bare.assert_good().stderr, "");
    let help = bench.run(&["--help"]);
    assert!(help.assert_good().stdout.contains("Exit codes:"), "{help:?}");
    for command in crate::manners::commands(&bench) {
        if command == "help" {
            continue;
        }
        let help = bench.run(&[&command, "--help"]).assert_good().stdout.clone();
        let (examples, usage) = (help.find("Examples:"), help.find("Usage:"));
        assert!(examples.is_some() && examples < usage, "examples first: {help}");
    }
    assert!(!help.stdout.contains("__launch"), "{help:?}");
}

#[test]
fn completions_exist_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = Bench::new().run(&["completions", shell]);
        assert!(run.assert_good().stdout.contains("caracal"), "{shell}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    std::fs::write(bench.log(), "line\n".repeat(200_000)).unwrap();
    let mut child = bench
        .command()
        .args(["logs", "-n", "200000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn the_script_of_the_first_call_explains_itself_while_nothing_runs() {
    let bench = Bench::new();
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/first-call.sh");
    let run = |argument: &str| -> crate::bench::Run {
        let mut command = bench.command_of(std::path::Path::new("bash"));
        command.arg(&script).arg(argument).output().unwrap().into()
    };
    assert!(run("--help").assert_good().stdout.contains("--mandate"));
    let unknown = run("--nope");
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("unknown argument --nope"), "{unknown:?}");
}

#[test]
fn an_answer_that_nobody_reads_is_no_crash_and_keeps_its_exit_code() {
    let mut bench = Bench::new();
    for name in NAMES {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        bench.set(
            &format!("CARACAL_{}_LISTEN", name.to_uppercase()),
            &free.to_string(),
        );
    }
    for (arguments, code) in [
        (&["status"][..], 1),
        (&["status", "--json"], 1),
        (&["version"], 0),
        (&["version", "--json"], 0),
        (&["down"], 0),
        (&["completions", "bash"], 0),
        (&["--help"], 0),
        (&["--version"], 0),
    ] {
        let (reader, unread) = std::io::pipe().unwrap();
        drop(reader);
        let ended = bench.command().args(arguments).stdout(unread).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(
            !said.contains("panicked") && !said.contains("failed printing"),
            "{arguments:?}: {said}"
        );
    }
}
