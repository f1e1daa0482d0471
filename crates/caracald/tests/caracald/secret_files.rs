//! The files of secrets that a deployment of several processes mounts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use caracal_testkit::deployed::{Daemon, Finished};

async fn secrets(arguments: &[&str]) -> Finished {
    let home = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::embedded(home.path()).program(env!("CARGO_BIN_EXE_caracald"));
    daemon.run(&[&["secrets"], arguments].concat()).await
}

async fn init(directory: &Path, more: &[&str]) -> Finished {
    let directory = directory.to_str().expect("a path");
    secrets(&[&["init", directory], more].concat()).await
}

async fn check(directory: &Path) -> Finished {
    secrets(&["check", directory.to_str().expect("a path")]).await
}

fn values(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).expect("the directory");
    let files = entries.map(|entry| entry.expect("an entry"));
    files
        .map(|file| {
            let value = fs::read_to_string(file.path()).expect("a file");
            (file.file_name().into_string().expect("a name"), value)
        })
        .collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn replace(path: &Path, value: &str) {
    fs::remove_file(path).expect("it was there");
    fs::write(path, value).expect("it is written");
}

const SERVERS: [&str; 4] = [
    "--postgres",
    "postgres://db:5432/caracal?sslmode=verify-full",
    "--redis",
    "rediss://bus:6379",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_secret_is_made_once_and_differs() {
    let parent = tempfile::tempdir().expect("a directory");
    let directory = parent.path().join("with space/secrets");
    init(&directory, &SERVERS).await.assert_good();
    check(&directory).await.assert_good();

    let made = values(&directory);
    assert_eq!(mode(&directory), 0o700);
    for name in made.keys() {
        assert_eq!(mode(&directory.join(name)), 0o444, "{name}");
    }
    // Those beside what is changed have nothing in them yet.
    let (beside, own): (Vec<_>, Vec<_>) = made.iter().partition(|(name, _)| name.ends_with("Previous"));
    assert!(beside.len() == 11 && beside.iter().all(|(_, value)| value.is_empty()));
    assert_eq!(
        own.iter().map(|(_, value)| value).collect::<BTreeSet<_>>().len(),
        own.len()
    );
    let password = &made["stsDbPassword"];
    assert_eq!(
        made["stsDatabaseUrl"],
        format!("postgres://caracalsts:{password}@db:5432/caracal?sslmode=verify-full")
    );
    let password = &made["redisPassword"];
    assert_eq!(made["redisUrl"], format!("rediss://caracal:{password}@bus:6379"));
    assert!(!made["redisUsers"].contains(password), "only its digest is there");

    let again = init(&directory, &SERVERS).await;
    assert_eq!(again.assert_good().stdout.trim(), "nothing was missing");
    assert_eq!(values(&directory), made);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_is_kept_and_what_follows_from_it_is_written_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    init(directory, &SERVERS).await.assert_good();
    let before = values(directory);
    let other = "5f0c".repeat(3) + &"a917e2".repeat(6);
    replace(&directory.join("apiDbPassword"), &other);
    fs::write(directory.join(".auditHmacKey.next"), "left by a kill").expect("written");
    replace(&directory.join("auditHmacKey"), "");

    let said = init(directory, &SERVERS).await;
    assert_eq!(
        said.assert_good().stdout.trim(),
        "made auditHmacKey\nwrote apiDatabaseUrl"
    );
    let after = values(directory);
    assert!(after["apiDatabaseUrl"].contains(&format!(":{other}@")));
    assert_ne!(after["auditHmacKey"], before["auditHmacKey"]);
    assert_eq!(after["secretStoreKek"], before["secretStoreKek"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_named_at_once_and_no_value_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    init(directory, &SERVERS).await.assert_good();
    let made = values(directory);
    fs::remove_file(directory.join("metricsBearer")).expect("it was there");
    replace(
        &directory.join("secretStoreKek"),
        &made["secretStoreKek"].repeat(2),
    );
    replace(&directory.join("auditHmacKey"), "short");
    replace(&directory.join("streamsHmacKey"), &"ab".repeat(32));
    replace(&directory.join("gatewayStsHmacKey"), &made["idempotencyHmacKey"]);
    replace(
        &directory.join("stsDbPassword"),
        &made["apiDbPassword"].chars().rev().collect::<String>(),
    );
    fs::set_permissions(directory.join("stsAdminToken"), Permissions::from_mode(0o666)).expect("changed");

    let said = check(directory).await;
    assert_eq!(said.code, Some(1));
    let mut lines: Vec<&str> = said.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "auditHmacKey is not written in hexadecimal",
            "idempotencyHmacKey and gatewayStsHmacKey are the same",
            "metricsBearer is missing or empty",
            "secretStoreKek has 64 bytes and must have 32",
            "streamsHmacKey follows a pattern",
            "stsAdminToken can be written by others (mode 666)",
            "stsDatabaseUrl does not have the password of stsDbPassword",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_or_directory_that_cannot_be_is_refused_before_anything_follows_from_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file");
    fs::write(&file, "").expect("written");
    assert_eq!(init(&file, &[]).await.code, Some(1));
    assert_ne!(
        init(directory.path(), &["--postgres", "caracal"]).await.code,
        Some(0)
    );
    assert_ne!(
        init(directory.path(), &["--redis", "redis:6379"]).await.code,
        Some(0)
    );
    assert_eq!(check(&directory.path().join("nowhere")).await.code, Some(1));
}
