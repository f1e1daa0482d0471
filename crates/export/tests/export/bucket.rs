//! Checkpoints in a bucket of a server that is none of ours: complete, never older than they were, and nobody waits for them.

use std::{path::Path, sync::Arc, time::Duration};

use caracal_audit::{Checkpoints, Directory, LogFiles, Pruning};
use caracal_core::{World, ZoneId};
use caracal_export::{ExportTarget, PartFormat};
use caracal_ledger::{
    chain::LogId,
    checkpoint::SignedCheckpoint,
    merkle::{root, tiles_of},
    prune::SignedPrune,
    trust::Trust,
};
use caracal_testkit::{
    fault::{Fault, Faults as _},
    fault_proxy::FaultProxy,
    parts::Backends,
};
use tokio_util::sync::CancellationToken;

use crate::{
    fixture::{Fixture, HOST, at, keys},
    s3::{S3, target_at},
};

const LIMIT: Duration = Duration::from_mins(1);

/// A process that publishes until it is dropped.
struct Publishing {
    checkpoints: Arc<Checkpoints>,
    stop: CancellationToken,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Publishing {
    fn start(checkpoints: Checkpoints, bucket: ExportTarget) -> Self {
        let checkpoints = Arc::new(checkpoints.copied_to(Arc::new(bucket)));
        let stop = CancellationToken::new();
        let task = tokio::spawn(caracal_audit::publish(checkpoints.clone(), stop.clone()));
        Self {
            checkpoints,
            stop,
            task: Some(task),
        }
    }

    /// Signs the log as it is now, so that it is published.
    async fn sign(&self, zone: &ZoneId) {
        let log = LogId::Ledger(zone.clone());
        self.checkpoints.sign_prefix(&log, 1).await.unwrap();
    }

    async fn end(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            task.await.unwrap();
        }
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A bucket that is there.
async fn bucket() -> S3 {
    let s3 = S3::start().await;
    s3.python("s3.create_bucket(Bucket='evidence')");
    s3
}

async fn wait_for<T>(mut found: impl AsyncFnMut() -> Option<T>) -> T {
    let wanted = async {
        loop {
            if let Some(found) = found().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(LIMIT, wanted).await.expect("it comes")
}

async fn checkpoint(target: &ExportTarget, zone: &ZoneId) -> Option<SignedCheckpoint> {
    let found = target.read(&format!("ledger/{zone}/checkpoint")).await.unwrap()?;
    let signed = SignedCheckpoint::parse(&found.content).unwrap();
    let trust = Trust::of_keys(&format!("{HOST}/ledger/{zone}"), keys().public().cloned(), 0);
    trust.unwrap().check(&signed).unwrap();
    Some(signed)
}

async fn size(target: &ExportTarget, zone: &ZoneId) -> u64 {
    let found = checkpoint(target, zone).await;
    found.map_or(0, |signed| signed.checkpoint().size)
}

async fn of_size(target: &ExportTarget, zone: &ZoneId, wanted: u64) -> SignedCheckpoint {
    wait_for(async || {
        let found = checkpoint(target, zone).await;
        found.filter(|signed| signed.checkpoint().size == wanted)
    })
    .await
}

fn in_directory(directory: &Path, zone: &ZoneId) -> u64 {
    let path = directory.join("ledger").join(zone.as_str()).join("checkpoint");
    let note = std::fs::read(path).ok();
    let signed = note.and_then(|note| SignedCheckpoint::parse(&note).ok());
    signed.map_or(0, |signed| signed.checkpoint().size)
}

/// Why nothing is signed.
async fn refusal(checkpoints: Checkpoints, bucket: ExportTarget, zone: &ZoneId) -> String {
    let checkpoints = checkpoints.copied_to(Arc::new(bucket));
    let log = LogId::Ledger(zone.clone());
    let refused = checkpoints.sign_prefix(&log, 1).await.unwrap_err();
    caracal_service::error_chain(&refused)
}

#[tokio::test]
async fn a_log_lies_in_the_bucket_with_all_that_its_checkpoint_needs() {
    let (fixture, s3) = (
        Fixture::over(Backends::Embedded, PartFormat::Ndjson).await,
        bucket().await,
    );
    let (zone, target) = (fixture.zone(), s3.target());
    let world = World::for_tests();
    let publishing = Publishing::start(fixture.checkpoints_in(None, world.clone()), s3.target());
    let mut end = 0;
    for count in [5, 200, 60] {
        fixture.append(&zone, count, at(5)).await;
        publishing.sign(&zone).await;
        end += count as u64;
        let signed = of_size(&target, &zone, end).await;
        let mut leaves = Vec::new();
        for tile in tiles_of(end) {
            let name = format!("ledger/{zone}/tile/{}", tile.path());
            let found = target.read(&name).await.unwrap().unwrap().content;
            assert_eq!(found.len(), usize::from(tile.width) * 32, "{name}");
            if tile.level == 0 {
                leaves.extend(
                    found
                        .chunks_exact(32)
                        .map(|hash| <[u8; 32]>::try_from(hash).unwrap()),
                );
            }
        }
        assert_eq!(root(&leaves), signed.checkpoint().root);
    }
    let listing =
        "print(*(one['Key'] for one in s3.list_objects_v2(Bucket='evidence')['Contents']), sep='\\n')";
    let names = s3.python(listing);
    assert!(
        names
            .lines()
            .all(|name| name.starts_with(&format!("of/caracal/ledger/{zone}/"))),
        "{names}"
    );
    assert!(
        names.contains("tile/0/000\n") && !names.contains("tile/0/000.p"),
        "{names}"
    );
    let published = target.checkpoints().await.unwrap();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].0, format!("ledger/{zone}/checkpoint"));
    // What is deleted is said there too.
    world.manual_clock().advance(Duration::from_hours(24 * 400));
    let pruning = Pruning {
        checkpoints: publishing.checkpoints.clone(),
        archive: None,
        keep: Some(Duration::from_hours(24)),
        events: true,
        keep_records: None,
    };
    Arc::new(pruning).round().await.unwrap();
    let prune = wait_for(async || target.read(&format!("ledger/{zone}/prune")).await.unwrap()).await;
    assert!(SignedPrune::parse(&prune.content).unwrap().prune().size() >= 256);
    publishing.end().await;
}

#[tokio::test]
async fn an_older_checkpoint_never_takes_the_place_of_a_newer_one_however_many_publish() {
    let (fixture, s3) = (
        Fixture::over(Backends::Embedded, PartFormat::Ndjson).await,
        bucket().await,
    );
    let (zone, target) = (fixture.zone(), s3.target());
    // One knows a version that another replaced.
    assert!(target.replace("x", None, b"first".to_vec()).await.unwrap());
    assert!(!target.replace("x", None, b"again".to_vec()).await.unwrap());
    let first = target.read("x").await.unwrap().unwrap();
    assert!(
        target
            .replace("x", Some(&first), b"second".to_vec())
            .await
            .unwrap()
    );
    assert!(
        !target
            .replace("x", Some(&first), b"older".to_vec())
            .await
            .unwrap()
    );
    assert_eq!(target.read("x").await.unwrap().unwrap().content, b"second");
    let publishing: Vec<_> = (0..3)
        .map(|_| Publishing::start(fixture.checkpoints(), s3.target()))
        .collect();
    let mut last = 0;
    for _ in 0..12 {
        fixture.append(&zone, 30, at(5)).await;
        for one in &publishing {
            one.sign(&zone).await;
        }
        let now = wait_for(async || {
            let now = size(&target, &zone).await;
            assert!(now >= last, "{now} entries are signed where {last} were");
            (now > last).then_some(now)
        })
        .await;
        last = now;
    }
    of_size(&target, &zone, 360).await;
    for one in publishing {
        one.end().await;
    }
    assert_eq!(size(&target, &zone).await, 360);
}

#[tokio::test]
async fn a_database_that_is_not_the_one_in_the_bucket_is_not_signed_and_nothing_there_changes() {
    let (before, s3) = (
        Fixture::over(Backends::Embedded, PartFormat::Ndjson).await,
        bucket().await,
    );
    let (zone, target) = (before.zone(), s3.target());
    let publishing = Publishing::start(before.checkpoints(), s3.target());
    before.append(&zone, 20, at(5)).await;
    publishing.sign(&zone).await;
    let signed = of_size(&target, &zone, 20).await;
    publishing.end().await;
    // A process that remembers nothing, over another database in its place.
    let after = Fixture::over(Backends::Embedded, PartFormat::Ndjson).await;
    for (count, told) in [(10, "was set back"), (10, "was changed"), (30, "was changed")] {
        after.append(&zone, count, at(5)).await;
        let publishing = Publishing::start(after.checkpoints(), s3.target());
        let refused = refusal(after.checkpoints(), s3.target(), &zone).await;
        assert!(refused.contains(told), "{refused}");
        publishing.end().await;
    }
    assert_eq!(checkpoint(&target, &zone).await, Some(signed));
    // One that was put there, damaged or too large to be read, is no reason to begin anew.
    for damaged in [b"something else".to_vec(), vec![b'x'; 2 << 20]] {
        let name = format!("ledger/{zone}/checkpoint");
        target.write(&name, damaged.clone()).await.unwrap();
        let refused = refusal(before.checkpoints(), s3.target(), &zone).await;
        assert!(refused.contains("bucket of checkpoints"), "{refused}");
        let publishing = Publishing::start(before.checkpoints(), s3.target());
        publishing.end().await;
        let listing =
            format!("print(s3.head_object(Bucket='evidence', Key='of/caracal/{name}')['ContentLength'])");
        assert_eq!(s3.python(&listing).trim(), damaged.len().to_string());
    }
}

#[tokio::test]
async fn a_bucket_that_is_away_delays_nothing_else_and_gets_the_newest_when_it_is_back() {
    let fixture = Fixture::over(Backends::Embedded, PartFormat::Ndjson).await;
    let zone = fixture.zone();
    let directory = tempfile::tempdir().unwrap();
    let published = || Some(Directory::open(directory.path()).unwrap());
    // Nothing is signed by a process that does not know what was signed before.
    fixture.append(&zone, 5, at(5)).await;
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let refused = refusal(fixture.checkpoints(), target_at(nowhere), &zone).await;
    assert!(refused.contains("bucket of checkpoints"), "{refused}");
    // A server without the bucket refuses what is written.
    let s3 = S3::start().await;
    let proxy = FaultProxy::to(s3.address()).await;
    let publishing = Publishing::start(
        fixture.checkpoints_in(published(), World::for_tests()),
        target_at(proxy.address()),
    );
    wait_for(async || (in_directory(directory.path(), &zone) == 5).then_some(())).await;
    s3.python("s3.create_bucket(Bucket='evidence')");
    let target = s3.target();
    of_size(&target, &zone, 5).await;
    // One that takes connections and says nothing.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.lead_to(deaf.local_addr().unwrap());
    proxy.fail(Fault::Frozen);
    for (count, all) in [(3, 8), (4, 12)] {
        fixture.append(&zone, count, at(5)).await;
        publishing.sign(&zone).await;
        wait_for(async || (in_directory(directory.path(), &zone) == all).then_some(())).await;
        assert_eq!(size(&target, &zone).await, 5);
    }
    proxy.lead_to(s3.address());
    of_size(&target, &zone, 12).await;
    publishing.end().await;
}

#[tokio::test]
async fn what_came_last_is_in_the_bucket_when_a_process_has_ended() {
    let (fixture, s3) = (
        Fixture::over(Backends::Embedded, PartFormat::Ndjson).await,
        bucket().await,
    );
    let zone = fixture.zone();
    let publishing = Publishing::start(fixture.checkpoints(), s3.target());
    fixture.append(&zone, 7, at(5)).await;
    publishing.sign(&zone).await;
    publishing.end().await;
    assert_eq!(size(&s3.target(), &zone).await, 7);
}
