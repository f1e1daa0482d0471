//! The program as it is called. What it does once it serves is tested end to end.

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
    for command in [
        "serve",
        "migrate",
        "healthcheck",
        "check-config",
        "config",
        "secrets",
        "audit",
        "outbox",
        "witness",
    ] {
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

#[test]
fn pages_of_the_handbook_are_what_the_program_declares() {
    for (page, command) in [
        ("settings.md", &["config", "--markdown"][..]),
        ("metrics.md", &["metrics"]),
    ] {
        let printed = caracald(command);
        assert!(printed.status.success(), "{printed:?}");
        let kept = format!("{}/../../docs/src/operate/{page}", env!("CARGO_MANIFEST_DIR"));
        assert!(
            std::fs::read(kept).unwrap() == printed.stdout,
            "docs/src/operate/{page} is old; write it anew with: caracald {}",
            command.join(" ")
        );
    }
}

#[test]
fn config_shows_what_is_in_force_and_where_it_came_from() {
    let shown = Command::new(env!("CARGO_BIN_EXE_caracald"))
        .args(["config", "gateway", "sts"])
        .env_clear()
        .env("CARACAL_MODE", "dev")
        .env("DB_POOL_MAX", "7")
        .env("STS_ADMIN_TOKEN", "t".repeat(40))
        .output()
        .expect("caracald runs");
    let text = String::from_utf8_lossy(&shown.stdout);
    let words = |name: &str| -> Vec<String> {
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(words("CARACAL_MODE "), ["CARACAL_MODE", "dev", "environment"]);
    assert_eq!(
        words("DB_MAX_CONNS"),
        ["DB_MAX_CONNS", "7", "environment,", "as", "DB_POOL_MAX"]
    );
    assert_eq!(
        words("STS_ADMIN_TOKEN"),
        ["STS_ADMIN_TOKEN", "(secret)", "environment"]
    );
    assert_eq!(words("UPSTREAM_TIMEOUT"), ["UPSTREAM_TIMEOUT", "30s", "default"]);
    assert!(
        words("IDEMPOTENCY_RETENTION_SECONDS").is_empty(),
        "a setting of another role"
    );
}
