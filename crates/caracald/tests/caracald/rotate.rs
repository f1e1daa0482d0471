//! `caracald secrets rotate` on the files alone; that no call fails meanwhile is tried end to end.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path};

use caracal_testkit::deployed::{Daemon, Finished};
use serde_json::Value;

const UNFINISHED: Option<i32> = Some(3);

async fn caracald(arguments: &[&str]) -> Finished {
    Daemon::default()
        .program(env!("CARGO_BIN_EXE_caracald"))
        .run(arguments)
        .await
}

async fn rotate(directory: &Path, arguments: &[&str]) -> Finished {
    let directory = directory.display().to_string();
    let mut all = vec!["secrets", "rotate", directory.as_str()];
    all.extend(arguments);
    caracald(&all).await
}

/// A directory with every secret.
async fn made() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().display().to_string();
    let servers = [
        "--postgres",
        "postgres://db:5432/caracal",
        "--redis",
        "redis://cache:6379",
    ];
    let mut arguments = vec!["secrets", "init", path.as_str()];
    arguments.extend(servers);
    caracald(&arguments).await.assert_good();
    directory
}

fn files(directory: &Path) -> BTreeMap<String, (String, u32)> {
    let entries = fs::read_dir(directory).expect("the directory");
    entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let mode = entry.metadata().expect("metadata").permissions().mode() & 0o777;
            let text = fs::read_to_string(entry.path()).expect("text");
            (entry.file_name().to_string_lossy().into_owned(), (text, mode))
        })
        .collect()
}

fn value(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join(name)).expect("a file")
}

#[tokio::test]
async fn a_key_goes_through_three_steps_and_nothing_else_changes() {
    let directory = made().await;
    let directory = directory.path();
    let before = files(directory);
    let old = value(directory, "secretStoreKek");

    let planned = rotate(directory, &["secretStoreKek", "--dry-run", "--json"]).await;
    let planned: Value = serde_json::from_str(&planned.assert_good().stdout).expect("JSON");
    assert_eq!(planned["steps"].as_array().map(Vec::len), Some(3), "{planned}");
    assert_eq!(planned["steps"][1]["restart"], serde_json::json!(["sts", "api"]));
    assert_eq!(files(directory), before, "a dry run wrote");

    let first = rotate(directory, &["secretStoreKek"]).await;
    assert_eq!(first.code, UNFINISHED, "{first:#?}");
    assert!(
        first.stdout.contains("no --process of sts was named"),
        "{first:#?}"
    );
    let new = value(directory, "secretStoreKekPrevious");
    assert_eq!(value(directory, "secretStoreKek"), old);
    assert!(new.len() == 64 && new != old);
    let journal = directory.join(".rotation/journal");
    let mode = fs::metadata(&journal).expect("a journal").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);

    // Nothing goes on by itself, and no other change begins meanwhile.
    assert_eq!(rotate(directory, &[]).await.code, UNFINISHED);
    assert_eq!(value(directory, "secretStoreKek"), old);
    let other = rotate(directory, &["auditHmacKey"]).await;
    other.assert_refused(&["a change of secretStoreKek is under way"]);

    assert_eq!(rotate(directory, &["--restarted"]).await.code, UNFINISHED);
    assert_eq!(value(directory, "secretStoreKek"), new);
    assert_eq!(value(directory, "secretStoreKekPrevious"), old);
    // What nobody can see is not assumed.
    let unseen = rotate(directory, &["--restarted"]).await;
    assert_eq!(unseen.code, UNFINISHED);
    assert!(unseen.stdout.contains("nobody can see"), "{unseen:#?}");
    assert_eq!(value(directory, "secretStoreKekPrevious"), old);
    rotate(directory, &["--abandon"])
        .await
        .assert_refused(&["in use"]);

    assert_eq!(
        rotate(directory, &["--restarted", "--drop"]).await.code,
        UNFINISHED
    );
    assert_eq!(value(directory, "secretStoreKekPrevious"), "");
    rotate(directory, &["--restarted"]).await.assert_good();
    assert!(!directory.join(".rotation").exists());
    let after = files(directory);
    for (name, was) in &before {
        let changed = after[name] != *was;
        assert_eq!(changed, name == "secretStoreKek", "{name}");
        assert_eq!(after[name].1, was.1, "the mode of {name}");
    }
    let path = directory.display().to_string();
    caracald(&["secrets", "check", &path]).await.assert_good();
}

#[tokio::test]
async fn everything_changes_together_and_urls_follow_their_passwords() {
    let directory = made().await;
    let directory = directory.path();
    let before = files(directory);
    for arguments in [["--all"].as_slice(), &["--restarted"], &["--restarted", "--drop"]] {
        assert_eq!(
            rotate(directory, arguments).await.code,
            UNFINISHED,
            "{arguments:?}"
        );
    }
    let users = value(directory, "redisUsers");
    assert_eq!(users.matches('#').count(), 1, "{users}");
    rotate(directory, &["--restarted"]).await.assert_good();
    let after = files(directory);
    let kept = ["auditHmacKeyPrevious", "auditLogKeyPrevious"];
    for (name, was) in &before {
        let beside = name.ends_with("Previous") && !kept.contains(&name.as_str());
        assert_eq!(after[name].0 == was.0, beside, "{name}");
    }
    for (url, password) in [
        ("apiDatabaseUrl", "apiDbPassword"),
        ("redisUrl", "redisPassword"),
        ("databaseUrl", "postgresPassword"),
    ] {
        assert!(
            after[url].0.contains(&format!(":{}@", after[password].0)),
            "{url}"
        );
    }
    let path = directory.display().to_string();
    caracald(&["secrets", "check", &path]).await.assert_good();
}

#[tokio::test]
async fn a_step_that_was_cut_short_is_done_again_with_the_same_values() {
    let directory = made().await;
    let directory = directory.path();
    let old = value(directory, "streamsHmacKey");
    assert_eq!(rotate(directory, &["streamsHmacKey"]).await.code, UNFINISHED);
    assert_eq!(rotate(directory, &["--restarted"]).await.code, UNFINISHED);
    let (new, beside) = (
        value(directory, "streamsHmacKey"),
        value(directory, "streamsHmacKeyPrevious"),
    );
    assert_eq!(beside, old);
    // As if the power had gone between any two of its writes.
    for lost in ["streamsHmacKey", "streamsHmacKeyPrevious"] {
        let path = directory.join(lost);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("a mode");
        fs::write(&path, "cut").expect("a write");
        assert_eq!(rotate(directory, &[]).await.code, UNFINISHED);
        assert_eq!(value(directory, "streamsHmacKey"), new);
        assert_eq!(value(directory, "streamsHmacKeyPrevious"), old);
    }
}

#[tokio::test]
async fn a_change_that_nobody_uses_yet_can_be_abandoned() {
    let directory = made().await;
    let directory = directory.path();
    let before = files(directory);
    rotate(directory, &["--abandon"])
        .await
        .assert_refused(&["no change is under way"]);
    let wanted = ["auditHmacKey", "metricsBearer", "apiDbPassword"];
    assert_eq!(rotate(directory, &wanted).await.code, UNFINISHED);
    rotate(directory, &["--abandon"]).await.assert_good();
    assert_eq!(files(directory), before);
}

#[tokio::test]
async fn earlier_audit_keys_are_kept_and_the_oldest_goes_only_when_told() {
    let directory = made().await;
    let directory = directory.path();
    let mut earlier = Vec::new();
    for round in 0..4 {
        earlier.insert(0, value(directory, "auditHmacKey"));
        assert_eq!(
            rotate(directory, &["auditHmacKey"]).await.code,
            UNFINISHED,
            "{round}"
        );
        assert_eq!(rotate(directory, &["--restarted"]).await.code, UNFINISHED);
        rotate(directory, &["--restarted"]).await.assert_good();
        assert_eq!(value(directory, "auditHmacKeyPrevious"), earlier.join(","));
    }
    let before = files(directory);
    let full = rotate(directory, &["auditHmacKey"]).await;
    full.assert_refused(&["auditHmacKeyPrevious", "--forget-oldest"]);
    assert_eq!(files(directory), before);
    assert_eq!(
        rotate(directory, &["auditHmacKey", "--forget-oldest"]).await.code,
        UNFINISHED
    );
    let beside = value(directory, "auditHmacKeyPrevious");
    assert!(!beside.contains(earlier[3].as_str()) && beside.ends_with(&earlier[..3].join(",")));
}

#[tokio::test]
async fn what_cannot_be_changed_is_named_and_nothing_is_written() {
    let directory = made().await;
    let directory = directory.path();
    let before = files(directory);
    for (arguments, part) in [
        (["nothing"].as_slice(), "secretStoreKek"),
        (&[], "--all"),
        (&["../secretStoreKek"], "is not a secret"),
        // A process that is away would not hear of it.
        (
            &["auditHmacKey", "--process", "sts=http://127.0.0.1:1"],
            "127.0.0.1:1",
        ),
    ] {
        rotate(directory, arguments).await.assert_refused(&[part]);
        assert_eq!(files(directory), before, "{arguments:?}");
    }
    rotate(&directory.join("nowhere"), &["--all"])
        .await
        .assert_refused(&["nowhere"]);
    fs::write(directory.join("secretStoreKek"), "").expect("a write");
    rotate(directory, &["secretStoreKek"])
        .await
        .assert_refused(&["there is no secretStoreKek"]);
}
