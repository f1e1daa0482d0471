//! A writer that is killed loses nothing it acknowledged.

use std::{
    collections::HashSet,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use caracal_core::World;
use caracal_crypto::{HmacKey, HmacRing};
use caracal_events::{Bus, EmbeddedBus, Spool, SpoolDrainer, StreamSigner, SyncMode, Topic};
use tokio_util::sync::CancellationToken;

/// The example next to this test's own binary.
fn writer() -> PathBuf {
    let own = std::env::current_exe().expect("a path of this test");
    let profile = own
        .parent()
        .and_then(Path::parent)
        .expect("target/<profile>/deps");
    let path = profile.join("examples/spool_writer");
    assert!(
        path.exists(),
        "the example spool_writer is built with the tests: {}",
        path.display()
    );
    path
}

/// Runs a writer, kills it after `count` acknowledgements and returns every acknowledged id.
fn write_and_kill(dir: &Path, prefix: &str, count: usize) -> Vec<String> {
    let mut child = Command::new(writer())
        .arg(dir)
        .arg(prefix)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the writer starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut acknowledged: Vec<String> = lines
        .by_ref()
        .take(count)
        .map(|line| line.expect("a line"))
        .collect();
    child.kill().expect("the writer can be killed");
    child.wait().expect("the writer can be waited for");
    // What it printed in its last moments is acknowledged too. A short line goes through a pipe whole.
    acknowledged.extend(lines.map(|line| line.expect("a line")));
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_event_is_drained_after_kills() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let more = write_and_kill(dir.path(), &format!("round{round}"), 2_000 + round * 137);
        assert!(more.len() >= 2_000);
        acknowledged.extend(more);
    }

    let key = HmacKey::from_bytes(b"the key of the crash test's spool");
    let audit_key = HmacKey::from_bytes(b"the key of the audit frames");
    let vouched = HmacRing::from(audit_key.clone()).current_id();
    let mode = SyncMode::Interval(Duration::from_millis(50));
    let spool = Spool::open(dir.path(), mode, key, 64 << 20).unwrap();
    let bus = EmbeddedBus::in_memory(World::for_tests(), StreamSigner::default());
    let shutdown = CancellationToken::new();
    let drainer = tokio::spawn(SpoolDrainer::run(
        spool.clone(),
        Arc::new(bus.clone()),
        audit_key.clone(),
        shutdown.clone(),
    ));
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let mut seen = HashSet::new();
    let expected: HashSet<String> = acknowledged.into_iter().collect();
    while !expected.is_subset(&seen) {
        let batch = ledger.next(500, Duration::from_secs(20)).await.unwrap();
        assert!(
            !batch.is_empty(),
            "{} acknowledged events never came",
            expected.difference(&seen).count()
        );
        for entry in &batch {
            // It never left the process: the bus says whose it is instead of a signature.
            assert_eq!(entry.vouched, Some(vouched));
            seen.insert(entry.fields.get("id").unwrap().to_owned());
        }
        let ids: Vec<String> = batch.iter().map(|entry| entry.id.clone()).collect();
        ledger.ack(&ids).await.unwrap();
    }
    assert_eq!(spool.stats().quarantined, 0);
    drop(ledger);
    shutdown.cancel();
    drainer.await.unwrap();
}
