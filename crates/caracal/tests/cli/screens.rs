//! What people read at a terminal, word for word, in each state that a home can be in.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use crate::bench::Bench;
use crate::pty::{CARACAL, Terminal};

/// What a terminal showed and how the command ended, without what differs from run to run.
fn screen(bench: &Bench, terminal: Terminal) -> String {
    let (shown, code) = terminal.end();
    let directory = bench.directory().display().to_string();
    let mut text = shown
        .replace(&directory, "<dir>")
        .replace(CARACAL, "caracal")
        .replace(env!("CARGO_PKG_VERSION"), "<version>");
    for before in ["127.0.0.1:", "pid ", ", for ", "port "] {
        text = numbered(&text, before);
    }
    format!("{text}[exit {}]", code.expect("it ended by itself"))
}

/// `text` with every number that stands after `before` as `N`.
fn numbered(text: &str, before: &str) -> String {
    let mut parts = text.split(before);
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        whole.push_str(before);
        if rest.len() < part.len() {
            whole.push('N');
        }
        whole.push_str(rest);
    }
    whole
}

fn typed(bench: &Bench, arguments: &str) -> String {
    screen(bench, Terminal::of(bench, arguments))
}

/// A state directory that is there, with these files.
fn with(files: &[(&str, &str)]) -> Bench {
    let bench = Bench::new();
    for (name, content) in files {
        let path = bench.home().join(name);
        std::fs::create_dir_all(path.parent().expect("below the home")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    }
    bench
}

#[test]
fn a_first_start_a_second_one_and_those_after_a_crash() {
    let bench = Bench::new();
    insta::assert_snapshot!(typed(&bench, "up"), @r#"
    caracald is ready (pid N)

      api          http://127.0.0.1:N
      sts          http://127.0.0.1:N
      gateway      http://127.0.0.1:N
      audit        http://127.0.0.1:N
      coordinator  http://127.0.0.1:N
      web          http://127.0.0.1:N

      admin token  <dir>/state/caracal/secrets/caracalAdminToken
      log          <dir>/state/caracal/caracald.log
      console      http://127.0.0.1:N

    A first question; the token goes over standard input, never into an argument list:

      printf 'header = "Authorization: Bearer %s"\n' "$(cat '<dir>/state/caracal/secrets/caracalAdminToken')" | curl -sS -K - http://127.0.0.1:N/v1/zones

    Stop it with `caracal --home <dir>/state/caracal down`.
    [exit 0]
    "#);
    insta::assert_snapshot!(typed(&bench, "up"), @r#"
    caracald is running already (pid N)

      api          http://127.0.0.1:N
      sts          http://127.0.0.1:N
      gateway      http://127.0.0.1:N
      audit        http://127.0.0.1:N
      coordinator  http://127.0.0.1:N
      web          http://127.0.0.1:N

      admin token  <dir>/state/caracal/secrets/caracalAdminToken
      log          <dir>/state/caracal/caracald.log
      console      http://127.0.0.1:N

    A first question; the token goes over standard input, never into an argument list:

      printf 'header = "Authorization: Bearer %s"\n' "$(cat '<dir>/state/caracal/secrets/caracalAdminToken')" | curl -sS -K - http://127.0.0.1:N/v1/zones

    Stop it with `caracal --home <dir>/state/caracal down`.
    [exit 0]
    "#);
    bench.kill_daemon();
    // A table of its own, with ports that nobody serves: only what is said of the home.
    let said = typed(&bench, "status");
    let home = said.lines().find(|line| line.starts_with("home "));
    insta::assert_snapshot!(home.unwrap_or(&said), @r"
    home <dir>/state/caracal: caracald (pid N) ended without a clean stop; `caracal --home <dir>/state/caracal logs` shows what it said last, `caracal --home <dir>/state/caracal up` starts it again
    ");
    let again = typed(&bench, "up");
    insta::assert_snapshot!(again.lines().take(2).collect::<Vec<_>>().join("\n"), @r"
    cleaned a stale lock: caracald (pid N) ended without a clean stop
    caracald is ready (pid N)
    ");
    insta::assert_snapshot!(typed(&bench, "down"), @r"
    stopped caracald (pid N)
    [exit 0]
    ");
    insta::assert_snapshot!(typed(&bench, "down"), @r"
    not running
    [exit 0]
    ");
}

#[test]
fn a_lock_that_outlived_its_daemon_is_cleaned_by_down_too() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    bench.kill_daemon();
    insta::assert_snapshot!(typed(&bench, "down"), @r"
    cleaned a stale lock: caracald (pid N) ended without a clean stop
    not running
    [exit 0]
    ");
}

#[test]
fn a_port_that_somebody_has() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let bench = Bench::new().with("CARACAL_STS_LISTEN", &address);
    // Whoever holds it is this program, whose name has a part that differs from build to build.
    let shown = typed(&bench, "up");
    let name = std::fs::read_to_string("/proc/self/comm").unwrap_or_default();
    insta::assert_snapshot!(shown.replace(name.trim(), "<program>"), @r"
    caracal: port N (sts, held by <program> (pid N)) is already in use; stop what holds it, or choose another port, for example CARACAL_STS_LISTEN=127.0.0.1:N
    [exit 1]
    ");
}

#[test]
fn state_that_cannot_be_read() {
    let bench = Bench::new().with("FAKE_DAEMON", "die");
    insta::assert_snapshot!(typed(&bench, "up"), @r"
    caracal: caracald stopped while starting: cannot open the store: file is not a database; see `caracal --home <dir>/state/caracal logs`
    [exit 1]
    ");
    let bench = with(&[("caracal.env", "LOG_LEVEL debug\n")]);
    insta::assert_snapshot!(typed(&bench, "up"), @r"
    caracal: line 1 of <dir>/state/caracal/caracal.env: expected NAME=value
    [exit 1]
    ");
    let bench = with(&[("containers.json", "{")]);
    insta::assert_snapshot!(typed(&bench, "up"), @r"
    caracal: <dir>/state/caracal/containers.json does not say which stack of containers this home has; remove it if it has none: EOF while parsing an object at line 1 column 1
    [exit 1]
    ");
    // Neither says more than who ran last, and the kernel knows better.
    let bench = with(&[
        (".lock", "{\"pid\":"),
        ("endpoints.json", "{"),
        ("runtime.json", "{"),
    ]);
    let shown = typed(&bench, "up");
    insta::assert_snapshot!(shown.lines().next().unwrap_or_default(), @"caracald is ready (pid N)");
}

#[test]
fn state_that_a_newer_version_used_and_state_that_is_newer_than_its_marker() {
    let newer = r#"{"version":"99.0.0","updatedAt":"2026-01-01T00:00:00Z"}"#;
    let bench = with(&[("caracal.db", "rows"), ("runtime.json", newer)]);
    insta::assert_snapshot!(typed(&bench, "up"), @r"
    caracal: the state in <dir>/state/caracal was used by caracal 99.0.0, which is newer than this <version>: install 99.0.0 or newer, or remove <dir>/state/caracal/runtime.json if you know that the state fits
    [exit 1]
    ");
    insta::assert_snapshot!(typed(&bench, "upgrade"), @r"
    caracal: the state in <dir>/state/caracal was used by caracal 99.0.0, which is newer than this <version>: install 99.0.0 or newer, or remove <dir>/state/caracal/runtime.json if you know that the state fits
    [exit 1]
    ");
    let older = newer.replace("99.0.0", "0.0.1");
    let bench = with(&[("caracal.db", "of a later form"), ("runtime.json", &older)]);
    insta::assert_snapshot!(typed(&bench, "up"), @r"
    caracal: caracald stopped while starting: the database is of a later form; see `caracal --home <dir>/state/caracal logs`
    [exit 1]
    ");
}

#[test]
fn a_home_that_is_nowhere_or_no_directory() {
    let bench = Bench::new();
    insta::assert_snapshot!(screen(&bench, Terminal::bare(&format!("exec {CARACAL} up"))), @r"
    caracal: there is nowhere to keep state: pass --home or set CARACAL_HOME, XDG_DATA_HOME or HOME
    [exit 1]
    ");
    std::fs::write(bench.directory().join("file"), "").unwrap();
    let home = bench.directory().join("file").display().to_string();
    insta::assert_snapshot!(typed(&bench, &format!("--home {home} up")), @r"
    caracal: the state directory <dir>/file cannot be used because it, or a part of its path, is not a directory
    [exit 1]
    ");
    insta::assert_snapshot!(typed(&bench, "--home /proc/caracal up"), @r"
    caracal: the state directory /proc/caracal cannot be created: No such file or directory (os error 2); choose another --home, or let this account write there
    [exit 1]
    ");
}

/// Whether this account may mount something that only the command sees, and by which options of unshare(1).
fn mounts() -> Option<&'static str> {
    ["--mount", "--mount --map-root-user"]
        .into_iter()
        .find(|options| {
            let tried = Command::new("unshare")
                .args(options.split(' '))
                .arg("true")
                .output();
            tried.is_ok_and(|tried| tried.status.success())
        })
}

/// `up` where `mount` was done to its home.
fn up_on(bench: &Bench, options: &str, mount: &str) -> String {
    let home = bench.home();
    std::fs::create_dir_all(&home).expect("a directory");
    let script = format!("home={}; {mount} && exec {CARACAL} up", home.display());
    screen(
        bench,
        Terminal::typed(bench, &format!("exec unshare {options} /bin/sh -c \"{script}\"")),
    )
}

#[test]
fn a_home_that_cannot_be_written_to_or_is_full() {
    let Some(options) = mounts() else {
        // The same two checks where nothing can be mounted: a directory in which nobody makes files, and a need that no
        // disk meets.
        let bench = Bench::new().with("CARACAL_MIN_FREE_MIB", "0");
        let shown = typed(&bench, "--home /proc/self up");
        assert!(shown.contains("/proc/self cannot be written to"), "{shown}");
        let shown = typed(&bench.with("CARACAL_MIN_FREE_MIB", "999999999999"), "up");
        assert!(shown.contains("is full: "), "{shown}");
        return;
    };
    let bench = Bench::new();
    let read_only = "mount --bind \\$home \\$home && mount -o remount,bind,ro \\$home";
    insta::assert_snapshot!(up_on(&bench, options, read_only), @r"
    caracal: the state directory <dir>/state/caracal cannot be written to: Read-only file system (os error 30); choose another --home, or let this account write there
    [exit 1]
    ");
    let full = "mount -t tmpfs -o size=1m,mode=700 none \\$home";
    insta::assert_snapshot!(up_on(&bench, options, full), @r"
    caracal: the disk under <dir>/state/caracal is full: 1 MiB are free and 64 MiB are needed, so make room or choose another --home
    [exit 1]
    ");
}

#[test]
fn a_home_with_spaces_or_behind_a_link_works_under_any_mask_and_hints_can_be_typed() {
    let bench = Bench::new();
    for (name, mask) in [("with a space", "000"), ("plain", "077")] {
        let home = bench.directory().join(name);
        let link = bench.directory().join(format!("{name} link"));
        std::fs::create_dir(&home).unwrap();
        symlink(&home, &link).unwrap();
        let typed = format!("umask {mask}; exec {CARACAL} --home \"{}\" up", link.display());
        let (shown, code) = Terminal::typed(&bench, &typed).end();
        assert_eq!(code, Some(0), "{shown}");
        let hint = shown.lines().last().unwrap();
        assert!(
            hint.contains(&format!("--home '{}' down", link.display())),
            "{hint}"
        );
        for file in ["caracald.log", "endpoints.json", "runtime.json", ".lock"] {
            let mode = std::fs::metadata(home.join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{file} under {mask}");
        }
        // As it was printed, in a shell that knows nothing of this.
        let command = hint.split('`').nth(1).unwrap();
        let (shown, code) = Terminal::bare(command).end();
        assert_eq!(code, Some(0), "{command}: {shown}");
        assert!(shown.starts_with("stopped caracald"), "{command}: {shown}");
    }
}

#[test]
fn a_daemon_that_never_gets_ready_and_one_that_says_nothing() {
    let bench = Bench::new().with("FAKE_DAEMON", "unready");
    insta::assert_snapshot!(typed(&bench, "up --timeout 1"), @r"
    waiting for gateway
    caracal: not ready after 1 s: gateway (503 sts_unreachable); it keeps running, see `caracal --home <dir>/state/caracal logs` and `caracal --home <dir>/state/caracal status --ready`
    [exit 1]
    ");
    let bench = Bench::new().with("FAKE_DAEMON", "mute");
    insta::assert_snapshot!(typed(&bench, "up"), @r"
    caracal: caracald stopped while starting: it said nothing (exit status: 3); see `caracal --home <dir>/state/caracal logs`
    [exit 1]
    ");
}

#[test]
fn a_word_that_means_nothing_and_a_caracald_that_is_not_there() {
    let bench = Bench::new().with("NO_COLOR", "1");
    insta::assert_snapshot!(typed(&bench, "stauts"), @r"
    error: unrecognized subcommand 'stauts'

      tip: a similar subcommand exists: 'status'

    Usage: caracal [OPTIONS] [COMMAND]

    For more information, try '--help'.
    [exit 2]
    ");
    insta::assert_snapshot!(typed(&bench, "purge stat --dry-run"), @r"
    error: invalid value 'stat' for '<TARGETS>...'
      [possible values: stack, logs, state, config, secrets, all]

      tip: a similar value exists: 'state'

    For more information, try '--help'.
    [exit 2]
    ");
    let bench = bench.with("CARACAL_CARACALD", "/nowhere/caracald");
    insta::assert_snapshot!(typed(&bench, "up"), @r"
    caracal: CARACAL_CARACALD names /nowhere/caracald, which cannot be used: No such file or directory (os error 2)
    [exit 1]
    ");
    assert!(!bench.home().exists());
}

#[test]
fn nothing_to_back_up_to_upgrade_to_restore_or_to_show() {
    let bench = Bench::new();
    insta::assert_snapshot!(typed(&bench, "backup"), @r"
    caracal: there is no state in <dir>/state/caracal to back up
    [exit 1]
    ");
    insta::assert_snapshot!(typed(&bench, "upgrade"), @r"
    caracal: there is no state in <dir>/state/caracal to upgrade; `caracal --home <dir>/state/caracal up` begins one
    [exit 1]
    ");
    insta::assert_snapshot!(typed(&bench, "restore /nowhere.tar"), @r"
    caracal: cannot read /nowhere.tar: No such file or directory (os error 2)
    [exit 1]
    ");
    insta::assert_snapshot!(typed(&bench, "logs"), @r"
    caracal: there is no log at <dir>/state/caracal/caracald.log yet; `caracal --home <dir>/state/caracal up` starts one
    [exit 1]
    ");
    insta::assert_snapshot!(typed(&bench, "purge all"), @r"
    there is nothing to remove
    [exit 0]
    ");
    insta::assert_snapshot!(typed(&bench, "allowlist list"), @r"
    caracal: the stack of <dir>/state/caracal does not run, and it is what keeps the accounts; `caracal --home <dir>/state/caracal up` starts it
    [exit 1]
    ");
    insta::assert_snapshot!(typed(&bench, "run -- /bin/true"), @r"
    caracal: CARACAL_WORKLOAD_ID is not set: it says as which workload the program is launched
    [exit 125]
    ");
}
