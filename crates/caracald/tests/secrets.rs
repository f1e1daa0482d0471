//! The key-encryption key of an embedded daemon, and the commands that look after it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use caracal_testkit::process::{Process, ProcessOptions};

const LIMIT: Duration = Duration::from_mins(1);
const OTHER_KEY: &str = "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334";

fn variables(home: &Path) -> Vec<(String, String)> {
    let roles = ["API", "STS", "GATEWAY", "COORDINATOR", "AUDIT"];
    let listen = roles.map(|role| (format!("CARACAL_{role}_LISTEN"), String::from("127.0.0.1:0")));
    let mut variables = Vec::from(listen);
    variables.push((String::from("CARACAL_HOME"), home.display().to_string()));
    variables.push((String::from("CARACAL_MODE"), String::from("dev")));
    variables
}

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_caracald"));
    command
        .args(arguments)
        .env_clear()
        .envs(variables(home))
        .stdin(Stdio::null());
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    command(home, arguments).output().expect("caracald runs")
}

fn said(output: &Output) -> String {
    [&output.stdout[..], &output.stderr]
        .map(String::from_utf8_lossy)
        .concat()
}

/// Serves until it listens, then stops.
async fn serve_once(home: &Path) {
    let options: ProcessOptions = Process::options(env!("CARGO_BIN_EXE_caracald")).args(["serve", "all"]);
    let mut process = options.envs(variables(home)).start();
    let endpoints = home.join("endpoints.json");
    process
        .until("it says where it listens", LIMIT, async |_| endpoints.exists())
        .await;
    process.terminate();
    assert!(process.ended(LIMIT).await.success(), "{}", process.stderr());
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
    let refused = run(&home, &["serve", "all"]);
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
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
        let refused = run(&home, &arguments);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
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
    let status = run(&home, &["secrets", "status"]);
    assert_eq!(status.status.code(), Some(0), "{}", said(&status));
    assert!(
        said(&status).contains("only the current key is needed"),
        "{}",
        said(&status)
    );

    // Under the new key alone nothing would open that the old one sealed, so that is refused until it was moved.
    let key_file = home.join("secrets/secretStoreKek");
    let old = fs::read_to_string(&key_file).expect("the key");
    fs::write(&key_file, OTHER_KEY).expect("the key is written");
    let reseal = command(&home, &["secrets", "reseal"])
        .env("SECRET_STORE_KEK_PREVIOUS", old.trim())
        .output()
        .expect("caracald runs");
    // Nothing is sealed yet, and the tokens of the environment move with the next start.
    let told = said(&reseal);
    assert_eq!(reseal.status.code(), Some(1), "{told}");
    assert!(
        told.contains("admin tokens: 4 under key ") && told.contains("(previous)"),
        "{told}"
    );
    serve_once(&home).await;
    let status = run(&home, &["secrets", "status"]);
    assert_eq!(status.status.code(), Some(0), "{}", said(&status));

    let unknown = run(&home, &["secrets", "forget", "0011223344556677"]);
    assert_eq!(unknown.status.code(), Some(1));
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
        let ended = command(&home, arguments)
            .stdout(unread)
            .output()
            .expect("caracald runs");
        let told = said(&ended);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {told}");
        assert!(ended.stderr.is_empty(), "{arguments:?}: {told}");
    }
}
