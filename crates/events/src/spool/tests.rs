use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_crypto::HmacKey;
use tokio_util::sync::CancellationToken;

pub(crate) mod disk;
mod power_cut;

use super::{reader::Batch, *};
use crate::{Bus, EmbeddedBus, StreamSigner, Topic};

const NEVER: SyncMode = SyncMode::Interval(Duration::from_hours(1));

/// The next records after what was drained.
fn read_batch(spool: &Spool, max: usize) -> io::Result<Batch> {
    let from = *spool.position.lock();
    spool.read_batch(from, max)
}

fn key() -> HmacKey {
    HmacKey::from_bytes(b"the key of the spool's tests")
}

fn open(dir: &Path, mode: SyncMode, capacity: u64) -> Arc<Spool> {
    Spool::open_in(&World::for_tests(), dir, mode, key(), capacity).unwrap()
}

fn event(id: &str) -> AuditEvent {
    let zone = ZoneId::parse("zone-1").unwrap();
    let mut event = AuditEvent::new(&World::for_tests(), zone, "token_exchange", "req-1", "allow");
    event.id = id.to_owned();
    event
}

fn append(spool: &Spool, ids: std::ops::Range<usize>) {
    for id in ids {
        spool.append(&[event(&format!("evt-{id}"))]).unwrap();
    }
}

/// Reads and commits everything; returns the ids.
fn drain(spool: &Spool) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let batch = read_batch(spool, 7).unwrap();
        let taken = batch.records.len();
        ids.extend(batch.records.into_iter().map(|record| record.id));
        spool.commit(batch.next, taken);
        if taken == 0 {
            return ids;
        }
    }
}

fn ids(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|id| format!("evt-{id}")).collect()
}

fn only_segment(dir: &Path) -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "spool"))
        .collect();
    assert_eq!(found.len(), 1);
    found.pop().unwrap()
}

#[test]
fn records_come_out_in_order_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 0..20);
    assert_eq!(drain(&spool), ids(0..20));
    assert_eq!(drain(&spool), ids(0..0));
    append(&spool, 20..25);
    spool.append(&[event("evt-25"), event("evt-26")]).unwrap();
    assert_eq!(drain(&spool), ids(20..27));
    assert_eq!(spool.stats().pending_bytes, 0);
    assert_eq!((spool.stats().appended, spool.stats().drained), (27, 27));
}

#[test]
fn a_new_process_goes_on_where_the_last_one_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 0..10);
    let batch = read_batch(&spool, 4).unwrap();
    spool.commit(batch.next, 4);
    drop(spool);
    let spool = open(dir.path(), NEVER, 1 << 20);
    assert!(spool.stats().oldest_at.is_some());
    append(&spool, 10..12);
    assert_eq!(drain(&spool), ids(4..12));
    drop(spool);
    let spool = open(dir.path(), NEVER, 1 << 20);
    assert_eq!(drain(&spool), ids(0..0));
    assert_eq!(spool.stats().segments, 1, "finished segments are removed");
}

#[test]
fn a_lost_position_only_repeats() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 0..3);
    assert_eq!(drain(&spool).len(), 3);
    drop(spool);
    fs::write(dir.path().join("position"), "rubbish").unwrap();
    assert_eq!(drain(&open(dir.path(), NEVER, 1 << 20)), ids(0..3));
}

#[test]
fn files_are_private_and_the_directory_has_one_owner() {
    let dir = tempfile::tempdir().unwrap();
    let inner = dir.path().join("sts");
    let spool = open(&inner, NEVER, 1 << 20);
    assert_eq!(fs::metadata(&inner).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(only_segment(&inner)).unwrap().mode() & 0o777, 0o600);
    let second = Spool::open(&inner, NEVER, key(), 1 << 20);
    assert!(matches!(second, Err(SpoolError::InUse)));
    drop(spool);
    assert!(Spool::open(&inner, NEVER, key(), 1 << 20).is_ok());
}

#[test]
fn probes_at_the_same_time_do_not_disturb_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, MIN_CAPACITY_BYTES);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|_| spool.probe().unwrap()));
        }
    });
}

#[test]
fn a_full_spool_refuses_and_takes_again_once_drained() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, MIN_CAPACITY_BYTES);
    let mut taken = 0;
    let refused = loop {
        match spool.append(&[event(&format!("evt-{taken}"))]) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(
        refused,
        SpoolError::Full {
            capacity_bytes: MIN_CAPACITY_BYTES
        }
    ));
    assert!(matches!(spool.probe(), Ok(()) | Err(SpoolError::Full { .. })));
    assert!(spool.stats().disk_bytes <= MIN_CAPACITY_BYTES);
    assert!(spool.stats().segments > 2, "segments rotate");
    assert_eq!(drain(&spool), ids(0..taken));
    append(&spool, taken..taken + 10);
    assert_eq!(drain(&spool), ids(taken..taken + 10));
}

#[test]
fn a_torn_tail_is_cut_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 0..3);
    drop(spool);
    let path = only_segment(dir.path());
    let bytes = fs::read(&path).unwrap();
    for tail in [
        &bytes[..bytes.len() - 1],
        &[&bytes[..], &[0; 300]].concat(),
        &[&bytes[..], &[9; 5]].concat(),
    ] {
        fs::write(&path, tail).unwrap();
        let copy = tempfile::tempdir().unwrap();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        let spool = open(copy.path(), NEVER, 1 << 20);
        let expected = if tail.len() < bytes.len() { 2 } else { 3 };
        assert_eq!(drain(&spool), ids(0..expected));
        assert_eq!((spool.stats().torn, spool.stats().quarantined), (1, 0));
    }
}

#[test]
fn a_damaged_record_goes_to_quarantine_and_its_neighbours_survive() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 0..3);
    drop(spool);
    let path = only_segment(dir.path());
    let good = fs::read(&path).unwrap();
    let size = (good.len() - SEGMENT_HEAD) / 3;
    // Its payload, its length, its index.
    for place in [size + 60, size + 1, size + 9] {
        let mut bad = good.clone();
        bad[SEGMENT_HEAD + place] ^= 0x40;
        let copy = tempfile::tempdir().unwrap();
        fs::write(copy.path().join(path.file_name().unwrap()), &bad).unwrap();
        let spool = open(copy.path(), NEVER, 1 << 20);
        assert_eq!(drain(&spool), ["evt-0", "evt-2"]);
        assert_eq!((spool.stats().torn, spool.stats().quarantined), (0, 1));
        let kept = fs::read(copy.path().join("quarantine-0000000000000001.bin")).unwrap();
        assert_eq!(kept, bad[SEGMENT_HEAD + size..SEGMENT_HEAD + 2 * size]);
    }
}

#[test]
fn what_was_written_last_comes_from_memory_and_the_rest_from_its_segment() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 0..5);
    // What becomes of the file concerns who reads it: a later process, or this one when it has to go back.
    let path = only_segment(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[SEGMENT_HEAD + 60] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let batch = read_batch(&spool, 2).unwrap();
    assert_eq!(batch.records[0].id, "evt-0");
    let rest = spool.read_batch(batch.next, 100).unwrap();
    assert_eq!(rest.records.len(), 3);
    assert_eq!(spool.stats().quarantined, 0);
    assert_eq!(drain(&spool), ids(1..5));
    assert_eq!(spool.stats().quarantined, 1);
}

#[test]
fn more_than_memory_keeps_comes_out_in_order_over_many_segments() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 64 << 20);
    let large = |number: usize| {
        let mut event = event(&format!("evt-{number}"));
        event.request_id = "r".repeat(100_000);
        event
    };
    // Twice: far behind, and then close behind what is written.
    for begin in [0, 120] {
        for number in begin..begin + 100 {
            spool.append(&[large(number)]).unwrap();
        }
        assert_eq!(drain(&spool), ids(begin..begin + 100));
        append(&spool, begin + 100..begin + 120);
        assert_eq!(drain(&spool), ids(begin + 100..begin + 120));
    }
}

#[test]
fn damage_is_quarantined_once_however_often_the_bus_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 0..3);
    drop(spool);
    let path = only_segment(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[SEGMENT_HEAD + 60] ^= 1;
    fs::write(&path, bytes).unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    for _ in 0..5 {
        assert_eq!(read_batch(&spool, 100).unwrap().records.len(), 2);
    }
    assert_eq!(spool.stats().quarantined, 1);
}

#[test]
fn records_of_another_segment_or_key_are_not_believed() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for place in [&dir, &other] {
        let world = caracal_crypto::system_world();
        let spool = Spool::open_in(&world, place.path(), NEVER, key(), 1 << 20).unwrap();
        append(&spool, 0..1);
    }
    // The head of one segment, the records of another.
    let (path, foreign) = (only_segment(dir.path()), only_segment(other.path()));
    let spliced = [
        &fs::read(&path).unwrap()[..SEGMENT_HEAD],
        &fs::read(&foreign).unwrap()[SEGMENT_HEAD..],
    ]
    .concat();
    fs::write(&path, spliced).unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    assert_eq!(drain(&spool), ids(0..0));
    assert_eq!(spool.stats().quarantined, 1);
}

#[test]
fn a_spool_that_needs_a_dropped_key_is_not_opened_and_nothing_of_it_is_moved() {
    let dir = tempfile::tempdir().unwrap();
    append(&open(dir.path(), NEVER, 1 << 20), 0..3);
    let segment = only_segment(dir.path());
    let bytes = fs::read(&segment).unwrap();
    let other = HmacKey::from_bytes(b"a key that sealed none of this");
    for _ in 0..2 {
        let refused = Spool::open(dir.path(), NEVER, &other, 1 << 20).unwrap_err();
        let SpoolError::UnknownKey {
            segment: named,
            key: id,
        } = &refused
        else {
            panic!("{refused}")
        };
        assert_eq!((named, *id), (&segment, HmacKeyId::of(&key())));
        assert!(refused.to_string().contains(&id.to_string()), "{refused}");
    }
    assert_eq!(fs::read(&segment).unwrap(), bytes);
    // Given back, it still opens them.
    let ring = HmacRing::new(other.clone(), [key()]);
    let spool = Spool::open(dir.path(), NEVER, ring, 1 << 20).unwrap();
    assert_eq!(spool.stats().under_previous, 1);
    append(&spool, 3..5);
    assert_eq!(drain(&spool), ids(0..5));
    assert_eq!((spool.stats().under_previous, spool.stats().quarantined), (0, 0));
    drop(spool);
    // Once they have arrived the key is not missed.
    let spool = Spool::open(dir.path(), NEVER, &other, 1 << 20).unwrap();
    assert_eq!(drain(&spool), ids(0..0));
}

#[test]
fn a_segment_with_a_damaged_head_is_set_aside_whole() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 0..2);
    drop(spool);
    let path = only_segment(dir.path());
    let mut bytes = fs::read(&path).unwrap();
    bytes[10] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 2..3);
    assert_eq!(drain(&spool), ids(2..3));
    assert_eq!(
        fs::read(dir.path().join("quarantine-0000000000000001.segment")).unwrap(),
        bytes
    );
}

#[test]
fn events_that_no_bus_would_take_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 64 << 20);
    for bad in ["", "a\nb", &"x".repeat(200)] {
        assert!(matches!(spool.append(&[event(bad)]), Err(SpoolError::InvalidId)));
    }
    let huge = event("evt-0").with_metadata(&"x".repeat(2 << 20));
    assert!(matches!(spool.append(&[huge]), Err(SpoolError::TooLarge)));
    assert_eq!(spool.stats().appended, 0);
    assert_eq!(spool.stats().pending_bytes, 0);
}

#[test]
fn concurrent_writers_with_a_sync_each_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), SyncMode::Always, 1 << 20);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let spool = &spool;
            scope.spawn(move || append(spool, writer * 25..writer * 25 + 25));
        }
    });
    let mut drained = drain(&spool);
    drained.sort_by_key(|id| id[4..].parse::<usize>().unwrap());
    assert_eq!(drained, ids(0..100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asynchronous_writers_share_syncs() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), SyncMode::Always, 1 << 20);
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..64 {
        let spool = spool.clone();
        writers.spawn(async move { spool.append_async(&[event(&format!("evt-{number}"))]).await });
    }
    assert!(writers.join_all().await.iter().all(Result::is_ok));
    assert_eq!(drain(&spool).len(), 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_previous_key_sealed_is_handed_over_under_the_current_one() {
    let dir = tempfile::tempdir().unwrap();
    append(&open(dir.path(), NEVER, 1 << 20), 0..3);
    let ring = HmacRing::new(HmacKey::from_bytes(b"the key that comes next"), [key()]);
    let spool = Spool::open(dir.path(), NEVER, ring.clone(), 1 << 20).unwrap();
    let bus = EmbeddedBus::in_memory(World::for_tests(), StreamSigner::default());
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let shutdown = CancellationToken::new();
    let draining = SpoolDrainer::run(spool.clone(), Arc::new(bus), ring.clone(), shutdown.clone());
    let draining = tokio::spawn(draining);
    let mut read = Vec::new();
    while read.len() < 3 {
        read.extend(ledger.next(10, Duration::from_secs(5)).await.unwrap());
    }
    // It stays in this process, so nobody signs it.
    for delivery in &read {
        assert_eq!(delivery.vouched, Some(ring.current_id()));
        assert_eq!(
            (delivery.fields.get("kid"), delivery.fields.get("sig")),
            (None, None)
        );
    }
    let ids: Vec<String> = read.into_iter().map(|delivery| delivery.id).collect();
    ledger.ack(&ids).await.unwrap();
    assert!(spool.wait_drained(Duration::from_secs(20)).await);
    shutdown.cancel();
    draining.await.unwrap();
    assert_eq!(spool.stats().quarantined, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_drainer_hands_over_continuously_and_again_after_a_restart_of_the_bus() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 4 << 20);
    append(&spool, 0..100);
    let shutdown = CancellationToken::new();
    let bus = EmbeddedBus::in_memory(World::for_tests(), StreamSigner::default());
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let draining = tokio::spawn(SpoolDrainer::run(
        spool.clone(),
        Arc::new(bus.clone()),
        key(),
        shutdown.clone(),
    ));
    let mut seen = Vec::new();
    while seen.len() < 300 {
        let batch = ledger.next(64, Duration::from_secs(20)).await.unwrap();
        assert!(!batch.is_empty(), "the drainer stopped after {}", seen.len());
        seen.extend(
            batch
                .iter()
                .map(|entry| entry.fields.get("id").unwrap().to_owned()),
        );
        let taken: Vec<String> = batch.iter().map(|entry| entry.id.clone()).collect();
        ledger.ack(&taken).await.unwrap();
        if seen.len() == 100 {
            append(&spool, 100..300);
        }
    }
    assert_eq!(seen, ids(0..300));
    assert!(spool.wait_drained(Duration::from_secs(20)).await);
    bus.close();
    append(&spool, 300..301);
    draining.await.unwrap();

    let bus = EmbeddedBus::in_memory(World::for_tests(), StreamSigner::default());
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let draining = tokio::spawn(SpoolDrainer::run(
        spool.clone(),
        Arc::new(bus),
        key(),
        shutdown.clone(),
    ));
    let batch = ledger.next(64, Duration::from_secs(20)).await.unwrap();
    assert_eq!(batch[0].fields.get("id"), Some("evt-300"));
    ledger.ack(&[batch[0].id.clone()]).await.unwrap();
    assert!(spool.wait_drained(Duration::from_secs(20)).await);
    shutdown.cancel();
    draining.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aborted_drainer_makes_room_for_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(dir.path(), NEVER, 1 << 20);
    append(&spool, 0..1);
    let bus = EmbeddedBus::in_memory(World::for_tests(), StreamSigner::default());
    let run = || {
        SpoolDrainer::run(
            spool.clone(),
            Arc::new(bus.clone()),
            key(),
            CancellationToken::new(),
        )
    };
    let first = tokio::spawn(run());
    while !spool.draining.load(Ordering::Acquire) {
        tokio::task::yield_now().await;
    }
    run().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    let second = tokio::spawn(run());
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    while spool.stats().pending_bytes > 0 {
        let taken = ledger.next(10, Duration::from_millis(50)).await.unwrap();
        let ids: Vec<String> = taken.into_iter().map(|entry| entry.id).collect();
        ledger.ack(&ids).await.unwrap();
    }
    second.abort();
}
