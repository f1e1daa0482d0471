//! Receipts and checkpoints of a running deployment convince two verifiers and a witness; tampered ones convince nobody.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use caracal_e2e::{Call, Daemon, Deployment, Fixture, READ, Reply, Role, Stack, checkout};
use caracal_ledger::{log_keys::LogKeys, note::NoteKey, receipt::Receipt, trust::Trust, witness::parse_keys};
use caracal_testkit::process::Process;
use serde_json::Value;

use crate::{
    exports,
    packs::{self, Log},
    published_clients::python,
    support::assert_passed,
};

const HOST: &str = "audit.caracal.example";
const LOG_KEY: &str = "6c1f0e9d4b7a28355e90c3d2f1a4b687990d3c5e7f2b184a6d8e0f1c2b3a4958";
const LIMIT: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_verifiers_and_a_witness_agree_on_a_running_deployment_embedded() {
    two_verifiers_and_a_witness_agree_on_a_running_deployment(Deployment::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_verifiers_and_a_witness_agree_on_a_running_deployment_in_production() {
    two_verifiers_and_a_witness_agree_on_a_running_deployment(Deployment::Production).await;
}

/// A witness of the deployment under test, as somebody else runs it.
pub(crate) struct Watching {
    _process: Process,
    keys: Vec<String>,
    pub(crate) url: String,
}

pub(crate) async fn watching(directory: &Path) -> Watching {
    let logs = directory.join("keys");
    let secret = hex::decode(LOG_KEY).unwrap();
    let keys = LogKeys::derive(HOST, &secret, None).unwrap();
    let keys: Vec<String> = keys.public().map(NoteKey::encode).collect();
    fs::write(&logs, keys.join("\n")).unwrap();
    let daemon = Daemon::default()
        .with("WITNESS_NAME", "witness.example/e2e")
        .with("WITNESS_LISTEN", "127.0.0.1:0")
        .with("WITNESS_LOGS", &logs.display().to_string())
        .with(
            "WITNESS_STATE_DIR",
            &directory.join("state").display().to_string(),
        );
    let keys = daemon.run(&["witness", "--keys"]).await;
    let keys = keys.assert_good().stdout.lines().map(str::to_owned).collect();
    let mut process = daemon.start(&["witness"]);
    let listens = "the witness listens";
    process
        .until(listens, LIMIT, async |process| process.stderr().contains(listens))
        .await;
    let log = process.stderr();
    let (_, rest) = log.split_once("\"address\":\"").unwrap();
    let url = format!("http://{}", rest.split('"').next().unwrap());
    Watching {
        _process: process,
        keys,
        url,
    }
}

pub(crate) async fn audit(stack: &Stack, path: &str) -> Reply {
    let request = stack.request(Role::Audit, "GET", path);
    Reply::of(request.bearer_auth(stack.secret("auditAdminToken"))).await
}

/// What the second verifier says of a receipt: its exit code.
fn second_verifier(receipt: &Path, origin: &str, keys: &[String], witness: &[String]) -> Option<i32> {
    let of = ["--origin", origin];
    run_second_verifier("receipt", receipt, &of, keys, witness)
        .status
        .code()
}

/// What the second verifier says of a file.
pub(crate) fn run_second_verifier(
    kind: &str,
    file: &Path,
    arguments: &[&str],
    keys: &[String],
    witness: &[String],
) -> Output {
    let mut command = Command::new(python());
    command
        .arg(checkout().join("docs/ledger/verify.py"))
        .arg(kind)
        .arg(file)
        .args(arguments)
        .args(["--threshold", "1"]);
    for (name, keys) in [("--key", keys), ("--witness", witness)] {
        for key in keys {
            command.arg(name).arg(key);
        }
    }
    command.output().unwrap()
}

async fn two_verifiers_and_a_witness_agree_on_a_running_deployment(deployment: Deployment) {
    let directory = tempfile::tempdir().unwrap();
    let witness = watching(directory.path()).await;
    let witnesses = directory.path().join("witnesses");
    fs::write(
        &witnesses,
        format!("{} {}\n", witness.url, witness.keys.join(" ")),
    )
    .unwrap();
    let published = directory.path().join("published");
    let exported = directory.path().join("exported");
    let key_file = directory.path().join("auditLogKey");
    fs::write(&key_file, LOG_KEY).unwrap();
    let stack = Stack::with(
        deployment,
        &[
            ("AUDIT_LOG_KEY_FILE", &key_file.display().to_string()),
            ("AUDIT_LOG_ORIGIN", HOST),
            ("AUDIT_WITNESSES", &witnesses.display().to_string()),
            ("AUDIT_CHECKPOINT_DIR", &published.display().to_string()),
            ("AUDIT_EXPORT_URL", &format!("file://{}", exported.display())),
            ("AUDIT_EXPORT_PERIOD_SECONDS", "1"),
        ],
    )
    .await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture
        .mint(&agent, READ)
        .await
        .expect(200)
        .text_of("access_token");
    let call = fixture.call_request(&mandate, &Call::default());
    let answer = Reply::of(call.header("X-Caracal-Receipt", "1")).await;
    assert_passed(&answer);
    let link = answer.headers["x-caracal-receipt"].to_str().unwrap().to_owned();
    let seen = fixture.upstream.only();
    assert_eq!(seen.header("x-caracal-receipt"), None, "no upstream sees it");
    let request = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    fixture.zone.events_of(&request, |events| events.len() >= 2).await;

    let zone = fixture.zone.id.clone();
    let origin = format!("{HOST}/ledger/{zone}");
    let told = audit(&stack, "/api/audit/keys").await.expect(200);
    let told: Vec<String> = serde_json::from_value(told.json["keys"].clone()).unwrap();
    let printed = stack.caracald(&["audit", "keys"]).await;
    assert_eq!(printed.assert_good().stdout.lines().collect::<Vec<_>>(), told);
    let trusted = [told.clone(), witness.keys.clone()].concat().join("\n");
    let trust = Trust::of_keys(&origin, parse_keys(&trusted).unwrap(), 1).unwrap();

    let end = Instant::now() + LIMIT;
    let receipts = loop {
        let listed = audit(&stack, &link).await.expect(200);
        let listed = listed.json["receipts"].as_array().unwrap().clone();
        let receipts: Vec<String> = listed
            .iter()
            .map(|one| one["receipt"].as_str().unwrap().to_owned())
            .collect();
        let cosigned = |text: &String| Receipt::parse(text.as_bytes()).unwrap().verify(&trust).is_ok();
        if receipts.iter().all(cosigned) {
            break receipts;
        }
        assert!(
            Instant::now() < end,
            "the witness has not cosigned: {}",
            stack.log().await
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(receipts.len() >= 2);
    let file = directory.path().join("receipt");
    for receipt in &receipts {
        let read = Receipt::parse(receipt.as_bytes()).unwrap();
        let entry = read.verify(&trust).unwrap();
        let event: Value = serde_json::from_str(entry.body).unwrap();
        assert_eq!(event["request_id"], request.as_str());
        fs::write(&file, receipt).unwrap();
        assert_eq!(second_verifier(&file, &origin, &told, &witness.keys), Some(0));
        let by_event = format!(
            "/api/audit/logs/{zone}/receipts/{}",
            event["id"].as_str().unwrap()
        );
        let alone = audit(&stack, &by_event).await.expect(200).text;
        assert_eq!(Receipt::parse(alone.as_bytes()).unwrap().entry, read.entry);
    }
    let trusted_file = directory.path().join("trusted");
    fs::write(&trusted_file, &trusted).unwrap();
    let [receipt_file, trusted_file] = [&file, &trusted_file].map(|path| path.display().to_string());
    let verify = [
        "audit",
        "verify",
        "--receipt",
        &receipt_file,
        "--trust",
        &trusted_file,
        "--witnesses",
        "1",
    ];
    let stranger = Daemon::default();
    let holds = stranger.run(&verify).await;
    let said = &holds.assert_good().stdout;
    assert!(said.contains(&request) && said.contains(&origin), "{said}");
    // Tampered copies, at every part of a receipt.
    let good = receipts[0].as_bytes();
    for at in (30..good.len()).step_by(good.len() / 12) {
        let mut copy = good.to_vec();
        copy[at] = if copy[at] == b'A' { b'B' } else { b'A' };
        fs::write(&file, &copy).unwrap();
        let ours = Receipt::parse(&copy).is_ok_and(|copy| copy.verify(&trust).is_ok());
        let theirs = second_verifier(&file, &origin, &told, &witness.keys) == Some(0);
        assert_eq!(ours, theirs, "byte {at}");
    }
    let mut copy = good.to_vec();
    copy[60] ^= 1;
    fs::write(&file, &copy).unwrap();
    assert_ne!(second_verifier(&file, &origin, &told, &witness.keys), Some(0));
    let found = stranger.run(&verify).await;
    assert_eq!(found.code, Some(1), "{found:#?}");
    assert!(found.stdout.contains("DOES NOT HOLD"), "{found:#?}");
    let log = Log {
        deployed: &told,
        witness: &witness.keys,
        trusted: &trusted,
        zone: &zone,
    };
    packs::convince_and_cannot_be_changed(
        &stack,
        directory.path(),
        &log,
        (&agent.session, &fixture.application.id),
        &request,
    )
    .await;
    compare_with_kept_checkpoints(&stack, directory.path(), &published, &zone, &trusted).await;
    exports::lines_convince_the_second_verifier(&stack, directory.path(), &published, &log).await;
    exports::hold_without_the_database(&stack, &exported, &directory.path().join("trusted"), &zone).await;
    stack.stop().await;
}

/// What the handbook says of checkpoints that were kept elsewhere.
async fn compare_with_kept_checkpoints(
    stack: &Stack,
    directory: &Path,
    published: &Path,
    zone: &str,
    trusted: &str,
) {
    let file = |name: &str| -> PathBuf { directory.join(name) };
    let log = published.join("ledger").join(zone);
    fs::copy(log.join("checkpoint"), file("kept")).unwrap();
    fs::write(file("trusted"), trusted).unwrap();
    let [kept, trusted, state] =
        ["kept", "trusted", "state.json"].map(|name| file(name).display().to_string());
    let verify = [
        "audit",
        "verify",
        "--checkpoint",
        &kept,
        "--trust",
        &trusted,
        "--witnesses",
        "1",
        "--resume",
        &state,
    ];
    for _ in 0..2 {
        let holds = stack.caracald(&verify).await;
        let said = &holds.assert_good().stdout;
        assert!(said.contains(&format!("ledger/{zone}, checkpoints:")), "{said}");
    }
    // One that a deployment of this name never signed, and one of a log that has more than there is.
    let stranger = LogKeys::derive(HOST, &[7; 32], None).unwrap();
    let forged = stranger.sign(&format!("ledger/{zone}"), 1, [0; 32], 0).unwrap();
    fs::write(file("kept"), forged.encode()).unwrap();
    stack.caracald(&verify).await.assert_refused(&["--checkpoint"]);
    let own = LogKeys::derive(HOST, &hex::decode(LOG_KEY).unwrap(), None).unwrap();
    let more = own
        .sign(&format!("ledger/{zone}"), 1_000_000, [0; 32], 0)
        .unwrap();
    fs::write(file("kept"), more.encode()).unwrap();
    let found = stack
        .caracald(&["audit", "verify", "--checkpoint", &kept, "--trust", &trusted])
        .await;
    assert_eq!(found.code, Some(1), "{found:#?}");
    assert!(
        found.stdout.contains("entries at the end are missing"),
        "{found:#?}"
    );
}
