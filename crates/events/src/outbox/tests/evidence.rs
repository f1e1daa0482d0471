//! Evidence among the rows.

use super::*;
use crate::{
    Spool, SpoolDrainer, SyncMode,
    spool::{MIN_CAPACITY_BYTES, tests::disk::with_held_syncs},
};

#[tokio::test]
async fn evidence_is_handed_to_the_spool_before_its_row_is_marked_published() {
    let directory = tempfile::tempdir().unwrap();
    let key = HmacKey::from_bytes(b"the key of the audit frames");
    let mode = SyncMode::Interval(Duration::from_mins(1));
    let spool = Spool::open(directory.path(), mode, key.clone(), 1 << 20).unwrap();
    let fixture = start(RelayOptions {
        spool: Some(spool.clone()),
        ..quick()
    });
    let row = |id: &str, data: &str| Fields::new().with("id", id).with("data", data);
    fixture
        .queue
        .put("row-1", Topic::AuditEvents, row("evt-1", r#"{"id":"evt-1"}"#));
    fixture
        .queue
        .put("row-2", Topic::AuditEvents, row("not an id", "{}"));
    fixture.relay.wake();
    // Neither a ledger nor a drainer is there: the spool answers for the event.
    while fixture.queue.state("row-1") != State::Published {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(spool.stats().appended, 1);
    assert_eq!(fixture.bus.appends.load(Ordering::SeqCst), 0);
    let State::Dead(reason) = fixture.queue.state("row-2") else {
        panic!("what no spool can take is put aside")
    };
    assert!(reason.contains("id"), "{reason}");

    let mut ledger = fixture
        .bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let drainer = SpoolDrainer::run(spool, fixture.bus.clone(), key.clone(), fixture.shutdown.clone());
    let drainer = tokio::spawn(drainer);
    let taken = loop {
        let taken = ledger.next(10, Duration::from_secs(1)).await.unwrap();
        if !taken.is_empty() {
            break taken;
        }
    };
    let (data, sig) = (
        taken[0].fields.get("data").unwrap(),
        taken[0].fields.get("sig").unwrap(),
    );
    assert_eq!(data, r#"{"id":"evt-1"}"#, "byte for byte");
    assert!(audit_frame::verify(&key, data.as_bytes(), sig));
    ledger.ack(&[taken[0].id.clone()]).await.unwrap();
    fixture.shutdown.cancel();
    drainer.await.unwrap();
}

#[tokio::test]
async fn evidence_that_the_spool_refuses_stays_in_the_outbox() {
    let directory = tempfile::tempdir().unwrap();
    let key = HmacKey::from_bytes(b"the key of the audit frames");
    let mode = SyncMode::Interval(Duration::from_mins(1));
    let spool = Spool::open(directory.path(), mode, key, 0).unwrap();
    let fixture = start(RelayOptions {
        spool: Some(spool.clone()),
        ..quick()
    });
    // More than the smallest capacity of a spool, but less than the largest event.
    let large = "x".repeat(usize::try_from(MIN_CAPACITY_BYTES).unwrap());
    fixture.queue.put(
        "row-1",
        Topic::AuditEvents,
        Fields::new().with("id", "evt-1").with("data", large),
    );
    fixture.queue.put("row-2", Topic::KeysInvalidate, zone("z"));
    let mut subscription = fixture.bus.subscribe(&[Topic::KeysInvalidate]).await.unwrap();
    fixture.relay.wake();
    assert_eq!(
        read(&mut *subscription, 1).await[0].get("outbox_id"),
        Some("row-2"),
        "nothing else waits for the spool"
    );
    assert!(!fixture.relay.flush(Duration::from_millis(300)).await);
    assert!(matches!(fixture.queue.state("row-1"), State::Waiting { .. }));
    assert_eq!(spool.stats().appended, 0);
    assert!(
        fixture.relay.is_publishing(),
        "the bus is well, and an operator must not be sent to look at it"
    );
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn a_slow_disk_is_waited_for_and_given_each_event_once() {
    let directory = tempfile::tempdir().unwrap();
    let key = HmacKey::from_bytes(b"the key of the audit frames");
    let (spool, word) = with_held_syncs(directory.path(), key);
    let fixture = start(RelayOptions {
        spool: Some(spool.clone()),
        // Rows outlive their lease and the wait for a bus several times before the disk answers.
        lease: Duration::from_millis(100),
        poll: Duration::from_millis(20),
        ..quick()
    });
    fixture.queue.put(
        "row-1",
        Topic::AuditEvents,
        Fields::new().with("id", "evt-1").with("data", "{}"),
    );
    fixture.queue.put("row-2", Topic::KeysInvalidate, zone("z"));
    let mut subscription = fixture.bus.subscribe(&[Topic::KeysInvalidate]).await.unwrap();
    fixture.relay.wake();
    while fixture.queue.rows.lock()["row-1"].0.attempts < 6 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(spool.stats().appended, 1);
    assert!(matches!(fixture.queue.state("row-1"), State::Waiting { .. }));
    assert_eq!(
        read(&mut *subscription, 1).await[0].get("outbox_id"),
        Some("row-2"),
        "nothing else waits for the disk"
    );
    // The disk answers, for this sync and all that follow.
    for _ in 0..100 {
        word.send(()).unwrap();
    }
    while fixture.queue.state("row-1") != State::Published {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(spool.stats().appended, 1);
    fixture.shutdown.cancel();
}
