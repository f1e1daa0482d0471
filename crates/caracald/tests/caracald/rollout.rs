//! `caracald rollout check` at a running deployment: what holds passes, what does not fails with what to do, and what was
//! not named is unknown.

use std::{collections::BTreeMap, fs, path::Path};

use caracal_testkit::deployed::{Daemon, Finished};
use serde_json::Value;

fn daemon(home: &Path) -> Daemon {
    Daemon::embedded(home).program(env!("CARGO_BIN_EXE_caracald"))
}

fn verdicts(finished: &Finished) -> BTreeMap<String, (String, Value)> {
    let report: Value =
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:#?}"));
    let gates = report["gates"].as_array().expect("gates");
    gates
        .iter()
        .map(|gate| {
            let text = |name: &str| gate[name].as_str().expect("text").to_owned();
            (text("gate"), (text("verdict"), gate.clone()))
        })
        .collect()
}

async fn check(daemon: &Daemon, arguments: &[&str]) -> (Option<i32>, BTreeMap<String, (String, Value)>) {
    let all = [&["rollout", "check", "--json"], arguments].concat();
    let finished = daemon.run(&all).await;
    (finished.code, verdicts(&finished))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_is_told_what_keeps_it_from_being_a_platform() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path().join("home");
    let daemon = daemon(&home);
    let mut serving = daemon.serve_ready().await;
    let (code, gates) = check(&daemon, &[]).await;
    assert_eq!(code, Some(1));
    for (gate, verdict) in [
        ("settings", "pass"),
        ("mode", "fail"),
        ("secrets", "unknown"),
        ("stores-tls", "pass"),
        ("database-role", "pass"),
        ("clocks", "pass"),
        ("retention", "unknown"),
        ("witness", "fail"),
        ("ready", "pass"),
        ("replicas", "fail"),
        ("one-build", "pass"),
        ("listeners-tls", "pass"),
        ("metrics-closed", "fail"),
        ("evidence-flows", "pass"),
        ("scraped", "unknown"),
        ("alerts", "unknown"),
        ("backup", "unknown"),
        ("restore", "unknown"),
        ("heads", "unknown"),
    ] {
        assert_eq!(gates[gate].0, verdict, "{gate}: {}", gates[gate].1);
    }
    for (name, (verdict, gate)) in &gates {
        assert_eq!(gate.get("fix").is_some(), verdict != "pass", "{name}");
    }
    serving.stop().await;

    // What is away is not ready, and what it would have said is not known.
    let (code, gates) = check(&daemon, &["--process", "sts=http://127.0.0.1:1"]).await;
    assert_eq!(code, Some(1));
    assert_eq!(gates["ready"].0, "fail", "{:#?}", gates["ready"]);
    for gate in [
        "one-build",
        "metrics-closed",
        "old-keys",
        "headroom",
        "evidence-flows",
    ] {
        assert_eq!(gates[gate].0, "unknown", "{:#?}", gates[gate]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_elsewhere_is_judged_by_its_age_and_content() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).display().to_string();
    let daemon = daemon(&directory.path().join("home"));
    let secrets = path("secrets");
    daemon.run(&["secrets", "init", &secrets]).await.assert_good();
    for (name, text) in [
        ("backup", "x"),
        ("empty", ""),
        ("good.json", r#"{"holds":true}"#),
        ("bad.json", r#"{"holds":false}"#),
    ] {
        fs::write(path(name), text).expect("a file");
    }
    let old = fs::File::options()
        .write(true)
        .open(path("backup"))
        .expect("a file");
    for (arguments, gate, verdict) in [
        (["--secrets", &secrets], "secrets", "pass"),
        (["--secrets", &path("nowhere")], "secrets", "fail"),
        (["--backup", &path("backup")], "backup", "pass"),
        (["--backup", &path("empty")], "backup", "fail"),
        (["--backup", &path("nowhere")], "backup", "fail"),
        (["--heads", &path("good.json")], "heads", "pass"),
        (["--heads", &path("bad.json")], "heads", "fail"),
        (["--heads", &path("backup")], "heads", "fail"),
        (["--restore-tried", "2020-01-01T00:00:00Z"], "restore", "fail"),
        (["--restore-tried", "2199-01-01T00:00:00Z"], "restore", "fail"),
        // Nobody listens there: what it would have said is not known.
        (["--prometheus", "http://127.0.0.1:1"], "alerts", "unknown"),
    ] {
        let (_, gates) = check(&daemon, &arguments).await;
        assert_eq!(gates[gate].0, verdict, "{arguments:?}: {}", gates[gate].1);
    }
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    old.set_modified(long_ago).expect("a time");
    let (_, gates) = check(&daemon, &["--backup", &path("backup")]).await;
    assert_eq!(gates["backup"].0, "fail", "{}", gates["backup"].1);
    // A change of secrets that is not finished holds the gate.
    let rotating = daemon
        .run(&["secrets", "rotate", &secrets, "stsAdminToken"])
        .await;
    assert_eq!(rotating.code, Some(3), "{rotating:#?}");
    let (_, gates) = check(&daemon, &["--secrets", &secrets]).await;
    assert_eq!(gates["secrets"].0, "fail", "{}", gates["secrets"].1);
}
