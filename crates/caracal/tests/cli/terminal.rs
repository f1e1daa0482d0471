//! What people press at a real terminal, and what it shows while something goes on.

use crate::bench::Bench;
use crate::pty::{CTRL_C, Terminal};

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
