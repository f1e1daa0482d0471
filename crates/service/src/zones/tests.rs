use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use caracal_core::{KeyId, Secret, World, ZoneId, entity::Resource};
use caracal_crypto::{HmacKey, KeyRing, zone_key::SigningKey};
use caracal_storage::{Access, SigningKeyRow, Store, ZoneWork, conformance::given::Given};
use caracal_storage_sql::{PostgresOptions, PostgresStore, SqliteStore};
use caracal_testkit::{delay::Delay, postgres::Postgres};
use futures_util::future::{join, join_all};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;
use crate::revocation::Revocations;

struct Scene {
    world: World,
    store: Arc<dyn Store>,
    directory: Arc<ZoneDirectory>,
    _files: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let world = World::for_tests();
        let files = tempfile::tempdir().unwrap();
        let path = files.path().join("caracal.db");
        let key = HmacKey::from_bytes(&[7; 32]);
        let store = SqliteStore::open(&path, Some(key), world.now()).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let keys = Arc::new(KeyRing::from_hex(&"31a2b3c4d5e6f708".repeat(4), None).unwrap());
        let directory = Arc::new(ZoneDirectory::new(store.clone(), keys, world.clone()));
        Self {
            world,
            store,
            directory,
            _files: files,
        }
    }

    async fn zone(&self) -> Given {
        let given = Given::new(&self.world);
        let mut work = self.store.global(Access::Write).await.unwrap();
        work.zones().create(&given.zone()).await.unwrap();
        work.commit().await.unwrap();
        given
    }

    async fn write(&self, zone: &Given) -> Box<dyn ZoneWork> {
        self.store.zone(&zone.zone_id, Access::Write).await.unwrap()
    }

    /// A key that verifies, and signs in an hour.
    async fn key(&self, zone: &Given, version: i64) -> KeyId {
        let id = KeyId::generate(&self.world);
        let key = SigningKey::generate(&self.world, id.clone()).unwrap();
        let row = SigningKeyRow {
            id: id.clone(),
            public_key: key.verifying_key().point().to_vec(),
            signs_from: self.world.now().plus(Duration::from_hours(1)),
            ..zone.signing_key(version)
        };
        let mut work = self.write(zone).await;
        work.signing_keys().create(&row).await.unwrap();
        work.commit().await.unwrap();
        id
    }

    async fn changed(&self, zone: &Given, kind: DirectoryKind, id: &str) -> Arc<ZoneState> {
        let change = DirectoryInvalidated {
            zone_id: zone.zone_id.clone(),
            kind,
            id: id.to_owned(),
        };
        self.directory
            .change(&zone.zone_id, ZoneChange::Object(change))
            .await;
        let slot = self.directory.slot(&zone.zone_id);
        slot.current.load_full().expect("patched, not dropped")
    }
}

#[tokio::test]
async fn an_unreadable_zone_is_unavailable_alone_and_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let metrics = recorder.handle();
    let _here = metrics::set_default_local_recorder(&recorder);
    let scene = Scene::new().await;
    let (good, bad) = (scene.zone().await, scene.zone().await);
    scene.directory.zone(&good.zone_id).await.unwrap();
    scene.directory.zone(&bad.zone_id).await.unwrap();
    // Its public half is no point, as its private half would be under an unknown key.
    let mut work = scene.write(&bad).await;
    work.signing_keys().create(&bad.signing_key(1)).await.unwrap();
    work.commit().await.unwrap();

    // What a reconnect of the bus does: the others are not asked to wait for it.
    scene.directory.drop_outdated().await.unwrap();
    let unavailable = |answer| matches!(answer, Err(DirectoryError::Unavailable));
    for _ in 0..2 {
        assert!(unavailable(scene.directory.zone(&bad.zone_id).await));
        scene.directory.zone(&good.zone_id).await.unwrap();
        scene.world.manual_clock().advance(MAX_AGE / 2);
        scene.directory.refresh().await;
        assert!(
            metrics.render().contains("caracal_zones_unreadable 1"),
            "{}",
            metrics.render()
        );
    }
    assert!(
        metrics
            .render()
            .contains(r#"caracal_zone_reads_total{outcome="unreadable"}"#)
    );
    let waiting = (0..50).map(|_| scene.directory.zone(&bad.zone_id));
    let before = scene.store.statements();
    assert!(join_all(waiting).await.into_iter().all(unavailable));
    assert!(
        scene.store.statements() - before < 100,
        "whoever waits shares one read"
    );
}

#[tokio::test]
async fn a_change_of_one_object_leaves_all_others_as_they_were() {
    let scene = Scene::new().await;
    let zone = scene.zone().await;
    let provider = zone.provider();
    let mut work = scene.write(&zone).await;
    work.providers().create(&provider).await.unwrap();
    let others: Vec<Resource> = (0..50).map(|_| zone.resource(&provider)).collect();
    for other in &others {
        work.resources().create(other).await.unwrap();
    }
    work.commit().await.unwrap();
    let before = scene.directory.zone(&zone.zone_id).await.unwrap();

    // One that takes the row id of another as its identifier.
    let new = Resource {
        identifier: others[0].id.to_string(),
        ..zone.resource(&provider)
    };
    let application = zone.application();
    let mut work = scene.write(&zone).await;
    work.resources().create(&new).await.unwrap();
    work.applications().create(&application).await.unwrap();
    work.commit().await.unwrap();
    let statements = scene.store.statements();
    let after = scene
        .changed(&zone, DirectoryKind::Resource, new.id.as_str())
        .await;
    assert!(scene.store.statements() - statements <= 5, "one row is read");
    assert!(after.resource(new.id.as_str()).unwrap().provider.is_some());
    assert_eq!(after.resource(others[0].id.as_str()).unwrap().resource.id, new.id);
    for other in &others {
        let name = other.identifier.as_str();
        assert!(Arc::ptr_eq(
            before.resource(name).unwrap(),
            after.resource(name).unwrap()
        ));
    }
    let after = scene
        .changed(&zone, DirectoryKind::Application, application.id.as_str())
        .await;
    assert!(after.applications.contains_key(&application.id));

    let mut work = scene.write(&zone).await;
    let now = scene.world.now();
    assert!(work.resources().archive(&new.id, now).await.unwrap());
    assert!(work.applications().archive(&application.id, now).await.unwrap());
    work.commit().await.unwrap();
    let after = scene
        .changed(&zone, DirectoryKind::Resource, new.id.as_str())
        .await;
    assert!(after.resource(new.id.as_str()).is_none());
    assert_eq!(
        after.resource(others[0].id.as_str()).unwrap().resource.id,
        others[0].id
    );
    let after = scene
        .changed(&zone, DirectoryKind::Application, application.id.as_str())
        .await;
    assert!(!after.applications.contains_key(&application.id));

    let mut work = scene.write(&zone).await;
    assert!(work.providers().archive(&provider.id, now).await.unwrap());
    work.commit().await.unwrap();
    let after = scene
        .changed(&zone, DirectoryKind::Provider, provider.id.as_str())
        .await;
    assert!(
        after.resource(&others[1].identifier).unwrap().provider.is_none(),
        "which denies"
    );
    // What a patch says and what a whole read says is the same.
    let whole = scene.directory.reload(&zone.zone_id).await.unwrap();
    assert_eq!(whole.resources.len(), after.resources.len());
    assert_eq!(whole.applications.len(), after.applications.len());
}

#[tokio::test]
async fn idle_zones_leave_memory_and_come_back_when_used() {
    let scene = Scene::new().await;
    let (idle, busy) = (scene.zone().await, scene.zone().await);
    scene.directory.zone(&idle.zone_id).await.unwrap();
    for _ in 0..30 {
        scene.directory.zone(&busy.zone_id).await.unwrap();
        scene.world.manual_clock().advance(REFRESH_EVERY);
        scene.directory.refresh().await;
    }
    let known: Vec<ZoneId> = scene.directory.slots.read().keys().cloned().collect();
    assert_eq!(known, [busy.zone_id]);
    scene.directory.zone(&idle.zone_id).await.unwrap();
}

#[tokio::test]
async fn a_key_made_elsewhere_is_asked_for_once_by_all_who_present_it() {
    let scene = Scene::new().await;
    let zone = scene.zone().await;
    scene.key(&zone, 1).await;
    scene.directory.zone(&zone.zone_id).await.unwrap();
    // Again and again, without a pause in which nobody could ask.
    for version in 2..5 {
        let kid = scene.key(&zone, version).await;
        let before = scene.store.statements();
        let asking = (0..40).map(|_| scene.directory.verifying_key(&zone.zone_id, kid.as_str()));
        for answer in join_all(asking).await {
            assert!(answer.unwrap().is_some(), "a mandate under a new key failed");
        }
        assert!(scene.store.statements() - before < 60, "all share one read");
    }
    let before = scene.store.statements();
    let asking = (0..40).map(|_| scene.directory.verifying_key(&zone.zone_id, "nobody's"));
    for answer in join_all(asking).await {
        assert!(answer.unwrap().is_none());
    }
    assert!(
        scene.store.statements() - before < 20,
        "strangers do not make us read at will"
    );
}

#[tokio::test]
async fn a_picture_given_up_while_it_is_read_is_not_kept() {
    let scene = Scene::new().await;
    let zone = scene.zone().await;
    let slot = scene.directory.slot(&zone.zone_id);
    let _reading = slot.reading.lock().await;
    // Polled in this order: the read has begun, and waits for storage.
    let dropping = async { slot.drop_picture() };
    let (loaded, ()) = join(scene.directory.load(&zone.zone_id, &slot), dropping).await;
    loaded.unwrap();
    assert!(slot.begun() >= 2, "read again after it was given up");
}

#[tokio::test]
async fn revocations_are_read_on_from_where_they_were_read_before() {
    let scene = Scene::new().await;
    let zone = scene.zone().await;
    let application = zone.application();
    let records: Vec<_> = (0..3).map(|_| zone.authority_record(&application)).collect();
    let mut work = scene.write(&zone).await;
    work.applications().create(&application).await.unwrap();
    for record in &records {
        work.authority_records().create(record).await.unwrap();
    }
    work.commit().await.unwrap();
    let end = async |n: usize, at| {
        let mut work = scene.write(&zone).await;
        work.authority_records()
            .revoke_tree(&records[n].id, "done", at)
            .await
            .unwrap();
        work.commit().await.unwrap();
    };
    let revocations = Revocations::new(scene.world.clone());
    let clock = scene.world.manual_clock();
    end(0, scene.world.now()).await;
    clock.advance(Duration::from_mins(50));
    let cost = async || {
        let before = scene.store.statements();
        revocations.reload(scene.store.as_ref()).await.unwrap();
        scene.store.statements() - before
    };
    let first = cost().await;
    assert!(revocations.is_revoked(records[0].id.as_str()));
    clock.advance(Duration::from_secs(30));
    end(1, scene.world.now()).await;
    // A transaction that took its time is dated before the last read.
    end(2, scene.world.now().minus(Duration::from_mins(3))).await;
    let second = cost().await;
    assert!(second * 2 < first, "{second} statements after {first}");
    assert!(
        records
            .iter()
            .all(|record| revocations.is_revoked(record.id.as_str()))
    );
    clock.advance(Duration::from_mins(20));
    cost().await;
    assert!(
        !revocations.is_revoked(records[0].id.as_str()),
        "no live mandate can name it"
    );
    assert!(revocations.is_revoked(records[1].id.as_str()));
}

/// Zones that a Gateway knows, as rows, each with a real key.
fn many(postgres: &Postgres, database: &str, zones: usize, point: &[u8]) {
    let point = hex::encode(point);
    postgres.sql(
        database,
        &format!(
            "INSERT INTO zones (id, name, slug, dcr_enabled, operator_coauthor_badge, operator_governed, \
                created_via_operator, created_at, updated_via_operator) \
             SELECT 'zone-' || n, 'zone', 'zone-' || n, FALSE, FALSE, FALSE, FALSE, 1, FALSE \
             FROM generate_series(1, {zones}) n; \
             INSERT INTO signing_keys (zone_id, id, version, public_key, envelope, signs_from, created_at) \
             SELECT 'zone-' || n, 'key-' || n, 1, decode('{point}', 'hex'), '', 1, 1 \
             FROM generate_series(1, {zones}) n; \
             INSERT INTO zone_revisions SELECT 'zone-' || n, 1 FROM generate_series(1, {zones}) n"
        ),
    );
}

/// Keeps `zones` zones recent behind a PostgreSQL that is 2 ms away each way.
async fn many_zones_stay_recent(zones: usize) {
    let world = World::for_tests();
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let database = postgres.create_database();
    let near = postgres.url(&database);
    let port = near
        .split(['@', '/'])
        .find_map(|part| part.strip_prefix("127.0.0.1:"))
        .unwrap();
    let target: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
    let delay = Delay::before(target, Duration::from_millis(2)).await;
    let far = near.replace(&target.to_string(), &delay.address().to_string());
    let options = PostgresOptions::new(Secret::new(far.as_str()));
    let store = PostgresStore::connect(options, None).await.unwrap();
    store.migrate(world.now()).await.unwrap();
    let key = SigningKey::generate(&world, KeyId::generate(&world)).unwrap();
    many(&postgres, &database, zones, key.verifying_key().point());
    let store: Arc<dyn Store> = Arc::new(store);
    let directory = ZoneDirectory::reaching(store.clone(), world.clone(), Reach::PublicKeys);
    let revocations = Revocations::new(world.clone());
    let ids: Vec<ZoneId> = (1..=zones)
        .map(|n| ZoneId::parse(&format!("zone-{n}")).unwrap())
        .collect();
    for chunk in ids.chunks(50) {
        for state in join_all(chunk.iter().map(|id| directory.zone(id))).await {
            state.unwrap();
        }
    }

    // Nothing changed: as many statements as there are thousands of zones, times what a transaction takes.
    world.manual_clock().advance(Duration::from_mins(1));
    let (before, began) = (store.statements(), Instant::now());
    directory.refresh().await;
    let statements = store.statements() - before;
    println!(
        "{zones} zones compared with {statements} statements in {:?}",
        began.elapsed()
    );
    assert!(
        statements <= 5 * (zones as u64).div_ceil(1000),
        "{statements} statements"
    );
    world.manual_clock().advance(Duration::from_mins(1));
    assert!(
        directory.in_memory(&ids[0]).is_some(),
        "confirmed, so still recent"
    );

    // Everything changed at once: revocations are read meanwhile, again and again.
    postgres.sql(&database, "UPDATE zone_revisions SET revision = revision + 1");
    let began = Instant::now();
    let mut reads = 0;
    let mut refresh = std::pin::pin!(directory.refresh());
    loop {
        tokio::select! {
            biased;
            () = &mut refresh => break,
            read = revocations.reload(store.as_ref()) => {
                read.unwrap();
                assert!(revocations.is_fresh());
                reads += 1;
            }
        }
    }
    println!(
        "{zones} changed zones read in {:?}, revocations {reads} times meanwhile",
        began.elapsed()
    );
    assert!(reads > 0, "revocations waited for zones");
    world.manual_clock().advance(Duration::from_mins(1));
    assert!(ids.iter().all(|id| directory.in_memory(id).is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_zones_far_from_their_storage_stay_recent_and_hold_up_no_revocation() {
    many_zones_stay_recent(500).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute"]
async fn ten_thousand_zones_far_from_their_storage_stay_recent_and_hold_up_no_revocation() {
    many_zones_stay_recent(10_000).await;
}
