//! What people see and press at a real terminal: script(1) gives one.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::bench::Bench;

/// A command at a terminal of its own, as it is typed into and read.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    shown: String,
}

impl Terminal {
    fn of(bench: &Bench, arguments: &str) -> Self {
        let mut command = bench.command_of(Path::new("script"));
        // Whoever runs the tests in the background has them ignore Ctrl-C, and what is ignored is inherited.
        let typed = format!(
            "exec /usr/bin/env --default-signal=INT {} {arguments}",
            env!("CARGO_BIN_EXE_caracal")
        );
        let mut script = command
            .args(["-q", "-e", "-c", &typed, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script(1) is part of util-linux");
        Self {
            keys: script.stdin.take().expect("a pipe"),
            screen: script.stdout.take().expect("a pipe"),
            script,
            shown: String::new(),
        }
    }

    /// Reads until the screen has shown `words`.
    #[track_caller]
    fn until(&mut self, words: &str) -> &mut Self {
        let mut bytes = [0; 4096];
        while !self.shown.contains(words) {
            let count = self.screen.read(&mut bytes).expect("a screen");
            assert!(count > 0, "ended without {words:?}: {}", self.shown);
            self.shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        self
    }

    fn press(&mut self, keys: &str) -> &mut Self {
        self.keys.write_all(keys.as_bytes()).expect("a keyboard");
        self.keys.flush().expect("a keyboard");
        self
    }

    /// Everything that was shown, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        self.screen.read_to_end(&mut rest).expect("a screen");
        self.shown.push_str(&String::from_utf8_lossy(&rest));
        (
            self.shown.replace("\r\n", "\n"),
            self.script.wait().expect("it ends").code(),
        )
    }
}

const CTRL_C: &str = "\x03";

#[test]
fn purge_at_a_terminal_asks_and_takes_only_the_whole_word() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home()).unwrap();
    let database = bench.home().join("caracal.db");
    std::fs::write(&database, "rows").unwrap();
    let mut terminal = Terminal::of(&bench, "purge state");
    terminal.until("type yes to go on: ").press("y\n");
    let (shown, code) = terminal.end();
    assert!(
        shown.contains(&format!("remove {} (4 B)\n", database.display())),
        "{shown}"
    );
    assert!(shown.ends_with("nothing was removed\n"), "{shown}");
    assert_eq!(code, Some(0));
    assert!(database.exists());
    let mut terminal = Terminal::of(&bench, "purge state");
    terminal.until("type yes to go on: ").press("yes\n");
    assert_eq!(terminal.end().1, Some(0));
    assert!(!database.exists());
}

#[test]
fn ctrl_c_while_a_start_waits_stops_what_was_started() {
    for behaviour in ["deaf", "unready"] {
        let bench = Bench::new().with("FAKE_DAEMON", behaviour);
        let mut terminal = Terminal::of(&bench, "up");
        while bench.recorded_pid().is_none() {
            std::thread::yield_now();
        }
        terminal.press(CTRL_C);
        let (shown, code) = terminal.end();
        assert!(
            shown.contains("interrupted while starting; stopping caracald"),
            "{shown}"
        );
        assert_eq!((code, bench.recorded_pid()), (Some(130), None), "{shown}");
    }
}

#[test]
fn ctrl_c_at_the_question_removes_nothing() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.home().join("secrets")).unwrap();
    let mut terminal = Terminal::of(&bench, "purge secrets");
    terminal.until("type yes to go on: ").press(CTRL_C);
    assert_ne!(terminal.end().1, Some(0));
    assert!(bench.home().join("secrets").exists());
}

#[test]
fn a_terminal_gets_colours_unless_it_asked_for_none() {
    let bench = Bench::new();
    let (shown, _) = Terminal::of(&bench, "status").end();
    assert!(shown.contains("\x1b[31mdown"), "{shown}");
    let plain = bench.with("NO_COLOR", "1");
    let (shown, _) = Terminal::of(&plain, "status").end();
    assert!(!shown.contains('\x1b'), "{shown}");
}

#[test]
fn status_that_watches_draws_over_itself_until_ctrl_c() {
    let bench = Bench::new();
    bench.run(&["up"]).assert_good();
    let mut terminal = Terminal::of(&bench, "status --watch --interval 1");
    terminal.until("\x1b[2J\x1b[H").until("coordinator").press(CTRL_C);
    assert_eq!(terminal.end().1, Some(130));
    bench.run(&["status"]).assert_good();
}

#[test]
fn a_home_with_spaces_or_behind_a_link_works_under_any_mask() {
    let bench = Bench::new();
    for (name, mask) in [("with a space", "000"), ("plain", "077")] {
        let home = bench.directory().join(name);
        let link = bench.directory().join(format!("{name} link"));
        std::fs::create_dir(&home).unwrap();
        std::os::unix::fs::symlink(&home, &link).unwrap();
        let run = |words: &str| {
            let typed = format!(
                "umask {mask}; exec {} --home '{}' {words}",
                env!("CARGO_BIN_EXE_caracal"),
                link.display()
            );
            let mut shell = bench.command_of(Path::new("/bin/sh"));
            crate::bench::Run::from(shell.args(["-c", &typed]).output().unwrap())
        };
        let up = run("up");
        let hint = up.assert_good().stdout.lines().last().unwrap();
        assert!(
            hint.contains(&format!("--home '{}' down", link.display())),
            "{hint}"
        );
        for file in ["caracald.log", "endpoints.json", "runtime.json", ".lock"] {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(home.join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{file} under {mask}");
        }
        run("down").assert_good();
    }
}
