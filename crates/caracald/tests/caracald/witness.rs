//! `caracald witness`: cosigns what grew, refuses what did not, and forgets nothing.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use caracal_ledger::{
    log_keys::LogKeys,
    merkle::{consistency_proof, leaf_hash, root},
    note::NoteKey,
    trust::Trust,
    witness::{AddCheckpoint, parse_cosignatures, parse_keys},
};
use caracal_testkit::{deployed::Daemon, process::Process};

const LIMIT: Duration = Duration::from_mins(1);
const LOG: &str = "ledger/z-1";
const ORIGIN: &str = "log.example/ledger/z-1";

/// The log under watch, in one of several versions of its past.
fn asked(version: u8, size: u64, old_size: u64) -> AddCheckpoint {
    let mut leaves: Vec<_> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    if let Some(first) = leaves.first_mut() {
        *first = leaf_hash(&[version]);
    }
    AddCheckpoint {
        old_size,
        proof: consistency_proof(&leaves, old_size).unwrap_or_default(),
        checkpoint: log_keys("log.example").sign(LOG, size, root(&leaves), 7).unwrap(),
    }
}

fn log_keys(host: &str) -> LogKeys {
    LogKeys::derive(host, &[1; 32], None).unwrap()
}

fn daemon(directory: &Path) -> Daemon {
    let logs = directory.join("logs");
    let keys: Vec<String> = log_keys("log.example").public().map(NoteKey::encode).collect();
    std::fs::write(&logs, format!("# what is watched\n{}\n", keys.join("\n"))).unwrap();
    Daemon::default()
        .program(env!("CARGO_BIN_EXE_caracald"))
        .with("CARACAL_MODE", "dev")
        .with("WITNESS_NAME", "witness.example/w1")
        .with("WITNESS_LISTEN", "127.0.0.1:0")
        .with("WITNESS_LOGS", &logs.display().to_string())
        .with(
            "WITNESS_STATE_DIR",
            &directory.join("state").display().to_string(),
        )
}

/// A running witness and where it listens.
struct Running {
    process: Process,
    address: String,
}

impl Running {
    async fn start(daemon: &Daemon) -> Self {
        let mut process = daemon.start(&["witness"]);
        let listens = "the witness listens";
        process
            .until(listens, LIMIT, async |process| process.stderr().contains(listens))
            .await;
        let log = process.stderr();
        let (_, rest) = log.split_once("\"address\":\"").expect("it says where");
        let address = rest.split('"').next().unwrap_or_default().to_owned();
        Self { process, address }
    }

    /// Status, head and body of an answer.
    fn post(&self, body: &[u8]) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("the witness listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a live socket");
        let head = format!(
            "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("a head is sent");
        // What is too large is refused before all of it was sent.
        let _ = stream.write_all(body);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status"), head.to_lowercase(), body.to_owned())
    }

    fn ask(&self, asked: &AddCheckpoint) -> (u16, String, String) {
        self.post(asked.encode().as_bytes())
    }

    /// It answers as the standard says: the size cosigned last.
    #[track_caller]
    fn conflicts(&self, asked: &AddCheckpoint, size: u64) {
        let (status, head, body) = self.ask(asked);
        assert_eq!((status, body), (409, format!("{size}\n")));
        assert!(head.contains("content-type: text/x.tlog.size"), "{head}");
    }
}

async fn keys(daemon: &Daemon) -> Vec<NoteKey> {
    let printed = daemon.run(&["witness", "--keys"]).await;
    parse_keys(&printed.assert_good().stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_cosigns_growth_with_both_its_keys_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = daemon(directory.path());
    let keys = keys(&daemon).await;
    assert_eq!(keys.len(), 2, "Ed25519 and ML-DSA-44");
    let mut witness = Running::start(&daemon).await;
    for (size, old) in [(3, 0), (9, 3), (9, 9), (20, 9)] {
        let asked = asked(0, size, old);
        let (status, _, body) = witness.ask(&asked);
        assert_eq!(status, 200, "{body}");
        let mut signed = asked.checkpoint;
        let lines = parse_cosignatures(body.as_bytes()).unwrap();
        assert_eq!(lines.len(), 2);
        for line in lines {
            signed.add(line);
        }
        for key in &keys {
            let log = log_keys("log.example").public().cloned().collect();
            let trust = Trust::new(ORIGIN, log, vec![key.clone()], 1).unwrap();
            let said = trust.check(&signed).unwrap();
            assert!(said["witness.example/w1"] > Some(1_700_000_000), "with its time");
        }
    }
    // Rollback, a past that never was, and a second log under one name.
    witness.conflicts(&asked(0, 9, 3), 20);
    witness.conflicts(&asked(0, 40, 0), 20);
    witness.conflicts(&asked(1, 20, 20), 20);
    // A thread of its own writes the log.
    let said = "a log signed what does not continue it";
    witness
        .process
        .until(said, LIMIT, async |process| process.stderr().contains(said))
        .await;
    for (status, body) in [
        (422, asked(1, 40, 20).encode()),
        (400, asked(0, 9, 20).encode()),
        (400, String::from("nonsense")),
        (400, asked(0, 40, 20).encode().replacen("old 20", "old 020", 1)),
        (403, asked(0, 40, 20).encode().replacen("\n40\n", "\n41\n", 1)),
        (
            404,
            asked(0, 40, 20)
                .encode()
                .replace(ORIGIN, "log.example.evil/ledger/z-1"),
        ),
        (413, "a".repeat(300_000)),
    ] {
        let (answered, _, said) = witness.post(body.as_bytes());
        assert_eq!(answered, status, "{said}");
    }
    // None of it moved the witness.
    assert_eq!(witness.ask(&asked(0, 21, 20)).0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_witness_forgets_nothing_and_two_do_not_share_one_state() {
    let directory = tempfile::tempdir().unwrap();
    let daemon = daemon(directory.path());
    let before = keys(&daemon).await;
    let mut size = 0;
    for round in 1..=3 {
        let mut witness = Running::start(&daemon).await;
        let second = daemon.run(&["witness"]).await;
        second.assert_refused(&["another witness serves the state"]);
        assert_eq!(witness.ask(&asked(0, round * 10, size)).0, 200);
        size = round * 10;
        witness.process.kill();
        witness.process.ended(LIMIT).await;
        let witness = Running::start(&daemon).await;
        witness.conflicts(&asked(0, 5, 3), size);
        witness.conflicts(&asked(1, size, size), size);
    }
    assert_eq!(keys(&daemon).await, before, "the keys are kept");
}

#[tokio::test]
async fn a_witness_names_all_that_it_lacks_and_starts_with_nothing_unreadable() {
    let bare = Daemon::default().program(env!("CARGO_BIN_EXE_caracald"));
    let refused = bare.run(&["witness"]).await;
    refused.assert_refused(&["WITNESS_NAME", "WITNESS_LOGS", "WITNESS_STATE_DIR"]);
    let directory = tempfile::tempdir().unwrap();
    let daemon = daemon(directory.path());
    for (name, value) in [("WITNESS_NAME", "a b"), ("WITNESS_KEY", "00")] {
        daemon
            .clone()
            .with(name, value)
            .run(&["witness"])
            .await
            .assert_refused(&[name]);
    }
    let logs = directory.path().join("logs");
    for (text, said) in [("# none\n", "names no log"), ("nonsense\n", "line 1")] {
        std::fs::write(&logs, text).unwrap();
        daemon
            .run(&["witness"])
            .await
            .assert_refused(&["WITNESS_LOGS", said]);
    }
}
