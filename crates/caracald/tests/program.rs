//! The program as it is called. What it does once it serves is tested end to end.
//!
//! A test beside the sources also makes `cargo test --workspace` build `caracald` itself, with the features of that
//! one build, which is the binary the end-to-end suite then finds.

use std::process::{Command, Output};

fn caracald(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_caracald"))
        .args(arguments)
        .env_clear()
        .output()
        .expect("caracald runs")
}

#[test]
fn help_names_every_command_and_touches_nothing() {
    let help = caracald(&["--help"]);
    assert!(help.status.success());
    let text = String::from_utf8_lossy(&help.stdout);
    for command in ["serve", "migrate", "healthcheck", "check-config", "audit"] {
        assert!(text.contains(command), "{command} in {text}");
    }
}

#[test]
fn misuse_ends_with_the_code_of_misuse() {
    for arguments in [&[][..], &["serve"], &["dance"], &["audit"]] {
        let refused = caracald(arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(refused.stdout.is_empty(), "{arguments:?}");
    }
}
