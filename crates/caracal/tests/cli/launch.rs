//! `caracal run`: what a program is given, what keeps it from being started, and that nothing of it is left.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::bench::{Bench, Run};
use crate::sts::{Sts, credential, manifest, variable};

const SECRET: &str = "ws_0123456789abcdef0123456789abcdef0123456789a";
const KEY: &str = r#"{"env":"API_KEY","resource":"resource://tickets","scopes":[],"optional":false}"#;

fn bench(sts: &Sts) -> Bench {
    Bench::new()
        .with("CARACAL_STS_URL", &sts.url)
        .with("CARACAL_WORKLOAD_ID", "w1")
        .with("CARACAL_WORKLOAD_SECRET", SECRET)
        .with("AWS_SECRET_ACCESS_KEY", "of the shell")
        .with("LC_TIME", "C")
}

fn run(bench: &Bench, shell: &str) -> Run {
    bench.run(&["run", "--", "/bin/sh", "-c", shell])
}

/// Nothing was started: one sentence, and the exit code that says so.
#[track_caller]
fn assert_not_started(run: &Run, words: &str) {
    assert_eq!((run.code, run.stdout.as_str()), (125, ""), "{run:?}");
    let last = run.stderr.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("caracal: ") && last.contains(words),
        "{words}: {run:?}"
    );
    assert!(!run.stderr.contains(SECRET), "{run:?}");
}

#[test]
fn a_program_sees_its_credentials_and_nothing_else_of_the_shell() {
    let sts = Sts::answering(|path, body| match path {
        "/v1/run/manifest" => (200, manifest(KEY)),
        _ => (200, credential(&variable(body), Some(4_000_000_000))),
    });
    let seen = run(&bench(&sts), "env");
    let mut names: Vec<&str> = seen
        .assert_good()
        .stdout
        .lines()
        // What the shell itself adds.
        .filter(|line| {
            !["PWD=", "_=", "SHLVL=", "OLDPWD="]
                .iter()
                .any(|own| line.starts_with(own))
        })
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "API_KEY=value-of-API_KEY",
            "API_KEY_EXPIRES_AT=4000000000",
            "LC_TIME=C",
            "PATH=/usr/bin:/bin",
        ]
    );
    let asked = sts.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].1, format!("workload_id=w1&secret={SECRET}&env=API_KEY"));

    let named = bench(&sts).run(&["run", "--env", "AWS_SECRET_ACCESS_KEY", "--", "env"]);
    assert!(named.assert_good().stdout.contains("of the shell"), "{named:?}");
    assert_not_started(
        &bench(&sts).run(&["run", "--env", "CARACAL_WORKLOAD_SECRET", "--", "env"]),
        "never passed on",
    );
}

#[test]
fn the_exit_code_is_the_programs_own() {
    let sts = Sts::of("");
    let bench = bench(&sts);
    for (shell, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        assert_eq!(run(&bench, shell).code, code, "{shell}");
    }
    let missing = bench.run(&["run", "--", "/nowhere/program"]);
    assert_eq!(missing.code, 127);
    assert_eq!(missing.stderr, "caracal: /nowhere/program was not found\n");
    let refused = bench.run(&["run", "--", "/etc/passwd"]);
    assert_eq!(refused.code, 126, "{refused:?}");
    // The program's own flags are its own, and no shell reads them.
    let flags = bench.run(&["run", "echo", "-n", "--json", "$HOME", "*"]);
    assert_eq!(flags.assert_good().stdout, "--json $HOME *");
}

#[test]
fn a_needed_credential_that_is_refused_starts_nothing_and_a_dispensable_one_is_told() {
    let optional = r#"{"env":"EXTRA","resource":"resource://extra","optional":true,"on_failure":"warn"}"#;
    let both = format!("{KEY},{optional}");
    let refusing = |refused: &'static str| {
        let both = both.clone();
        Sts::answering(move |path, body| match path {
            "/v1/run/manifest" => (200, manifest(&both)),
            _ if variable(body) == refused => (
                403,
                r#"{"error":"access_denied","error_description":"policy denied (scope)","requestId":"r1"}"#
                    .to_owned(),
            ),
            _ => (200, credential(&variable(body), None)),
        })
    };
    let sts = refusing("API_KEY");
    let run_ = run(&bench(&sts), "echo started");
    assert_not_started(&run_, "no credential for API_KEY; nothing was started");
    let line: Value = serde_json::from_str(run_.stderr.lines().next().unwrap()).unwrap();
    assert_eq!(
        line,
        serde_json::json!({
            "resource": "resource://tickets", "reason": "policy denied (scope)", "requestId": "r1"
        })
    );
    let sts = refusing("EXTRA");
    let run_ = run(&bench(&sts), "echo ${API_KEY} ${EXTRA-none}");
    assert_eq!(run_.assert_good().stdout, "value-of-API_KEY none\n");
    assert_eq!(
        run_.stderr,
        "EXTRA is not set: policy denied (scope) (resource://extra)\n"
    );
}

#[test]
fn a_manifest_that_would_have_programs_load_or_redirect_is_refused_before_anything_is_minted() {
    for name in [
        "PATH",
        "ld_preload",
        "NODE_OPTIONS",
        "CARACAL_STS_URL",
        "https_proxy",
        "1A",
        "A B",
    ] {
        let sts = Sts::of(&format!(r#"{{"env":"{name}","resource":"resource://x"}}"#));
        let run = run(&bench(&sts), "echo started");
        assert_not_started(&run, name);
        assert_eq!(sts.asked().len(), 1, "{name}");
    }
    let sts = Sts::of(&format!("{KEY},{KEY}"));
    assert_not_started(&run(&bench(&sts), "echo started"), "API_KEY is bound twice");
}

#[test]
fn whoever_is_not_the_sts_of_the_workload_is_told_apart() {
    for (status, body, words) in [
        (
            401,
            r#"{"error":"access_denied","error_description":"invalid workload credentials"}"#,
            "invalid workload credentials",
        ),
        (307, "", "answers with a redirect, which is not followed"),
        (500, "oops", "it answered 500"),
        (200, "[]", "something that is no manifest"),
    ] {
        let sts = Sts::answering(move |_, _| (status, body.to_owned()));
        assert_not_started(&run(&bench(&sts), "echo started"), words);
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut bench = bench(&Sts::of(""));
    bench.set("CARACAL_STS_URL", &format!("http://{nobody}"));
    assert_not_started(&run(&bench, "echo started"), "cannot be asked");
}

#[test]
fn an_approval_is_waited_for_and_redeemed_once() {
    for (decision, code) in [("approved", 0), ("rejected", 125)] {
        let looks = AtomicU64::new(0);
        let sts = Sts::answering(move |path, body| match path {
            "/v1/run/manifest" => (200, manifest(KEY)),
            "/v1/run/credential" if body.ends_with("&approval_id=apr_1") => {
                (200, credential("API_KEY", None))
            }
            "/v1/run/credential" => (
                401,
                r#"{"error":"interaction_required","approval_id":"apr_1","binding":"b1",
                    "approval_expires_at":"2999-01-01T00:00:00Z","requestId":"r1"}"#
                    .to_owned(),
            ),
            _ => {
                assert!(path.starts_with("/approvals/apr_1?wait="), "{path}");
                let first = looks.fetch_add(1, Ordering::Relaxed) == 0;
                let state = if first { "pending" } else { decision };
                (200, format!(r#"{{"id":"apr_1","state":"{state}"}}"#))
            }
        });
        let run = run(&bench(&sts), "echo $API_KEY");
        assert_eq!(run.code, code, "{run:?}");
        let held: Value = serde_json::from_str(run.stderr.lines().next().unwrap()).unwrap();
        assert_eq!(held["reason"], "approval_required");
        assert_eq!(
            (&held["approval_id"], &held["binding"]),
            (&"apr_1".into(), &"b1".into())
        );
        assert!(
            run.stderr.contains("API_KEY waits for the approval apr_1"),
            "{run:?}"
        );
        if decision == "approved" {
            assert_eq!(run.stdout, "value-of-API_KEY\n");
            assert_eq!(sts.asked().len(), 5);
        } else {
            assert!(run.stderr.contains(r#""reason":"approval_rejected""#), "{run:?}");
        }
    }
}

#[test]
fn what_would_be_given_is_shown_without_minting_anything() {
    let sts = Sts::of(KEY);
    let shown = bench(&sts).run(&["run", "--print-env", "--", "/nowhere"]);
    assert_eq!(
        shown.assert_good().stdout.lines().last(),
        Some("API_KEY=*** (resource://tickets)")
    );
    let json = bench(&sts).run(&["--json", "run", "--print-env", "--", "/nowhere"]);
    let json: Value = serde_json::from_str(&json.assert_good().stdout).unwrap();
    assert_eq!(json["bindings"][0]["env"], "API_KEY");
    assert_eq!(json["inherited"]["LC_TIME"], "C");
    assert!(sts.asked().iter().all(|(path, _)| path == "/v1/run/manifest"));
}

/// A launch whose program says the process ids of what it started, one a line, and then `last`.
fn start(bench: &Bench, shell: &str) -> (Child, impl Iterator<Item = String> + use<>) {
    let mut launcher = bench
        .command_of(Path::new("/usr/bin/env"))
        // Whoever runs the tests in the background has them ignore SIGINT, and what is ignored is inherited.
        .args(["--default-signal=INT", env!("CARGO_BIN_EXE_caracal")])
        .args(["run", "--grace", "1", "--", "/bin/bash", "-c", shell])
        .stdout(Stdio::piped())
        .spawn()
        .expect("caracal runs");
    let screen = launcher.stdout.take().expect("a pipe");
    (launcher, BufReader::new(screen).lines().map_while(Result::ok))
}

fn pid(line: Option<String>) -> Pid {
    Pid::from_raw(line.expect("a line").parse().expect("a process id"))
}

/// Waits until none of them is there; a dead one that nobody took note of is not.
fn until_gone(processes: &[Pid]) {
    let is_there = |process: &&Pid| {
        std::fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| {
            stat.rsplit_once(") ")
                .is_some_and(|(_, rest)| !rest.starts_with('Z'))
        })
    };
    while processes.iter().any(|process| is_there(&process)) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Two that would stay: one that hears no TERM, and one that left the session and its parent. They say their ids in
/// whatever order.
const STAYERS: &str = "(trap '' TERM; while :; do sleep 1; done) & echo stayer $!; \
    (setsid bash -c 'echo stayer $$; exec sleep 1000' &); ";

/// The next `count` process ids by what they are.
fn named(lines: &mut impl Iterator<Item = String>, count: usize) -> Vec<(String, Pid)> {
    let name = |line: String| {
        let (name, id) = line.split_once(' ').expect("a name and an id");
        (name.to_owned(), Pid::from_raw(id.parse().expect("a process id")))
    };
    lines.take(count).map(name).collect()
}

#[test]
fn nothing_that_a_program_started_outlives_it() {
    let sts = Sts::of("");
    let bench = bench(&sts);
    let (mut launcher, mut lines) = start(&bench, &format!("{STAYERS} sleep 0.5; exit 3"));
    let stayers: Vec<Pid> = named(&mut lines, 2).into_iter().map(|(_, id)| id).collect();
    assert_eq!(launcher.wait().unwrap().code(), Some(3));
    until_gone(&stayers);
}

#[test]
fn nothing_outlives_a_launcher_or_a_watcher_that_was_killed() {
    let sts = Sts::of("");
    let bench = bench(&sts);
    for victim in ["launcher", "watcher"] {
        let (mut launcher, mut lines) = start(
            &bench,
            &format!("{STAYERS} echo program $$; echo watcher $PPID; sleep 1000"),
        );
        let named = named(&mut lines, 4);
        let tree: Vec<Pid> = named.iter().map(|(_, id)| *id).collect();
        let doomed = named.iter().find(|(name, _)| name == victim).map_or_else(
            || Pid::from_raw(i32::try_from(launcher.id()).unwrap()),
            |(_, watcher)| *watcher,
        );
        kill(doomed, Signal::SIGKILL).unwrap();
        let ended = launcher.wait().unwrap();
        until_gone(&tree);
        if victim == "watcher" {
            assert_eq!(ended.code(), Some(137));
        }
    }
}

#[test]
fn each_signal_reaches_the_program_once() {
    let sts = Sts::of("");
    let bench = bench(&sts);
    for (signal, name) in [
        (Signal::SIGTERM, "TERM"),
        (Signal::SIGINT, "INT"),
        (Signal::SIGHUP, "HUP"),
    ] {
        let shell = format!("trap 'echo heard' {name}; echo $$; while :; do read -t 0.1 <> <(:); done");
        let (mut launcher, mut lines) = start(&bench, &shell);
        let program = pid(lines.next());
        kill(Pid::from_raw(i32::try_from(launcher.id()).unwrap()), signal).unwrap();
        assert_eq!(lines.next().as_deref(), Some("heard"));
        kill(program, Signal::SIGKILL).unwrap();
        assert_eq!(launcher.wait().unwrap().code(), Some(137));
        assert_eq!(lines.next(), None, "{name} was heard twice");
    }
}

#[test]
fn a_refreshed_credential_reaches_the_program_before_the_old_one_ends() {
    let round = AtomicU64::new(0);
    let sts = Sts::answering(move |path, _| {
        if path == "/v1/run/manifest" {
            return (200, manifest(KEY));
        }
        let round = round.fetch_add(1, Ordering::Relaxed);
        // The first has ended when it arrives, the next one holds.
        let end = if round == 0 { 1 } else { 4_000_000_000_u64 };
        (
            200,
            format!(r#"{{"env":"API_KEY","credential":"round-{round}","expires_at":{end}}}"#),
        )
    });
    let bench = bench(&sts);
    let file = bench.directory().join("fresh credentials.json");
    let run = bench.run(&[
        "run",
        "--refresh",
        file.to_str().unwrap(),
        "--",
        "/bin/sh",
        "-c",
        "echo $API_KEY; stat -c %a \"$CARACAL_CREDENTIALS_FILE\"; \
         until grep -o round-1 \"$CARACAL_CREDENTIALS_FILE\"; do sleep 0.05; done",
    ]);
    assert_eq!(run.assert_good().stdout, "round-0\n600\nround-1\n");
    assert!(!file.exists(), "credentials do not outlive the program");
}

#[test]
fn ctrl_c_at_a_terminal_reaches_the_program_once_and_its_exit_code_comes_back() {
    let sts = Sts::of("");
    let bench = bench(&sts);
    let caracal = env!("CARGO_BIN_EXE_caracal");
    let inner = "trap 'echo heard; exit 9' INT; echo begun; read line; read line";
    let typed = format!("exec /usr/bin/env --default-signal=INT {caracal} run -- /bin/bash -c \"{inner}\"");
    let mut script: Command = bench.command_of(Path::new("script"));
    let mut script = script
        .args(["-q", "-e", "-c", &typed, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap().trim(), "begun");
    std::io::Write::write_all(script.stdin.as_mut().unwrap(), b"typed\n\x03").unwrap();
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert_eq!(
        rest.iter().filter(|line| line.contains("heard")).count(),
        1,
        "{rest:?}"
    );
    assert_eq!(script.wait().unwrap().code(), Some(9), "{rest:?}");
}
