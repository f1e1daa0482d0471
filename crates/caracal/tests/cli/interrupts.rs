//! Ctrl-C in each phase of each command that has something to undo: it ends with 130 and leaves nothing half.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::bench::{Bench, fake_daemon};
use crate::pty::{CARACAL, CTRL_C, Terminal};
use crate::sts::{Sts, credential, manifest};

/// Everything below a directory, by its path from there.
fn below(directory: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut next = vec![directory.to_path_buf()];
    while let Some(path) = next.pop() {
        if path.is_dir() {
            next.extend(
                std::fs::read_dir(&path)
                    .expect("a directory")
                    .flatten()
                    .map(|entry| entry.path()),
            );
        }
        found.insert(path.strip_prefix(directory).expect("below it").to_path_buf());
    }
    found
}

fn until_there(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "{} is not there",
            path.display()
        );
        std::thread::yield_now();
    }
}

/// A running stack with a database, whose daemon's task `task` never ends; and the file that says that it began.
fn stuck_in(task: &str) -> (Bench, PathBuf) {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    std::fs::write(bench.home().join("caracal.db"), "rows").expect("as it was made");
    let mark = bench.directory().join("begun");
    let bench = bench
        .with("FAKE_STUCK_IN", task)
        .with("FAKE_MARK", mark.to_str().expect("as it was made"));
    (bench, mark)
}

/// The command ends with 130 at a Ctrl-C once `mark` is there, says `words`, and the bench's directory is as before.
#[track_caller]
fn assert_undone(bench: &Bench, arguments: &str, mark: &Path, words: &str) {
    let before = below(bench.directory());
    let mut terminal = Terminal::of(bench, arguments);
    until_there(mark);
    terminal.press(CTRL_C);
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(130), "{arguments}: {shown}");
    assert!(shown.contains(words), "{arguments}: {shown}");
    std::fs::remove_file(mark).expect("as it was made");
    let after = below(bench.directory());
    assert_eq!(
        after.difference(&before).collect::<Vec<_>>(),
        Vec::<&PathBuf>::new()
    );
    assert_eq!(
        before.difference(&after).collect::<Vec<_>>(),
        Vec::<&PathBuf>::new()
    );
}

#[test]
fn a_backup_that_is_interrupted_is_none() {
    for (task, step) in [("copy-database", "copying ["), ("audit", "verifying ")] {
        let (bench, mark) = stuck_in(task);
        let file = bench.directory().join("b.tar");
        let sealed = "age1d4lq2yzth3etl84y3l8x6y0278hu4m2553d74cu0zempq7fvmcgqqmmsqr";
        let words = format!("backup {} --recipient {sealed}", file.display());
        assert_undone(&bench, &words, &mark, "interrupted; no backup was made");
        let words = format!("backup {}", file.display());
        assert_undone(&bench, &words, &mark, "interrupted; no backup was made");
        // The step was shown, over and over on one line that is gone by now.
        let mut terminal = Terminal::of(&bench, &words);
        terminal.until(step).press(CTRL_C);
        assert_eq!(terminal.end().1, Some(130));
        assert!(!file.exists());
    }
}

#[test]
fn a_restore_that_is_interrupted_restores_nothing() {
    let (mut bench, mark) = stuck_in("none");
    let file = bench.directory().join("b.tar");
    bench.run(&["backup", file.to_str().unwrap()]).assert_good();
    bench.set("FAKE_STUCK_IN", "audit");
    let again = bench.directory().join("again");
    // The directory and its lock are made before anything is put there, and mean nothing.
    std::fs::create_dir(&again).unwrap();
    std::fs::write(again.join(".lock"), "").unwrap();
    for dry in ["", " --dry-run"] {
        let words = format!("--home {} restore {}{dry}", again.display(), file.display());
        assert_undone(&bench, &words, &mark, "interrupted; nothing was restored");
    }
    bench.set("FAKE_STUCK_IN", "none");
    bench
        .run(&[
            "--home",
            again.to_str().unwrap(),
            "restore",
            file.to_str().unwrap(),
        ])
        .assert_good();
}

#[test]
fn an_upgrade_that_is_interrupted_before_anything_was_replaced_changes_nothing() {
    let (mut bench, mark) = stuck_in("none");
    // What an earlier one kept stays too.
    bench.run(&["upgrade"]).assert_good();
    let pid = bench.recorded_pid();
    for task in ["copy-database", "audit"] {
        bench.set("FAKE_STUCK_IN", task);
        assert_undone(&bench, "upgrade", &mark, "interrupted; nothing was changed");
        assert_eq!(bench.recorded_pid(), pid, "the same daemon runs on");
    }
    bench.set("FAKE_STUCK_IN", "none");
    bench.run(&["status", "--ready"]).assert_good();
}

#[test]
fn an_upgrade_that_is_interrupted_while_the_new_program_starts_is_taken_back() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    std::fs::write(bench.home().join("caracal.db"), "rows").unwrap();
    let former = bench.recorded_pid();
    let program = bench.directory().join("caracald-unready");
    std::fs::copy(fake_daemon(), &program).unwrap();
    let bench = bench.with("CARACAL_CARACALD", program.to_str().unwrap());
    let mut terminal = Terminal::of(&bench, "upgrade");
    terminal.until("waiting for gateway").press(CTRL_C);
    let (shown, code) = terminal.end();
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains("interrupted; going back"), "{shown}");
    // The former program runs again.
    assert_ne!(bench.recorded_pid(), former);
    bench.run(&["status", "--ready"]).assert_good();
}

#[test]
fn a_polite_kill_ends_what_is_under_way_as_well() {
    let (bench, mark) = stuck_in("copy-database");
    let file = bench.directory().join("b.tar");
    let mut command = bench.command();
    // Of its own group: what it started is not told by anybody else.
    let mut backup = command
        .args(["backup", file.to_str().unwrap()])
        .process_group(0)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_there(&mark);
    kill(
        Pid::from_raw(i32::try_from(backup.id()).unwrap()),
        Signal::SIGTERM,
    )
    .unwrap();
    assert_eq!(backup.wait().unwrap().code(), Some(130));
    let left: Vec<_> = std::fs::read_dir(bench.directory())
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("b.tar"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn ctrl_c_ends_what_only_looks() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let mut terminal = Terminal::of(&bench, "logs -f");
    terminal.until("minted for ***").press(CTRL_C);
    assert_eq!(terminal.end().1, Some(130));
    bench.run(&["status"]).assert_good();
}

/// A workload whose STS stops answering at `at`, and whether it came to that.
fn silent_sts(at: &'static str) -> (Sts, Arc<AtomicBool>) {
    let reached = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&reached);
    let sts = Sts::answering(move |path, _| {
        if path.starts_with(at) {
            told.store(true, Ordering::SeqCst);
            loop {
                std::thread::park();
            }
        }
        match path {
            "/v1/run/manifest" => (
                200,
                manifest(r#"{"env":"API_KEY","resource":"resource://tickets"}"#),
            ),
            _ => (200, credential("API_KEY", None)),
        }
    });
    (sts, reached)
}

#[test]
fn a_launch_that_is_interrupted_starts_nothing_and_leaves_no_credential() {
    for (at, gateway) in [
        ("/v1/run/manifest", ""),
        ("/v1/run/credential", ""),
        // The credentials lie in the file by then.
        (
            "/oauth/2/token",
            "--gateway \"API=resource://tickets tickets:read\"",
        ),
    ] {
        let (sts, reached) = silent_sts(at);
        let bench = Bench::new()
            .with("CARACAL_STS_URL", &sts.url)
            .with("CARACAL_COORDINATOR_URL", &sts.url)
            .with("CARACAL_GATEWAY_URL", &sts.url)
            .with("CARACAL_ZONE_ID", "z")
            .with("CARACAL_APPLICATION_ID", "a")
            .with("CARACAL_APP_CLIENT_SECRET", "cs_0123456789abcdef0123456789abcdef")
            .with("CARACAL_WORKLOAD_ID", "w1")
            .with("CARACAL_WORKLOAD_SECRET", "ws_0123456789abcdef0123456789abcdef");
        let file = bench.directory().join("fresh.json");
        let mark = bench.directory().join("started");
        let words = format!(
            "run --refresh {} {gateway} -- touch {}",
            file.display(),
            mark.display()
        );
        let mut terminal = Terminal::of(&bench, &words);
        let begun = Instant::now();
        while !reached.load(Ordering::SeqCst) {
            assert!(begun.elapsed() < Duration::from_mins(1), "nobody asked");
            std::thread::yield_now();
        }
        assert_eq!(file.exists(), !gateway.is_empty(), "{at}");
        terminal.press(CTRL_C);
        if !gateway.is_empty() {
            // Nobody answers who could end the session, and nobody has to wait for that.
            terminal.until("ending what was begun").press(CTRL_C);
        }
        let (shown, code) = terminal.end();
        assert_eq!(code, Some(130), "{at}: {shown}");
        assert!(
            shown.contains("interrupted; nothing was started"),
            "{at}: {shown}"
        );
        assert!(!file.exists() && !mark.exists(), "{at}: {shown}");
    }
}

#[test]
fn a_launch_that_waits_for_an_approval_can_be_given_up() {
    let sts = Sts::answering(|path, _| match path {
        "/v1/run/manifest" => (
            200,
            manifest(r#"{"env":"API_KEY","resource":"resource://tickets"}"#),
        ),
        "/v1/run/credential" => (
            401,
            r#"{"error":"interaction_required","approval_id":"apr_1"}"#.to_owned(),
        ),
        _ => (200, r#"{"id":"apr_1","state":"pending"}"#.to_owned()),
    });
    let bench = Bench::new()
        .with("CARACAL_STS_URL", &sts.url)
        .with("CARACAL_WORKLOAD_ID", "w1")
        .with("CARACAL_WORKLOAD_SECRET", "ws_0123456789abcdef0123456789abcdef");
    let mut terminal = Terminal::of(&bench, "run -- /bin/true");
    terminal.until("waits for the approval apr_1").press(CTRL_C);
    assert_eq!(terminal.end().1, Some(130));
}

#[test]
fn what_was_started_to_ignore_a_hang_up_hands_that_on() {
    let sts = Sts::of("");
    let bench = Bench::new()
        .with("CARACAL_STS_URL", &sts.url)
        .with("CARACAL_WORKLOAD_ID", "w1")
        .with("CARACAL_WORKLOAD_SECRET", "ws_0123456789abcdef0123456789abcdef");
    let script = format!("trap '' HUP; exec {CARACAL} run -- /bin/sh -c 'kill -HUP $$ $PPID; echo alive'");
    let run: crate::bench::Run = bench
        .command_of(Path::new("/bin/sh"))
        .args(["-c", &script])
        .output()
        .unwrap()
        .into();
    assert_eq!(run.assert_good().stdout, "alive\n");
}
