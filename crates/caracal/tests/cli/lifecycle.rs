//! Up, running, down, and everything that can come in between.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getsid};

use crate::bench::{Bench, Run};

#[test]
fn up_starts_a_daemon_that_down_stops() {
    let bench = Bench::new();
    let up = bench.run(&["up"]);
    assert!(
        up.assert_good().stdout.starts_with("caracald is ready (pid "),
        "{up:?}"
    );
    for part in [
        "api          http://127.0.0.1:",
        "secrets/caracalAdminToken",
        "caracald.log",
        "curl ",
    ] {
        assert!(up.stdout.contains(part), "{part}: {up:?}");
    }
    let pid = bench.recorded_pid().unwrap();
    let down = bench.run(&["down"]);
    assert_eq!(
        down.assert_good().stdout,
        format!("stopped caracald (pid {pid})\n")
    );
    assert!(!bench.home().join("endpoints.json").exists());
    assert_eq!(bench.run(&["status"]).code, 1);
}

#[test]
fn an_interrupted_up_leaves_no_daemon_behind() {
    for (signal, behaviour) in [
        (Signal::SIGINT, "deaf"),
        (Signal::SIGTERM, "unready"),
        (Signal::SIGHUP, "deaf"),
    ] {
        let bench = Bench::new().with("FAKE_DAEMON", behaviour);
        // Whoever runs the tests in the background has them ignore SIGINT, and what is ignored is inherited.
        let up = bench
            .command_of(Path::new("/usr/bin/env"))
            .args([
                "--default-signal=INT,TERM,HUP",
                env!("CARGO_BIN_EXE_caracal"),
                "up",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let daemon = loop {
            if let Some(pid) = bench.recorded_pid() {
                break pid;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        kill(Pid::from_raw(i32::try_from(up.id()).unwrap()), signal).unwrap();
        let run = Run::from(up.wait_with_output().unwrap());
        assert_eq!(run.code, 130, "{signal}: {run:?}");
        assert!(run.stderr.contains("interrupted while starting"), "{run:?}");
        assert_eq!(kill(Pid::from_raw(daemon), None), Err(Errno::ESRCH), "{signal}");
        assert_eq!(bench.recorded_pid(), None);
    }
}

#[test]
fn what_up_prints_works_as_typed() {
    let bench = Bench::new();
    let up = bench.run(&["up"]);
    let stop = up.assert_good().stdout.lines().last().unwrap();
    let command = stop.split('`').nth(1).unwrap();
    // A shell without our environment, as another terminal would be.
    let typed: Run = Command::new("/bin/sh")
        .args(["-c", command])
        .env_clear()
        .output()
        .unwrap()
        .into();
    assert!(
        typed.assert_good().stdout.starts_with("stopped caracald"),
        "{command}: {typed:?}"
    );
}

#[test]
fn down_when_nothing_runs_is_no_failure() {
    let bench = Bench::new();
    assert_eq!(bench.run(&["down"]).assert_good().stdout, "not running\n");
    bench.run(&["up"]).assert_good();
    bench.run(&["down"]).assert_good();
    assert_eq!(bench.run(&["down"]).assert_good().stdout, "not running\n");
}

#[test]
fn a_crashed_daemon_leaves_a_stale_lock_that_up_cleans() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let gone = bench.kill_daemon();
    let up = bench.run(&["up"]);
    let expected = format!("cleaned a stale lock: caracald (pid {gone}) ended without a clean stop\n");
    assert!(up.assert_good().stderr.contains(&expected), "{up:?}");
    assert_ne!(bench.recorded_pid(), Some(gone));
}

#[test]
fn a_crashed_daemon_leaves_a_stale_lock_that_down_cleans() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    bench.kill_daemon();
    let down = bench.run(&["down"]);
    assert!(
        down.assert_good().stderr.contains("cleaned a stale lock"),
        "{down:?}"
    );
    assert_eq!(down.stdout, "not running\n");
    assert_eq!(bench.recorded_pid(), None);
}

#[test]
fn a_stubborn_daemon_is_killed_with_a_warning() {
    let bench = Bench::new();
    // An ignored signal stays ignored over every exec from here to the daemon.
    let start = format!("trap '' TERM; exec {} up", env!("CARGO_BIN_EXE_caracal"));
    let up: Run = bench
        .command_of(Path::new("/bin/sh"))
        .args(["-c", &start])
        .output()
        .unwrap()
        .into();
    up.assert_good();
    let down = bench.run(&["down", "--timeout", "0"]);
    assert!(
        down.assert_good()
            .stderr
            .contains("did not stop within 0 s and is killed"),
        "{down:?}"
    );
    assert!(down.stdout.starts_with("stopped caracald"), "{down:?}");
}

#[test]
fn a_strangers_process_is_never_signalled() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    // The lock is held by the daemon, but its record now names this test with another start.
    let record = std::fs::read_to_string(bench.home().join(".lock")).unwrap();
    let forged = format!("{{\"pid\":{},\"start_ticks\":1}}", std::process::id());
    std::fs::write(bench.home().join(".lock"), forged).unwrap();
    bench
        .run(&["down"])
        .assert_refused("but not by the recorded caracald");
    std::fs::write(bench.home().join(".lock"), record).unwrap();
    bench.run(&["down"]).assert_good();
}

#[test]
fn the_daemon_leads_a_session_without_a_terminal() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let pid = bench.recorded_pid().unwrap();
    assert_eq!(getsid(Some(Pid::from_raw(pid))), Ok(Pid::from_raw(pid)));
}

#[test]
fn the_daemon_survives_the_end_of_its_terminal() {
    let bench = Bench::new();
    let inner = format!("{} up && kill -HUP $$", env!("CARGO_BIN_EXE_caracal"));
    let mut terminal = if Path::new("/usr/bin/script").exists() {
        // script(1) gives the command a pseudo terminal and hangs it up at the end.
        let mut command = bench.command_of(Path::new("/usr/bin/script"));
        command.args(["-q", "-c", &inner, "/dev/null"]);
        command
    } else {
        let mut command: Command = bench.command_of(Path::new("/bin/sh"));
        command.args(["-c", &inner]);
        command
    };
    terminal.output().unwrap();
    bench.run(&["status", "--ready"]).assert_good();
}

#[test]
fn state_and_log_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&bench.home()), 0o700);
    assert_eq!(mode(&bench.log()), 0o600);
    // Written by the daemon itself, under the mask it was started with.
    assert_eq!(mode(&bench.home().join("endpoints.json")), 0o600);
}

#[test]
fn a_large_log_is_rotated_at_the_next_start() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    std::fs::write(bench.log(), vec![b'x'; 10 * 1024 * 1024 + 1]).unwrap();
    bench.run(&["up"]).assert_good();
    assert!(std::fs::metadata(bench.log()).unwrap().len() < 10_000);
    let old = bench.home().join("caracald.log.1");
    assert_eq!(std::fs::metadata(old).unwrap().len(), 10 * 1024 * 1024 + 1);
}

#[test]
fn settings_of_the_operators_file_reach_the_daemon() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    std::fs::write(bench.home().join("caracal.env"), "# mine\nFAKE_DAEMON='die'\n").unwrap();
    bench.run(&["up"]).assert_refused("file is not a database");
}

#[test]
fn in_the_foreground_up_becomes_the_daemon() {
    let bench = Bench::new().with("FAKE_DAEMON", "die");
    let run = bench.run(&["up", "--foreground"]);
    // The daemon's own exit code and its own stderr.
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stderr.contains("cannot open the store"), "{run:?}");
    let mut child = Bench::new().with("FAKE_DAEMON", "deaf");
    child.set("CARACAL_HOME", bench.home().to_str().unwrap());
    let mut running = child
        .command()
        .args(["up", "--foreground"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let own = i32::try_from(running.id()).unwrap();
    while bench.recorded_pid() != Some(own) {
        assert!(running.try_wait().unwrap().is_none(), "the daemon runs on");
        std::thread::yield_now();
    }
    let down = bench.run(&["down"]);
    assert_eq!(
        down.assert_good().stdout,
        format!("stopped caracald (pid {own})\n")
    );
    running.wait().unwrap();
}

#[test]
fn two_starts_at_once_leave_one_daemon() {
    let bench = Bench::new();
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = bench.command();
            command.arg("up").stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let runs: Vec<Run> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap().into())
        .collect();
    // One of them starts it, and the others wait for it.
    let began = |how: &str| {
        let words = format!("caracald {how} (pid {})", bench.recorded_pid().unwrap());
        runs.iter()
            .filter(|run| run.assert_good().stdout.starts_with(&words))
            .count()
    };
    assert_eq!(
        (began("is ready"), began("is running already")),
        (1, 3),
        "{runs:?}"
    );
    bench.run(&["status", "--ready"]).assert_good();
}

#[test]
fn up_where_something_starts_waits_for_that_as_long_as_for_its_own() {
    let bench = Bench::new().with("FAKE_DAEMON", "unready");
    assert_eq!(bench.run(&["up", "--timeout", "1"]).code, 1);
    let again = bench.run(&["up", "--timeout", "1"]);
    again.assert_refused("not ready after 1 s: gateway (503 sts_unreachable)");
    // It is not this one's to stop.
    bench.run(&["status"]).assert_good();
}
