mod certificates;
mod far;
mod following;
mod policies;

use std::{sync::Arc, time::Duration};

use caracal_core::{
    JsonObject, KeyId, World, ZoneId,
    entity::{DeclaredOperation, Resource},
};
use caracal_crypto::{HmacKey, KeyRing, zone_key::SigningKey};
use caracal_storage::{Access, SigningKeyRow, Store, ZoneWork, conformance::given::Given};
use caracal_storage_sql::SqliteStore;
use futures_util::future::{join, join_all};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;
use crate::revocation::Revocations;

struct Fixture {
    world: World,
    store: Arc<dyn Store>,
    directory: Arc<ZoneDirectory>,
    _files: tempfile::TempDir,
}

impl Fixture {
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
    let fixture = Fixture::new().await;
    let (good, bad) = (fixture.zone().await, fixture.zone().await);
    fixture.directory.zone(&good.zone_id).await.unwrap();
    fixture.directory.zone(&bad.zone_id).await.unwrap();
    // Its public half is no point, as its private half would be under an unknown key.
    let mut work = fixture.write(&bad).await;
    work.signing_keys().create(&bad.signing_key(1)).await.unwrap();
    work.commit().await.unwrap();

    // What a reconnect of the bus does: the others are not asked to wait for it.
    fixture.directory.drop_outdated().await.unwrap();
    let unavailable = |answer| matches!(answer, Err(DirectoryError::Unavailable));
    for _ in 0..2 {
        assert!(unavailable(fixture.directory.zone(&bad.zone_id).await));
        fixture.directory.zone(&good.zone_id).await.unwrap();
        fixture.world.manual_clock().advance(MAX_AGE / 2);
        fixture.directory.refresh().await;
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
    let waiting = (0..50).map(|_| fixture.directory.zone(&bad.zone_id));
    let before = fixture.store.statements();
    assert!(join_all(waiting).await.into_iter().all(unavailable));
    assert!(
        fixture.store.statements() - before < 100,
        "whoever waits shares one read"
    );
}

#[tokio::test]
async fn a_change_of_one_object_leaves_all_others_as_they_were() {
    let fixture = Fixture::new().await;
    let zone = fixture.zone().await;
    let provider = zone.provider();
    let mut work = fixture.write(&zone).await;
    work.providers().create(&provider).await.unwrap();
    let others: Vec<Resource> = (0..50).map(|_| zone.resource(&provider)).collect();
    for other in &others {
        work.resources().create(other).await.unwrap();
    }
    work.commit().await.unwrap();
    let before = fixture.directory.zone(&zone.zone_id).await.unwrap();

    // One that takes the row id of another as its identifier.
    let new = Resource {
        identifier: others[0].id.to_string(),
        ..zone.resource(&provider)
    };
    let application = zone.application();
    let mut work = fixture.write(&zone).await;
    work.resources().create(&new).await.unwrap();
    work.applications().create(&application).await.unwrap();
    work.commit().await.unwrap();
    let statements = fixture.store.statements();
    let after = fixture
        .changed(&zone, DirectoryKind::Resource, new.id.as_str())
        .await;
    assert!(fixture.store.statements() - statements <= 5, "one row is read");
    assert!(after.resource(new.id.as_str()).unwrap().provider.is_some());
    assert_eq!(after.resource(others[0].id.as_str()).unwrap().resource.id, new.id);
    for other in &others {
        let name = other.identifier.as_str();
        assert!(Arc::ptr_eq(
            before.resource(name).unwrap(),
            after.resource(name).unwrap()
        ));
    }
    let after = fixture
        .changed(&zone, DirectoryKind::Application, application.id.as_str())
        .await;
    assert!(after.applications.contains_key(&application.id));

    let mut work = fixture.write(&zone).await;
    let now = fixture.world.now();
    assert!(work.resources().archive(&new.id, now).await.unwrap());
    assert!(work.applications().archive(&application.id, now).await.unwrap());
    work.commit().await.unwrap();
    let after = fixture
        .changed(&zone, DirectoryKind::Resource, new.id.as_str())
        .await;
    assert!(after.resource(new.id.as_str()).is_none());
    assert_eq!(
        after.resource(others[0].id.as_str()).unwrap().resource.id,
        others[0].id
    );
    let after = fixture
        .changed(&zone, DirectoryKind::Application, application.id.as_str())
        .await;
    assert!(!after.applications.contains_key(&application.id));

    let mut work = fixture.write(&zone).await;
    assert!(work.providers().archive(&provider.id, now).await.unwrap());
    work.commit().await.unwrap();
    let after = fixture
        .changed(&zone, DirectoryKind::Provider, provider.id.as_str())
        .await;
    assert!(
        after.resource(&others[1].identifier).unwrap().provider.is_none(),
        "which denies"
    );
    // What a patch says and what a whole read says is the same.
    let whole = fixture.directory.reload(&zone.zone_id).await.unwrap();
    assert_eq!(whole.resources.len(), after.resources.len());
    assert_eq!(whole.applications.size(), after.applications.size());
}

#[tokio::test]
async fn an_identifier_that_changed_hands_leads_to_whoever_has_it_in_whatever_order_events_come() {
    for first in [0, 1] {
        let fixture = Fixture::new().await;
        let zone = fixture.zone().await;
        let provider = zone.provider();
        let (mut giver, mut taker) = (zone.resource(&provider), zone.resource(&provider));
        let mut work = fixture.write(&zone).await;
        work.providers().create(&provider).await.unwrap();
        for resource in [&giver, &taker] {
            work.resources().create(resource).await.unwrap();
        }
        work.commit().await.unwrap();
        fixture.directory.zone(&zone.zone_id).await.unwrap();

        let (handed, left) = (giver.identifier.clone(), taker.identifier.clone());
        giver.identifier = String::from("resource://moved");
        taker.identifier.clone_from(&handed);
        let mut work = fixture.write(&zone).await;
        assert!(work.resources().update(&giver).await.unwrap());
        assert!(work.resources().update(&taker).await.unwrap());
        work.commit().await.unwrap();
        let ids = [&giver.id, &taker.id];
        let mut after = None;
        for id in [ids[first], ids[1 - first]] {
            after = Some(fixture.changed(&zone, DirectoryKind::Resource, id.as_str()).await);
        }
        let after = after.unwrap();
        let leads_to = |name: &str| after.resource(name).map(|state| state.resource.id.clone());
        assert_eq!(leads_to(&handed).as_ref(), Some(&taker.id));
        assert_eq!(leads_to("resource://moved").as_ref(), Some(&giver.id));
        assert_eq!(leads_to(&left), None);
        for id in ids {
            assert_eq!(leads_to(id.as_str()).as_ref(), Some(id));
        }
    }
}

#[tokio::test]
async fn a_gateway_knows_what_resources_declare_and_nothing_of_their_providers() {
    let fixture = Fixture::new().await;
    let zone = fixture.zone().await;
    let provider = zone.provider();
    let mut resource = zone.resource(&provider);
    let mut work = fixture.write(&zone).await;
    work.providers().create(&provider).await.unwrap();
    work.applications().create(&zone.application()).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.commit().await.unwrap();
    let fixture = Fixture {
        directory: Arc::new(ZoneDirectory::reaching(
            fixture.store.clone(),
            fixture.world.clone(),
            ZoneContents::Resources,
        )),
        ..fixture
    };
    let loaded = fixture.directory.zone(&zone.zone_id).await.unwrap();
    let known = loaded.resource(&resource.identifier).unwrap();
    assert!(!known.reads_mcp() && known.provider.is_none());
    assert!(loaded.applications.is_empty() && loaded.providers.is_empty());

    resource.operations = vec![DeclaredOperation {
        method: "MCP".into(),
        path: "tools/list".into(),
        scope: "weather:read".into(),
    }];
    let mut work = fixture.write(&zone).await;
    work.resources().update(&resource).await.unwrap();
    work.commit().await.unwrap();
    let changed = fixture
        .changed(&zone, DirectoryKind::Resource, resource.id.as_str())
        .await;
    let known = changed.resource(&resource.identifier).unwrap();
    assert!(known.reads_mcp() && known.provider.is_none() && changed.providers.is_empty());
    let statements = fixture.store.statements();
    for (kind, id) in [
        (DirectoryKind::Provider, provider.id.as_str()),
        (DirectoryKind::Application, "app-1"),
    ] {
        let same = fixture.changed(&zone, kind, id).await;
        assert!(Arc::ptr_eq(&same, &changed), "nothing of it is known");
    }
    assert_eq!(fixture.store.statements(), statements, "and nothing is read");
}

#[tokio::test]
async fn metadata_of_a_session_stays_out_of_memory() {
    let fixture = Fixture::new().await;
    let zone = fixture.zone().await;
    let application = zone.application();
    let record = zone.authority_record(&application);
    let session = zone.session(&application, &record);
    assert_ne!(session.metadata_json, JsonObject::default());
    let mut work = fixture.write(&zone).await;
    work.applications().create(&application).await.unwrap();
    work.authority_records().create(&record).await.unwrap();
    work.sessions().create(&session).await.unwrap();
    work.commit().await.unwrap();
    let authority = LiveAuthority::new(fixture.store.clone(), fixture.world.clone());
    for _ in 0..2 {
        let known = authority
            .session(&zone.zone_id, &session.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(known.labels, session.labels);
        assert_eq!(known.metadata_json, JsonObject::default());
    }
}

#[tokio::test]
async fn idle_zones_leave_memory_and_come_back_when_used() {
    let fixture = Fixture::new().await;
    let (idle, busy) = (fixture.zone().await, fixture.zone().await);
    fixture.directory.zone(&idle.zone_id).await.unwrap();
    for _ in 0..30 {
        fixture.directory.zone(&busy.zone_id).await.unwrap();
        fixture.world.manual_clock().advance(REFRESH_EVERY);
        fixture.directory.refresh().await;
    }
    let known: Vec<ZoneId> = fixture.directory.slots.read().keys().cloned().collect();
    assert_eq!(known, [busy.zone_id]);
    fixture.directory.zone(&idle.zone_id).await.unwrap();
}

#[tokio::test]
async fn a_key_made_elsewhere_is_asked_for_once_by_all_who_present_it() {
    let fixture = Fixture::new().await;
    let zone = fixture.zone().await;
    fixture.key(&zone, 1).await;
    fixture.directory.zone(&zone.zone_id).await.unwrap();
    // Again and again, without a pause in which nobody could ask.
    for version in 2..5 {
        let kid = fixture.key(&zone, version).await;
        let before = fixture.store.statements();
        let asking = (0..40).map(|_| fixture.directory.verifying_key(&zone.zone_id, kid.as_str()));
        for answer in join_all(asking).await {
            assert!(answer.unwrap().is_some(), "a mandate under a new key failed");
        }
        assert!(fixture.store.statements() - before < 60, "all share one read");
    }
    let before = fixture.store.statements();
    let asking = (0..40).map(|_| fixture.directory.verifying_key(&zone.zone_id, "nobody's"));
    for answer in join_all(asking).await {
        assert!(answer.unwrap().is_none());
    }
    assert!(
        fixture.store.statements() - before < 20,
        "strangers do not make us read at will"
    );
}

#[tokio::test]
async fn a_picture_given_up_while_it_is_read_is_not_kept() {
    let fixture = Fixture::new().await;
    let zone = fixture.zone().await;
    let slot = fixture.directory.slot(&zone.zone_id);
    let _reading = slot.reading.lock().await;
    // Polled in this order: the read has begun, and waits for storage.
    let dropping = async { slot.drop_picture() };
    let (loaded, ()) = join(fixture.directory.load(&zone.zone_id, &slot), dropping).await;
    loaded.unwrap();
    assert!(slot.begun() >= 2, "read again after it was given up");
}

#[tokio::test]
async fn revocations_are_read_on_from_where_they_were_read_before() {
    let fixture = Fixture::new().await;
    let zone = fixture.zone().await;
    let application = zone.application();
    let records: Vec<_> = (0..3).map(|_| zone.authority_record(&application)).collect();
    let mut work = fixture.write(&zone).await;
    work.applications().create(&application).await.unwrap();
    for record in &records {
        work.authority_records().create(record).await.unwrap();
    }
    work.commit().await.unwrap();
    let end = async |n: usize, at| {
        let mut work = fixture.write(&zone).await;
        work.authority_records()
            .revoke_tree(&records[n].id, "done", at)
            .await
            .unwrap();
        work.commit().await.unwrap();
    };
    let revocations = Revocations::new(fixture.world.clone());
    let clock = fixture.world.manual_clock();
    end(0, fixture.world.now()).await;
    clock.advance(Duration::from_mins(50));
    let cost = async || {
        let before = fixture.store.statements();
        revocations.reload(fixture.store.as_ref()).await.unwrap();
        fixture.store.statements() - before
    };
    let first = cost().await;
    assert!(revocations.is_revoked(records[0].id.as_str()));
    clock.advance(Duration::from_secs(30));
    end(1, fixture.world.now()).await;
    // A transaction that took its time is dated before the last read.
    end(2, fixture.world.now().minus(Duration::from_mins(3))).await;
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
