//! What cannot work is refused with one sentence and a non-zero exit, before anything is started.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use crate::bench::Bench;

#[test]
fn a_missing_caracald_is_named() {
    let mut bench = Bench::new();
    bench.set("CARACAL_CARACALD", "/nonexistent/caracald");
    bench
        .run(&["up"])
        .assert_refused("CARACAL_CARACALD names /nonexistent/caracald, which cannot be used");
    assert!(!bench.home().exists(), "nothing was created");
}

#[test]
fn a_caracald_that_is_nowhere_says_where_it_was_looked_for() {
    let bench = Bench::new();
    // Another name for the binary, in a directory without a caracald. A link, because a fresh copy may
    // still be open for writing in a child of a neighbouring test.
    let alone = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let copy = alone.path().join("caracal");
    std::fs::hard_link(env!("CARGO_BIN_EXE_caracal"), &copy).unwrap();
    let output = bench
        .command_of(&copy)
        .env_remove("CARACAL_CARACALD")
        .arg("up")
        .output()
        .unwrap();
    crate::bench::Run::from(output).assert_refused("caracald was not found beside");
}

#[test]
fn a_caracald_that_is_not_executable_is_named() {
    let mut bench = Bench::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    bench.set("CARACAL_CARACALD", file.path().to_str().unwrap());
    bench
        .run(&["up"])
        .assert_refused("which is not an executable file");
}

#[test]
fn a_port_in_use_is_named_with_its_role_and_the_way_out() {
    let mut bench = Bench::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    bench.set("CARACAL_STS_LISTEN", &address.to_string());
    let run = bench.run(&["up"]);
    run.assert_refused(&format!("port {} (sts", address.port()));
    run.assert_refused("already in use");
    run.assert_refused("CARACAL_STS_LISTEN=");
    assert_eq!(bench.recorded_pid(), None);
}

#[test]
fn an_address_that_makes_no_sense_is_named() {
    let bench = Bench::new().with("CARACAL_API_LISTEN", "3000");
    bench
        .run(&["up"])
        .assert_refused("CARACAL_API_LISTEN must be an address and a port");
}

#[test]
fn a_file_in_place_of_the_state_directory_is_refused() {
    let bench = Bench::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    bench
        .run(&["up", "--home", path])
        .assert_refused("is not a directory");
    bench
        .run(&["up", "--home", &format!("{path}/below")])
        .assert_refused("is not a directory");
}

#[test]
fn a_state_directory_that_cannot_be_created_is_refused() {
    // Nobody, root included, creates directories there.
    Bench::new()
        .run(&["up", "--home", "/proc/caracal"])
        .assert_refused("/proc/caracal cannot be created");
}

#[test]
fn a_state_directory_that_cannot_be_written_is_refused() {
    // Readable, but nobody creates files in it; free space is not what stops us.
    let bench = Bench::new().with("CARACAL_MIN_FREE_MIB", "0");
    bench
        .run(&["up", "--home", "/proc/self"])
        .assert_refused("the state directory /proc/self cannot be written to");
}

#[test]
fn a_full_disk_is_refused_with_the_figures() {
    let bench = Bench::new().with("CARACAL_MIN_FREE_MIB", "999999999999");
    let run = bench.run(&["up"]);
    run.assert_refused("is full: ");
    run.assert_refused("999999999999 MiB are needed");
    assert!(!bench.log().exists(), "nothing was started");
}

#[test]
fn a_second_copy_is_never_started_and_refused_where_a_supervisor_wants_one() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let pid = bench.recorded_pid().unwrap();
    let again = bench.run(&["up"]);
    assert!(
        again
            .assert_good()
            .stdout
            .starts_with(&format!("caracald is running already (pid {pid})\n")),
        "{again:?}"
    );
    bench
        .run(&["up", "--foreground"])
        .assert_refused(&format!("caracald is already running (pid {pid})"));
    assert_eq!(bench.recorded_pid(), Some(pid));
    bench.run(&["status", "--ready"]).assert_good();
}

#[test]
fn a_daemon_that_dies_at_once_is_quoted() {
    let bench = Bench::new().with("FAKE_DAEMON", "die");
    bench
        .run(&["up"])
        .assert_refused("caracald stopped while starting: cannot open the store: file is not a database");
    // Nothing is left that would make the next start believe in a running or crashed daemon.
    let mut bench = bench;
    bench.set("FAKE_DAEMON", "");
    let run = bench.run(&["up"]);
    assert!(!run.assert_good().stderr.contains("stale"), "{run:?}");
}

#[test]
fn a_daemon_that_dies_silently_is_reported_with_its_status() {
    let bench = Bench::new().with("FAKE_DAEMON", "mute");
    bench
        .run(&["up"])
        .assert_refused("it said nothing (exit status: 3)");
}

#[test]
fn a_daemon_that_cannot_be_run_is_named() {
    let bench = Bench::new();
    let program = bench.directory().join("caracald");
    std::fs::write(
        &program,
        "#!/nonexistent/interpreter
",
    )
    .unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let bench = bench.with("CARACAL_CARACALD", program.to_str().unwrap());
    bench
        .run(&["up"])
        .assert_refused(&format!("cannot run {}", program.display()));
}

#[test]
fn a_service_that_never_gets_ready_is_named_and_the_stack_keeps_running() {
    let bench = Bench::new().with("FAKE_DAEMON", "unready");
    let run = bench.run(&["up", "--timeout", "1"]);
    run.assert_refused("not ready after 1 s: gateway (503 sts_unreachable)");
    assert!(run.stderr.contains("waiting for gateway\n"), "{run:?}");
    bench.run(&["status"]).assert_good();
    assert_eq!(bench.run(&["status", "--ready"]).code, 1);
}

#[test]
fn a_daemon_that_opens_no_port_is_not_ready() {
    let bench = Bench::new().with("FAKE_DAEMON", "deaf");
    bench
        .run(&["up", "--timeout", "1"])
        .assert_refused("caracald has not opened its ports");
}

#[test]
fn a_setting_nobody_can_read_stops_the_start() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    std::fs::write(
        bench.home().join("caracal.env"),
        "A=1\nthis is cs_0123456789abcdef0123456789\n",
    )
    .unwrap();
    let run = bench.run(&["up"]);
    run.assert_refused("line 2 of");
    assert!(!run.stderr.contains("cs_0123"), "{run:?}");
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    let run = Bench::new().run(&["frobnicate"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("frobnicate"), "{run:?}");
    // What is nearly right is put right.
    for (typed, meant) in [("stauts", "status"), ("lgos", "logs"), ("donw", "down")] {
        let run = Bench::new().run(&[typed]);
        assert!(run.stderr.contains(&format!("'{meant}'")), "{run:?}");
    }
}

#[test]
fn containers_without_docker_say_where_it_comes_from() {
    let nothing = tempfile::tempdir().unwrap();
    let bench = Bench::new().with("PATH", nothing.path().to_str().unwrap());
    for stack in ["--runtime", "--compose"] {
        let run = bench.run(&["up", stack]);
        run.assert_refused("docker cannot be run");
        run.assert_refused("https://docs.docker.com/engine/install");
    }
    assert!(!bench.home().exists(), "nothing was created");
}

#[test]
fn an_engine_that_does_not_answer_is_told_apart_from_none() {
    let programs = tempfile::tempdir().unwrap();
    let docker = programs.path().join("docker");
    std::fs::write(
        &docker,
        "#!/bin/sh\n[ \"$1\" = compose ] && echo 2.30.0 && exit\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n",
    )
    .unwrap();
    std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.path().display());
    let bench = Bench::new().with("PATH", &path);
    let run = bench.run(&["up", "--runtime"]);
    run.assert_refused("the Docker Engine does not answer: Cannot connect to the Docker daemon");
    assert!(!bench.home().exists(), "nothing was created");
}

#[test]
fn a_stack_of_containers_takes_no_home_of_an_embedded_one() {
    let programs = tempfile::tempdir().unwrap();
    let docker = programs.path().join("docker");
    std::fs::write(&docker, "#!/bin/sh\nexit 0\n").unwrap();
    std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.path().display());
    let bench = Bench::new().with("PATH", &path);
    std::fs::create_dir_all(bench.home()).unwrap();
    std::fs::write(bench.home().join("caracal.db"), "state").unwrap();
    bench
        .run(&["up", "--runtime"])
        .assert_refused("holds the state of a stack without containers");
}
