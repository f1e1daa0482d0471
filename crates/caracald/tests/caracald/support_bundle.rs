//! `caracald support-bundle`: secrets are planted everywhere, and the bundle is searched for them.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use caracal_testkit::deployed::Daemon;
use flate2::read::GzDecoder;

/// What must be nowhere in the bundle. Each is planted.
const PLANTED: [&str; 12] = [
    "planted-collector-header",
    "planted-password",
    "planted-in-a-file",
    "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.cGxhbnRlZA",
    "caracal_at_plantedplanted0",
    "mia.meier",
    "Mia Meier",
    "+49 170",
    "planted-query",
    "planted-bearer-of-a-line",
    "planted-text-of-no-json",
    "planted-label",
];

fn daemon(home: &Path) -> Daemon {
    Daemon::embedded(home).program(env!("CARGO_BIN_EXE_caracald"))
}

fn members(path: &Path) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(GzDecoder::new(File::open(path).expect("the bundle")));
    let mut members = BTreeMap::new();
    for entry in archive.entries().expect("a tar") {
        let mut entry = entry.expect("an entry");
        let name = entry.path().expect("a name").display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        members.insert(name, text);
    }
    members
}

/// A log with a secret in every place that a line has.
fn log() -> String {
    let lines = [
        r#"{"timestamp":"2026-01-01T00:00:00Z","level":"WARN","message":"login of mia.meier@example.com failed","request.id":"req-1","subject":"Mia Meier","phone":"+49 170 1234567"}"#,
        r#"{"timestamp":"2026-01-01T00:00:01Z","level":"INFO","message":"Authorization: Bearer planted-bearer-of-a-line","labels":["planted-label"],"status":200}"#,
        r#"{"timestamp":"2026-01-01T00:00:02Z","level":"INFO","message":"called /x?token=planted-query","span":{"name":"gateway.call","zone.id":"zone-1","principal":"Mia Meier"}}"#,
        r#"{"timestamp":"2026-01-01T00:00:03Z","level":"ERROR","message":"bad","error":"mandate eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.cGxhbnRlZA and caracal_at_plantedplanted0 at postgres://u:planted-password@db/x; planted-in-a-file"}"#,
        "a panic with planted-text-of-no-json",
    ];
    lines.join("\n") + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_secrets_are_nowhere_in_the_bundle_and_what_helps_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path().join("home");
    let mut serving = daemon(&home).serve_ready().await;
    fs::write(home.join("caracald.log"), log()).expect("a log");
    let further = directory.path().join("further");
    fs::create_dir(&further).expect("a directory");
    fs::write(further.join("x"), "planted-in-a-file").expect("a secret");
    let output = directory.path().join("bundle.tar.gz");
    let (output_text, further_text) = (output.display().to_string(), further.display().to_string());
    let command = daemon(&home)
        .with(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer planted-collector-header",
        )
        .with("AUDIT_EXPORT_URL", "https://u:planted-password@store.example/x");
    let arguments = [
        "support-bundle",
        output_text.as_str(),
        "--secrets",
        further_text.as_str(),
    ];
    let made = command.run(&arguments).await;
    made.assert_good();

    let mode = fs::metadata(&output).expect("the bundle").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let members = members(&output);
    let secrets = fs::read_dir(home.join("secrets")).expect("secrets");
    let own: Vec<String> = secrets
        .map(|file| fs::read_to_string(file.expect("an entry").path()).expect("a secret"))
        .filter(|secret| !secret.is_empty())
        .collect();
    assert!(own.len() >= 10);
    let everything = members.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    for (name, text) in everything.chain([("what was said", made.stdout.as_str())]) {
        for planted in PLANTED.iter().copied().chain(own.iter().map(String::as_str)) {
            assert!(!text.contains(planted), "{planted} is in {name}:\n{text}");
        }
    }
    let member = |name: &str| {
        let found = members.get(&format!("caracal-support/{name}"));
        found.unwrap_or_else(|| panic!("no {name} among {:?}", members.keys()))
    };
    assert!(member("processes/sts/ready.txt").starts_with("200 "));
    assert!(member("processes/gateway/metrics.txt").contains("caracal_build_info"));
    assert!(member("settings.json").contains("CARACAL_MODE"));
    assert!(member("store.json").contains("baseline"));
    assert!(member("spool.json").contains("\"files\""));
    assert!(
        member("about.json").contains("\"missing\": []"),
        "{}",
        member("about.json")
    );
    let log = members
        .iter()
        .find(|(name, text)| name.contains("/logs/") && text.contains("req-1"))
        .map(|(_, text)| text)
        .expect("the log");
    for kept in [
        "2026-01-01T00:00:03Z",
        "\"status\":200",
        "zone-1",
        "withheld_lines",
    ] {
        assert!(log.contains(kept), "{kept}: {log}");
    }

    // Nothing is written over.
    command.run(&arguments).await.assert_refused(&["cannot write"]);
    serving.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_is_made_of_what_is_there_and_says_what_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let home = directory.path().join("home");
    fs::create_dir(&home).expect("a directory");
    let output = directory.path().join("bundle.tar.gz").display().to_string();
    // A log far beyond what is taken of one, and a process that is away.
    let long = format!("{{\"message\":\"{}\"}}\n", "x".repeat(1000)).repeat(20_000);
    let log = directory.path().join("long.log");
    fs::write(&log, long).expect("a log");
    let log = log.display().to_string();
    let made = daemon(&home)
        .with("CARACAL_MODE", "nonsense")
        .run(&[
            "support-bundle",
            &output,
            "--log",
            &log,
            "--process",
            "sts=http://127.0.0.1:1",
        ])
        .await;
    made.assert_good();
    for lacking in ["lacks settings: ", "lacks sts=http://127.0.0.1:1"] {
        assert!(made.stdout.contains(lacking), "{made:#?}");
    }
    let size: usize = members(Path::new(&output)).values().map(String::len).sum();
    assert!(size < 3 * 1024 * 1024, "{size}");
}
