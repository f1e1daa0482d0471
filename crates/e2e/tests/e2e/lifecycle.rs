//! `caracal` over the real daemon, and the shipped script of the first call.

use std::{os::unix::fs::PermissionsExt as _, path::Path, process::Command, time::Duration};

use caracal_e2e::{Daemon, Reply, checkout, program};
use serde_json::Value;
use tempfile::TempDir;

/// An installation of `caracal`, which stops what it started also when the test fails.
struct Installation {
    home: TempDir,
    daemon: Daemon,
}

impl Installation {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory for the state");
        let caracald = program("caracald").display().to_string();
        let daemon = Daemon::embedded(home.path())
            .without("CARACAL_MODE")
            .with("CARACAL_CARACALD", &caracald);
        Self { home, daemon }
    }

    fn home(&self) -> &Path {
        self.home.path()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        // Harmless where it was stopped already.
        let _ = Command::new(program("caracal"))
            .arg("down")
            .env("CARACAL_HOME", self.home())
            .output();
    }
}

#[tokio::test]
async fn up_status_down() {
    let installation = Installation::new();
    let daemon = &installation.daemon;
    let down = daemon.run_cli(&["status", "--ready", "--json"]).await;
    assert_eq!(down.code, Some(1), "{down:#?}");

    let up = daemon.run_cli(&["up"]).await;
    assert!(
        up.assert_good().stdout.starts_with("caracald is ready (pid "),
        "{up:#?}"
    );
    let status = daemon.run_cli(&["status", "--ready", "--json"]).await;
    let told: Value = serde_json::from_str(&status.assert_good().stdout).expect("JSON");
    let text = told.to_string();
    for role in ["api", "sts", "gateway", "coordinator", "audit"] {
        assert!(text.contains(&format!("\"{role}\"")), "{told:#}");
    }
    let again = daemon.run_cli(&["up"]).await;
    let running = up.stdout.replacen("is ready", "is running already", 1);
    assert_eq!(again.assert_good().stdout, running, "the same one, where it was");
    daemon.run_cli(&["status", "--ready"]).await.assert_good();

    let token =
        std::fs::read_to_string(installation.home().join("secrets/caracalAdminToken")).expect("the token");
    let logs = daemon.run_cli(&["logs"]).await;
    assert!(
        !logs.assert_good().stdout.contains(token.trim()),
        "the log contains the admin token"
    );

    let down = daemon.run_cli(&["down"]).await;
    assert!(
        down.assert_good().stdout.starts_with("stopped caracald (pid "),
        "{down:#?}"
    );
    assert_eq!(
        daemon.run_cli(&["down"]).await.assert_good().stdout,
        "not running\n"
    );
    // The state stays: the same token opens it again.
    daemon.run_cli(&["up"]).await.assert_good();
    let after =
        std::fs::read_to_string(installation.home().join("secrets/caracalAdminToken")).expect("the token");
    assert_eq!(token, after);
    daemon.run_cli(&["down"]).await.assert_good();
}

/// The zones that the running stack lists.
async fn zones(installation: &Installation) -> Value {
    let read = |name: &str| std::fs::read_to_string(installation.home().join(name)).expect("a running stack");
    let endpoints: Value = serde_json::from_str(&read("endpoints.json")).expect("JSON");
    let url = format!("{}/v1/zones", endpoints["api"].as_str().expect("a URL"));
    let request = reqwest::Client::new()
        .get(url)
        .bearer_auth(read("secrets/caracalAdminToken").trim());
    let listed = Reply::of(request).await.expect(200);
    listed.json["items"].clone()
}

#[tokio::test]
async fn an_upgrade_keeps_the_state_and_one_that_fails_is_taken_back() {
    let installation = Installation::new();
    installation.daemon.run_cli(&["up"]).await.assert_good();
    let before = zones(&installation).await;
    installation.daemon.run_cli(&["upgrade"]).await.assert_good();
    assert_eq!(zones(&installation).await, before);

    // Starts nothing, though it says that it would.
    let broken = installation.home().join("broken-caracald");
    let script = format!(
        "#!/bin/sh\ncase $1 in serve) echo 'caracald: out of order' >&2; exit 1;; *) exec {} \"$@\";; esac\n",
        program("caracald").display()
    );
    std::fs::write(&broken, script).expect("a program");
    std::fs::set_permissions(&broken, std::fs::Permissions::from_mode(0o700)).expect("a program");
    let daemon = Daemon::embedded(installation.home())
        .without("CARACAL_MODE")
        .with("CARACAL_CARACALD", &broken.display().to_string());
    let failed = daemon.run_cli(&["upgrade"]).await;
    assert_eq!(failed.code, Some(1), "{failed:#?}");
    assert!(failed.stderr.contains("out of order"), "{failed:#?}");
    assert_eq!(zones(&installation).await, before);
    installation.daemon.run_cli(&["doctor"]).await.assert_good();
    let journal = std::fs::read_to_string(installation.home().join("upgrade.log")).expect("a journal");
    assert!(
        journal.trim_end().ends_with("\"outcome\":\"wentBack\"}"),
        "{journal}"
    );
}

/// What `up` says of state that it cannot work with: one sentence, and nothing runs.
async fn refused(installation: &Installation) -> String {
    let up = installation.daemon.run_cli(&["up"]).await;
    assert_eq!((up.code, up.stdout.as_str()), (Some(1), ""), "{up:#?}");
    assert_eq!(up.stderr.lines().count(), 1, "{up:#?}");
    let status = installation.daemon.run_cli(&["status", "--json"]).await;
    assert_eq!(status.code, Some(1), "{status:#?}");
    up.stderr
}

#[tokio::test]
async fn state_of_a_later_schema_or_that_is_damaged_is_told_and_left_as_it_is() {
    let installation = Installation::new();
    installation.daemon.run_cli(&["up"]).await.assert_good();
    installation.daemon.run_cli(&["down"]).await.assert_good();
    let database = installation.home().join("caracal.db");

    // The marker says that this version used it last, and the schema knows better.
    let later = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute(\"insert into schema_migrations (version, name, checksum, applied_at, compatible_from) \"
                 \"select 9999, 'later', checksum, applied_at, 9999 from schema_migrations where version = 1\")
database.commit()";
    let changed = Command::new("python3")
        .args(["-c", later])
        .arg(&database)
        .output();
    let changed = changed.expect("python3 runs");
    assert!(
        changed.status.success(),
        "{}",
        String::from_utf8_lossy(&changed.stderr)
    );
    let before = std::fs::read(&database).expect("a database");
    let said = refused(&installation).await;
    assert!(
        said.contains("caracald stopped while starting: ") && said.contains("newer than"),
        "{said}"
    );
    assert_eq!(std::fs::read(&database).expect("a database"), before);

    let mut damaged = before;
    damaged[..64].fill(b'x');
    std::fs::write(&database, &damaged).expect("a database");
    let said = refused(&installation).await;
    assert!(said.contains("not a database"), "{said}");
    assert!(said.contains("restore"), "{said}");
    assert_eq!(std::fs::read(&database).expect("a database"), damaged);
}

#[tokio::test]
async fn two_ups_at_once_start_one_daemon() {
    let installation = Installation::new();
    let (first, second) = tokio::join!(
        installation.daemon.run_cli(&["up"]),
        installation.daemon.run_cli(&["up"])
    );
    let began = |how: &str| {
        [&first, &second]
            .iter()
            .filter(|up| {
                up.assert_good()
                    .stdout
                    .starts_with(&format!("caracald {how} (pid "))
            })
            .count()
    };
    assert_eq!(
        (began("is ready"), began("is running already")),
        (1, 1),
        "{first:#?} {second:#?}"
    );
    installation
        .daemon
        .run_cli(&["status", "--ready"])
        .await
        .assert_good();
    installation.daemon.run_cli(&["down"]).await.assert_good();
}

#[tokio::test]
async fn the_shipped_first_call_works() {
    let installation = Installation::new();
    installation.daemon.run_cli(&["up"]).await.assert_good();
    let script = checkout().join("scripts/first-call.sh");
    let home = installation.home().to_owned();
    let run = tokio::task::spawn_blocking(move || {
        Command::new(script)
            .env("CARACAL_HOME", home)
            .output()
            .expect("the script runs")
    });
    let output = tokio::time::timeout(Duration::from_mins(5), run)
        .await
        .expect("it ends")
        .expect("it runs");
    let (shown, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{shown}\n{failed}");
    assert!(shown.contains("Done: one call allowed"), "{shown}");
    for secret in ["caracalAdminToken", "secretStoreKek"] {
        let secret =
            std::fs::read_to_string(installation.home().join("secrets").join(secret)).expect("a secret");
        assert!(!shown.contains(secret.trim()), "a secret is shown");
    }
    installation.daemon.run_cli(&["down"]).await.assert_good();
}
