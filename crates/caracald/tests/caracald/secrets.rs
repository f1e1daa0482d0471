//! The key-encryption key of an embedded daemon, and the commands that look after it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use caracal_testkit::deployed::{Daemon, Finished};

const OTHER_KEY: &str = "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334";

fn daemon(home: &Path) -> Daemon {
    Daemon::embedded(home).program(env!("CARGO_BIN_EXE_caracald"))
}

async fn run(home: &Path, arguments: &[&str]) -> Finished {
    daemon(home).run(arguments).await
}

fn said(finished: &Finished) -> String {
    format!("{}{}", finished.stdout, finished.stderr)
}

/// Serves until it is ready, then stops.
async fn serve_once(home: &Path) {
    daemon(home).serve_ready().await.stop().await;
}

/// Every file of the state with its content, except the lock, which names its last holder.
fn state(home: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut directories = vec![home.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).expect("a directory of the state") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if !path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().contains("lock"))
            {
                files.insert(path.clone(), fs::read(path).expect("a file of the state"));
            }
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_another_key_is_refused_in_one_sentence_and_writes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path().join("home");
    serve_once(&home).await;
    let key_file = home.join("secrets/secretStoreKek");
    let right = fs::read_to_string(&key_file).expect("the key");
    fs::write(&key_file, OTHER_KEY).expect("the key is written");
    let before = state(&home);
    let refused = run(&home, &["serve", "all"]).await;
    assert_eq!(refused.code, Some(1));
    let told = &refused.stderr;
    let last = told.lines().last().unwrap_or_default();
    assert!(
        last.starts_with("caracald: ") && last.contains("this store was sealed under key "),
        "{told}"
    );
    assert!(last.contains("start with that key"), "{told}");
    let after = state(&home);
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    assert!(before == after, "a file was changed");
    // Nor does anything that looks after secrets work with it.
    for arguments in [["secrets", "status"], ["secrets", "reseal"]] {
        let refused = run(&home, &arguments).await;
        assert_eq!(refused.code, Some(1), "{arguments:?}");
        assert!(said(&refused).contains("sealed under key "), "{}", said(&refused));
    }
    fs::write(&key_file, right).expect("the key is written");
    serve_once(&home).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_seen_and_finished_by_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path().join("home");
    serve_once(&home).await;
    let status = run(&home, &["secrets", "status"]).await;
    assert_eq!(status.code, Some(0), "{}", said(&status));
    assert!(
        said(&status).contains("only the current key is needed"),
        "{}",
        said(&status)
    );

    // Under the new key alone nothing would open that the old one sealed, so that is refused until it was moved.
    let key_file = home.join("secrets/secretStoreKek");
    let old = fs::read_to_string(&key_file).expect("the key");
    fs::write(&key_file, OTHER_KEY).expect("the key is written");
    let reseal = daemon(&home)
        .with("SECRET_STORE_KEK_PREVIOUS", old.trim())
        .run(&["secrets", "reseal"])
        .await;
    // Nothing is sealed yet, and the tokens of the environment move with the next start.
    let told = said(&reseal);
    assert_eq!(reseal.code, Some(1), "{told}");
    assert!(
        told.contains("admin tokens: 4 under key ") && told.contains("(previous)"),
        "{told}"
    );
    serve_once(&home).await;
    let status = run(&home, &["secrets", "status"]).await;
    assert_eq!(status.code, Some(0), "{}", said(&status));

    let unknown = run(&home, &["secrets", "forget", "0011223344556677"]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(
        said(&unknown).contains("was never sealed under"),
        "{}",
        said(&unknown)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_is_no_panic_and_keeps_its_exit_code() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path().join("home");
    for arguments in [
        &["migrate"][..],
        &["check-config"],
        &["audit", "verify"],
        &["audit", "verify", "--json"],
        &["secrets", "status"],
        &["--help"],
        &["--version"],
    ] {
        let (reader, unread) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended = daemon(&home)
            .command(arguments)
            .stdout(unread)
            .output()
            .expect("caracald runs");
        let told = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {told}");
        assert!(told.is_empty(), "{arguments:?}: {told}");
    }
}
