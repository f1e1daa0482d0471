//! Checkpoints, proofs and receipts over HTTP and as files, and what is not signed.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_audit::{Checkpoints, Directory, KeptCheckpoints, NotKept, WitnessClient, verify_against};
use caracal_core::ZoneId;
use caracal_ledger::{
    checkpoint::SignedCheckpoint,
    log_keys::{LogKeys, OF_WITNESSES, signers},
    merkle::{Tile, root, tiles_of, verify_consistency, verify_inclusion},
    note::NoteKey,
    receipt::Receipt,
    trust::Trust,
    verify::{Fault, Progress},
    witness::{KnownLogs, parse_keys},
};
use caracal_service::{
    egress::{Egress, EgressPolicy},
    server::{ServerLimits, serve},
};
use caracal_storage::LogId;
use caracal_witness::State;
use http::Method;
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    fixture::{Fixture, HOST, keys, origin, trust},
    ledger::{Backends, TOKEN},
};

const LIMIT: Duration = Duration::from_mins(1);

fn hashes(said: &Value) -> Vec<[u8; 32]> {
    let hash = |text: &Value| {
        STANDARD
            .decode(text.as_str().unwrap())
            .unwrap()
            .try_into()
            .unwrap()
    };
    said.as_array().unwrap().iter().map(hash).collect()
}

#[tokio::test]
async fn every_event_has_a_receipt_that_a_stranger_believes() {
    for backends in [Backends::Embedded, Backends::Postgres] {
        let fixture = Fixture::over(backends, None, Vec::new()).await;
        let mut events = fixture.append("first", 3).await;
        events.extend(fixture.append("second", 300).await);
        let told = fixture
            .ledger
            .ask(Method::GET, "/api/audit/keys", Some(TOKEN))
            .await
            .expect(200);
        assert_eq!(told["origin"], HOST);
        let told: Vec<String> = serde_json::from_value(told["keys"].clone()).unwrap();
        let told = parse_keys(&told.join("\n")).unwrap();
        let trust = Trust::of_keys(&origin(&fixture.zone), told, 0).unwrap();
        let mut indexes = Vec::new();
        for event in [&events[0], &events[2], &events[150], &events[302]] {
            let receipt = fixture.get(&format!("receipts/{}", event.id)).await.expect(200);
            let receipt = Receipt::parse(receipt.text.as_bytes()).unwrap();
            let entry = receipt.verify(&trust).unwrap();
            let body: Value = serde_json::from_str(entry.body).unwrap();
            assert_eq!(body["id"], event.id);
            indexes.push(entry.index);
        }
        assert_eq!(indexes, [0, 2, 150, 302]);
        let listed = fixture.get("receipts?request_id=first").await.expect(200);
        assert_eq!(listed["complete"], true);
        let listed = listed["receipts"].as_array().unwrap().clone();
        assert_eq!(listed.len(), 3);
        for (index, one) in listed.iter().enumerate() {
            assert_eq!(
                (&one["index"], &one["event_id"]),
                (&index.into(), &events[index].id.as_str().into())
            );
            let receipt = Receipt::parse(one["receipt"].as_str().unwrap().as_bytes()).unwrap();
            receipt.verify(&trust).unwrap();
        }
    }
}

#[tokio::test]
async fn receipts_are_for_the_operator_and_of_the_zone_that_is_asked() {
    let fixture = Fixture::new().await;
    let events = fixture.append("first", 2).await;
    let other = fixture.ledger.zone();
    fixture
        .ledger
        .append(&[fixture.ledger.event(&other, "elsewhere")])
        .await;
    let zone = &fixture.zone;
    let paths = [
        String::from("/api/audit/keys"),
        format!("/api/audit/logs/{zone}/checkpoint"),
        format!("/api/audit/logs/{zone}/tile/0/000.p/2"),
        format!("/api/audit/logs/{zone}/inclusion?index=0"),
        format!("/api/audit/logs/{zone}/consistency?from=1"),
        format!("/api/audit/logs/{zone}/receipts?request_id=first"),
        format!("/api/audit/logs/{zone}/receipts/{}", events[0].id),
    ];
    for path in &paths {
        for token in [None, Some("wrong")] {
            let refused = fixture.ledger.ask(Method::GET, path, token).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        }
        assert_eq!(fixture.bytes(path).await.0, StatusCode::OK, "{path}");
    }
    let nowhere = ZoneId::generate(&fixture.ledger.deps.world);
    for (of, path, refusal) in [
        (
            &other,
            format!("receipts/{}", events[0].id),
            "404 entry_not_found",
        ),
        (
            &other,
            String::from("receipts?request_id=first"),
            "404 entry_not_found",
        ),
        (
            &nowhere,
            format!("receipts/{}", events[0].id),
            "404 entry_not_found",
        ),
        (&nowhere, String::from("checkpoint"), "404 log_unknown"),
        (&nowhere, String::from("inclusion?index=0"), "404 log_unknown"),
        (&nowhere, String::from("tile/0/000"), "404 entry_not_found"),
        (zone, String::from("receipts/no-id-at-all"), "404 entry_not_found"),
        (zone, String::from("tile/0/000"), "404 entry_not_found"),
        (zone, String::from("tile/0/0"), "400 invalid_params"),
        (zone, String::from("inclusion?index=2"), "400 invalid_query"),
        (
            zone,
            String::from("inclusion?index=0&size=9"),
            "400 invalid_query",
        ),
        (zone, String::from("inclusion"), "400 invalid_query"),
        (zone, String::from("consistency?from=9"), "400 invalid_query"),
        (zone, String::from("consistency?from=1&to=9"), "400 invalid_query"),
    ] {
        let path = format!("/api/audit/logs/{of}/{path}");
        let refused = fixture.ledger.ask(Method::GET, &path, Some(TOKEN)).await;
        assert_eq!(refused.refusal(), refusal, "{path}");
    }
}

#[tokio::test]
async fn every_tree_is_proved_to_be_the_beginning_of_later_ones() {
    let fixture = Fixture::new().await;
    let mut seen: Vec<SignedCheckpoint> = Vec::new();
    for count in [1, 2, 253, 1, 60] {
        fixture.append("one", count).await;
        let newest = fixture.checkpoint().await;
        let (size, top) = (newest.checkpoint().size, newest.checkpoint().root);
        for old in &seen {
            let old = old.checkpoint();
            let said = fixture
                .get(&format!("consistency?from={}", old.size))
                .await
                .expect(200);
            assert_eq!(said["to"], size);
            let proof = hashes(&said["hashes"]);
            assert!(verify_consistency(old.size, size, &proof, &old.root, &top));
            // Also in trees that were the newest once.
            let said = fixture
                .get(&format!("inclusion?index=0&size={}", old.size))
                .await
                .expect(200);
            let leaf = hashes(&Value::from(vec![said["leaf"].clone()]))[0];
            assert!(verify_inclusion(
                &leaf,
                0,
                old.size,
                &hashes(&said["hashes"]),
                &old.root
            ));
        }
        let index = size - 1;
        let said = fixture.get(&format!("inclusion?index={index}")).await.expect(200);
        let leaf = hashes(&Value::from(vec![said["leaf"].clone()]))[0];
        assert!(verify_inclusion(
            &leaf,
            index,
            size,
            &hashes(&said["hashes"]),
            &top
        ));
        seen.push(newest);
    }
    assert_eq!(seen.last().unwrap().checkpoint().size, 317);
}

/// The published checkpoint of the log, once it has `size` entries and as many signatures.
async fn published(directory: &Path, zone: &ZoneId, size: u64, signatures: usize) -> SignedCheckpoint {
    let path = directory.join("ledger").join(zone.as_str()).join("checkpoint");
    let wanted = async {
        loop {
            let note = std::fs::read(&path).ok();
            let signed = note.and_then(|note| SignedCheckpoint::parse(&note).ok());
            if let Some(signed) =
                signed.filter(|it| it.checkpoint().size == size && it.signatures().len() == signatures)
            {
                return signed;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, wanted)
        .await
        .expect("it is published")
}

#[tokio::test]
async fn a_log_lies_in_the_directory_as_it_is_served() {
    let directory = TempDir::new().unwrap();
    let fixture = Fixture::over(Backends::Embedded, Some(directory.path()), Vec::new()).await;
    fixture.publish();
    let zone = &fixture.zone;
    for (count, size) in [(5, 5), (200, 205), (60, 265)] {
        fixture.append("one", count).await;
        let signed = published(directory.path(), zone, size, 2).await;
        trust(zone).check(&signed).unwrap();
        let log = directory.path().join("ledger").join(zone.as_str());
        let mut leaves = Vec::new();
        for tile in tiles_of(size) {
            let file = std::fs::read(log.join("tile").join(tile.path())).unwrap();
            assert_eq!(file.len(), usize::from(tile.width) * 32);
            let path = format!("/api/audit/logs/{zone}/tile/{}", tile.path());
            assert_eq!(fixture.bytes(&path).await, (StatusCode::OK, file.clone()));
            if tile.level == 0 {
                leaves.extend(
                    file.chunks_exact(32)
                        .map(|hash| <[u8; 32]>::try_from(hash).unwrap()),
                );
            }
        }
        assert_eq!(root(&leaves), signed.checkpoint().root);
    }
    let log = directory.path().join("ledger").join(zone.as_str());
    let full = Tile {
        level: 0,
        index: 0,
        width: 256,
    };
    assert!(log.join("tile").join(full.path()).is_file());
    assert!(
        !log.join("tile/0/000.p").exists(),
        "what a full tile holds is not kept twice"
    );
}

#[tokio::test]
async fn a_database_that_was_set_back_or_changed_is_not_signed() {
    let directory = TempDir::new().unwrap();
    let before = Fixture::over(Backends::Embedded, Some(directory.path()), Vec::new()).await;
    before.publish();
    before.append("one", 20).await;
    let signed = published(directory.path(), &before.zone, 20, 2).await;
    before.ledger.stop.cancel();
    // Another database in its place, first with less than there was, then with as much and more of something else.
    let mut after = Fixture::over(Backends::Embedded, Some(directory.path()), Vec::new()).await;
    after.zone = before.zone.clone();
    after.publish();
    for count in [10, 10, 30] {
        after.append("other", count).await;
        for path in ["checkpoint", "inclusion?index=0", "receipts?request_id=other"] {
            assert_eq!(
                after.get(path).await.refusal(),
                "500 evidence_contradicts",
                "{path}"
            );
        }
    }
    assert_eq!(published(directory.path(), &before.zone, 20, 2).await, signed);
    // Other zones go on.
    after.zone = after.ledger.zone();
    after.append("one", 1).await;
    published(directory.path(), &after.zone, 1, 2).await;
}

#[tokio::test]
async fn a_log_whose_published_checkpoint_is_damaged_is_not_signed_anew() {
    let directory = TempDir::new().unwrap();
    let before = Fixture::over(Backends::Embedded, Some(directory.path()), Vec::new()).await;
    before.publish();
    before.append("one", 20).await;
    let signed = published(directory.path(), &before.zone, 20, 2).await;
    before.ledger.stop.cancel();
    let path = directory
        .path()
        .join("ledger")
        .join(before.zone.as_str())
        .join("checkpoint");
    for damaged in [&b""[..], &signed.encode().as_bytes()[..40], b"something else"] {
        std::fs::write(&path, damaged).unwrap();
        // Who set the database back would otherwise have the shorter log signed.
        let mut after = Fixture::over(Backends::Embedded, Some(directory.path()), Vec::new()).await;
        after.zone = before.zone.clone();
        after.publish();
        after.append("other", 10).await;
        let refused = after.get("checkpoint").await;
        assert!(refused.status.is_server_error(), "{refused:?}");
        assert_eq!(std::fs::read(&path).unwrap(), damaged);
    }
}

/// A witness of this host's logs with its state in `directory`.
struct Watching {
    keys: Vec<NoteKey>,
    address: SocketAddr,
    stop: CancellationToken,
    ends: JoinHandle<()>,
}

impl Watching {
    async fn start(directory: &Path, address: &str) -> Self {
        let signers = signers("w.example", OF_WITNESSES, &[9; 32]).unwrap();
        let keys = signers.iter().map(|signer| signer.public().clone()).collect();
        let known = KnownLogs::new(self::keys().public().cloned().collect());
        let world = caracal_crypto::system_world();
        let witness = caracal_witness::Witness::new(world, State::open(directory).unwrap(), known, signers);
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = axum::Router::from(caracal_witness::router(witness));
        let ends = tokio::spawn(serve(
            listener,
            router,
            ServerLimits::default(),
            None,
            stop.clone(),
        ));
        Self {
            keys,
            address,
            stop,
            ends,
        }
    }

    fn asked(&self) -> Vec<WitnessClient> {
        let egress = Egress::trusting(EgressPolicy::provisioned(), None).unwrap();
        let keys: Vec<String> = self.keys.iter().map(NoteKey::encode).collect();
        let line = format!("# ours\nhttp://{} {}\n", self.address, keys.join(" "));
        WitnessClient::read(&egress, &line).unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        self.ends.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn witnesses_cosign_what_grew_and_nobody_waits_for_those_who_are_away() {
    let (directory, state) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let witness = Watching::start(state.path(), "127.0.0.1:0").await;
    let fixture = Fixture::over(Backends::Embedded, Some(directory.path()), witness.asked()).await;
    fixture.publish();
    let zone = &fixture.zone;
    let cosigned = Trust::new(
        &origin(zone),
        keys().public().cloned().collect(),
        witness.keys.clone(),
        1,
    )
    .unwrap();
    for (count, size) in [(3, 3), (300, 303)] {
        fixture.append("one", count).await;
        let signed = published(directory.path(), zone, size, 4).await;
        cosigned.check(&signed).unwrap();
    }
    // What is served has them as well, and so do receipts.
    assert_eq!(fixture.checkpoint().await.signatures().len(), 4);
    // A second process of the deployment knows nothing of what the witness saw, and is told by it.
    let directory_of_second = TempDir::new().unwrap();
    let second = Arc::new(Checkpoints::new(
        fixture.ledger.deps.store.clone(),
        fixture.ledger.deps.world.clone(),
        fixture.ledger.deps.audit_keys.clone(),
        keys(),
        Some(Directory::open(directory_of_second.path()).unwrap()),
        witness.asked(),
    ));
    tokio::spawn(caracal_audit::publish(second, fixture.ledger.stop.clone()));
    published(directory_of_second.path(), zone, 303, 4).await;
    let (address, asked) = (witness.address.to_string(), witness.asked());
    witness.end().await;
    fixture.append("one", 7).await;
    let signed = published(directory.path(), zone, 310, 2).await;
    assert!(cosigned.check(&signed).is_err());
    // It comes back with what it kept, and a database that was set back gets no cosignature.
    let witness = Watching::start(state.path(), &address).await;
    let elsewhere = TempDir::new().unwrap();
    let mut other = Fixture::over(Backends::Embedded, Some(elsewhere.path()), asked).await;
    other.zone = zone.clone();
    other.publish();
    other.append("other", 400).await;
    published(elsewhere.path(), zone, 400, 2).await;
    witness.end().await;
}

#[tokio::test]
async fn a_log_is_compared_with_checkpoints_that_were_kept_and_goes_on_from_where_it_was() {
    let fixture = Fixture::new().await;
    let zone = &fixture.zone;
    let store = fixture.ledger.deps.store.as_ref();
    let trusted: Vec<NoteKey> = keys().public().cloned().collect();
    let mut known = KeptCheckpoints::default();
    for count in [10, 1500] {
        fixture.append("one", count).await;
        let note = fixture.checkpoint().await.encode();
        known.add(note.as_bytes(), &trusted, 0).unwrap();
    }
    let log = LogId::Ledger(zone.clone());
    let known = known.0[&log].clone();
    let first = verify_against(store, &log, &known[..1], &[], Progress::default(), |_| {})
        .await
        .unwrap()
        .unwrap();
    assert_eq!((first.frontier.size(), first.proved), (1510, 10));
    let mut steps = 0;
    let whole = verify_against(store, &log, &known, &[], Progress::default(), |_| steps += 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((whole.proved, steps), (1510, 2));
    fixture.append("one", 5).await;
    let more = verify_against(store, &log, &known, &[], whole.clone(), |_| {})
        .await
        .unwrap()
        .unwrap();
    assert_eq!((more.frontier.size(), more.proved), (1515, 1510));
    // Another database in its place.
    let mut other = Fixture::new().await;
    other.zone = zone.clone();
    other.append("other", 12).await;
    let store = other.ledger.deps.store.as_ref();
    let found = verify_against(store, &log, &known, &[], Progress::default(), |_| {})
        .await
        .unwrap();
    assert_eq!(found, Err(Fault::Forked { proved: 0, size: 10 }));
    let found = verify_against(store, &log, &known, &[], whole, |_| {})
        .await
        .unwrap();
    assert_eq!(found, Err(Fault::Truncated { missing: 1498 }));
    let early = verify_against(
        fixture.ledger.deps.store.as_ref(),
        &log,
        &[],
        &[],
        Progress::default(),
        |_| {},
    );
    let early = Progress {
        proved: 10,
        ..early.await.unwrap().unwrap()
    };
    other.append("other", 1600).await;
    let found = verify_against(store, &log, &known, &[], early, |_| {})
        .await
        .unwrap();
    assert_eq!(
        found,
        Err(Fault::Forked {
            proved: 10,
            size: 1515
        })
    );
    // What nobody trusted signed is no checkpoint.
    let stranger = LogKeys::derive(HOST, &[2; 32], None).unwrap();
    let note = stranger
        .sign(&format!("ledger/{zone}"), 1, [0; 32], 0)
        .unwrap()
        .encode();
    let mut none = KeptCheckpoints::default();
    assert!(matches!(
        none.add(note.as_bytes(), &trusted, 0),
        Err(NotKept::Distrust(_))
    ));
    let pack = keys()
        .sign(&format!("packs/{zone}"), 1, [0; 32], 0)
        .unwrap()
        .encode();
    assert!(matches!(
        none.add(pack.as_bytes(), &trusted, 0),
        Err(NotKept::Log(_))
    ));
}

/// What stood in a view that was opened before the newest checkpoint is no sign of a log that was set back.
async fn receipts_while_the_log_grows(backends: Backends) {
    let fixture = Fixture::over(backends, None, Vec::new()).await;
    fixture.publish();
    fixture.append("first", 1).await;
    let asked = async || {
        for path in [
            "receipts?request_id=first",
            "inclusion?index=0",
            "consistency?from=1",
            "checkpoint",
        ] {
            fixture.get(path).await.expect(200);
        }
    };
    tokio::time::timeout(LIMIT, async {
        // On a bus of others the first one takes a moment.
        while fixture.get("checkpoint").await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
        for round in 0..40 {
            let request = format!("more-{round}");
            tokio::join!(fixture.append(&request, 3), asked(), asked(), asked());
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_grows_while_it_is_asked_about_never_looks_set_back_on_sqlite() {
    receipts_while_the_log_grows(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_grows_while_it_is_asked_about_never_looks_set_back_on_postgres() {
    receipts_while_the_log_grows(Backends::Postgres).await;
}
