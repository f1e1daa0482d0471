//! Versions of what administrators register.

use caracal_core::entity::{Application, Attribution};

use crate::{Error, VersionedKind};

use super::{
    Backend,
    fixture::Fixture,
    race::{race, retry},
};

pub async fn every_change_is_another_version(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (given, now) = (&fixture.a.given, fixture.world.now());
    let (application, provider) = (given.application(), given.provider());
    let resource = given.resource(&provider);
    let ((policy, first), set) = (given.policy(), given.policy_set());
    let mut work = fixture.a.write().await;
    work.applications().create(&application).await.unwrap();
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.policies().create(&policy, &first).await.unwrap();
    work.policy_sets().create(&set).await.unwrap();
    for version in 1..4 {
        let mut seen = work.applications().get(&application.id).await.unwrap().unwrap();
        assert_eq!(seen.attribution.version, version);
        seen.name = format!("application {version}");
        assert!(work.applications().update(&seen).await.unwrap());
        let mut seen = work.providers().get(&provider.id).await.unwrap().unwrap();
        assert_eq!(seen.attribution.version, version);
        seen.name = format!("provider {version}");
        assert!(work.providers().update(&seen).await.unwrap());
        let mut seen = work.resources().get(&resource.id).await.unwrap().unwrap();
        assert_eq!(seen.attribution.version, version);
        seen.name = format!("resource {version}");
        assert!(work.resources().update(&seen).await.unwrap());
    }
    let hash = application.client_secret_hash.as_deref().unwrap();
    assert!(
        work.applications()
            .rehash(&application.id, hash, "another")
            .await
            .unwrap()
    );
    let seen = work.applications().get(&application.id).await.unwrap().unwrap();
    assert_eq!(seen.attribution.version, 5);
    assert!(work.resources().archive(&resource.id, now).await.unwrap());
    let seen = work.resources().get(&resource.id).await.unwrap().unwrap();
    assert_eq!(seen.attribution.version, 5);
    let seen = work.policies().get(&policy.id).await.unwrap().unwrap();
    assert_eq!(seen.attribution.version, 1);
    let seen = work.policy_sets().get(&set.id).await.unwrap().unwrap();
    assert_eq!(seen.attribution.version, 1);
    work.commit().await.unwrap();

    let mut work = fixture.global_write().await;
    let mut zone = work.zones().get(fixture.a.id()).await.unwrap().unwrap();
    assert_eq!(
        zone.attribution.version, 1,
        "what is in a zone is no change of it"
    );
    zone.name = String::from("renamed");
    assert!(work.zones().update(&zone).await.unwrap());
    work.commit().await.unwrap();
    let zone = fixture.a.read().await.zone().await.unwrap().unwrap();
    assert_eq!(zone.attribution.version, 2);
}

pub async fn an_update_of_a_version_that_is_no_more_gives_way(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (application, provider) = (fixture.a.given.application(), fixture.a.given.provider());
    let resource = fixture.a.given.resource(&provider);
    let mut work = fixture.a.write().await;
    work.applications().create(&application).await.unwrap();
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.commit().await.unwrap();
    let zone = fixture.a.read().await.zone().await.unwrap().unwrap();
    // Read in one unit of work and written in another, as by two callers who saw the same.
    for late in [false, true] {
        let judge = |what: &str, told: Result<bool, Error>| match told {
            Ok(true) => assert!(!late, "{what}: the first change was overwritten"),
            Err(Error::Contended(_)) => assert!(late, "{what}: nobody was first"),
            other => panic!("{what}: {other:?}"),
        };
        let mut work = fixture.a.write().await;
        judge("application", work.applications().update(&application).await);
        work.commit().await.ok();
        let mut work = fixture.a.write().await;
        judge("provider", work.providers().update(&provider).await);
        work.commit().await.ok();
        let mut work = fixture.a.write().await;
        judge("resource", work.resources().update(&resource).await);
        work.commit().await.ok();
        let mut work = fixture.global_write().await;
        judge("zone", work.zones().update(&zone).await);
        work.commit().await.ok();
    }
    // What does not exist is absent, whatever its version.
    let absent = Application {
        attribution: Attribution {
            version: 7,
            ..application.attribution
        },
        ..fixture.a.given.application()
    };
    let mut work = fixture.a.write().await;
    assert!(!work.applications().update(&absent).await.unwrap());
}

pub async fn a_held_version_is_that_of_what_is_not_archived(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (given, now) = (&fixture.a.given, fixture.world.now());
    let (provider, workload) = (given.provider(), given.workload());
    let resource = given.resource(&provider);
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    work.workloads().create(&workload).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.commit().await.unwrap();
    let (kept, id) = (VersionedKind::Resource, resource.id.as_str());
    let mut work = fixture.a.write().await;
    assert_eq!(work.held_version(kept, id).await.unwrap(), Some(1));
    let held = work
        .held_version(VersionedKind::Workload, workload.id.as_str())
        .await;
    assert_eq!(held.unwrap(), Some(1));
    let held = work.held_version(VersionedKind::Grant, id).await;
    assert_eq!(held.unwrap(), None, "there is no such grant");
    assert!(work.resources().archive(&resource.id, now).await.unwrap());
    assert_eq!(work.held_version(kept, id).await.unwrap(), None);
    drop(work);
    let mut other = fixture.b.write().await;
    assert_eq!(
        other.held_version(kept, id).await.unwrap(),
        None,
        "of another zone"
    );
    drop(other);
    let mut work = fixture.global_write().await;
    assert_eq!(work.zones().held_version(fixture.a.id()).await.unwrap(), Some(1));
    assert!(work.zones().archive(fixture.a.id(), now).await.unwrap());
    assert_eq!(work.zones().held_version(fixture.a.id()).await.unwrap(), None);
}

pub async fn versions_of_policies_and_what_is_in_force_are_changes(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (given, now) = (&fixture.a.given, fixture.world.now());
    let ((policy, first), set, other) = (given.policy(), given.policy_set(), given.policy_set());
    let (of_set, of_other) = (
        given.policy_set_version(&set, &[&first]),
        given.policy_set_version(&other, &[&first]),
    );
    let mut work = fixture.a.write().await;
    work.policies().create(&policy, &first).await.unwrap();
    for (set, version) in [(&set, &of_set), (&other, &of_other)] {
        work.policy_sets().create(set).await.unwrap();
        work.policy_sets().add_version(version).await.unwrap();
    }
    work.policies()
        .add_version(&given.policy_version(&policy))
        .await
        .unwrap();
    let seen = work.policies().get(&policy.id).await.unwrap().unwrap();
    assert_eq!(seen.attribution.version, 2);
    let mut seen = vec![];
    for (set, version) in [(&set, &of_set), (&other, &of_other)] {
        assert!(
            work.policy_sets()
                .activate(&set.id, &version.id, now)
                .await
                .unwrap()
        );
    }
    for set in [&set, &other] {
        let read = work.policy_sets().get(&set.id).await.unwrap().unwrap();
        seen.push((read.attribution.version, read.active_version_id.is_some()));
    }
    // A version each; the first came into force and left it, the second came.
    assert_eq!(seen, [(4, false), (3, true)]);
}

pub async fn whoever_changes_what_is_held_waits(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let provider = fixture.a.given.provider();
    let mut work = fixture.a.write().await;
    work.providers().create(&provider).await.unwrap();
    work.commit().await.unwrap();
    // Of many who hold the same version and then change the object, one finds it so.
    let (zone, now) = (fixture.a.clone(), fixture.world.now());
    let archived = race(8, move |_| {
        let (zone, id) = (zone.clone(), provider.id.clone());
        async move {
            let archiving = || async {
                let mut work = zone.try_write().await?;
                let held = work.held_version(VersionedKind::Provider, id.as_str()).await?;
                let archived = work.providers().archive(&id, now).await?;
                work.commit().await?;
                assert_eq!(held.is_some(), archived, "somebody else changed what was held");
                Ok(archived)
            };
            retry(archiving).await.unwrap()
        }
    })
    .await;
    assert_eq!(archived.into_iter().filter(|archived| *archived).count(), 1);
}

pub async fn the_receipt_of_a_zone_is_found_in_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = super::given::Given::new(&fixture.world).zone();
    let receipt = fixture
        .a
        .given
        .receipt("zones.create", &fixture.a.given.application());
    let mut work = fixture.global_write().await;
    work.zones().create(&zone).await.unwrap();
    work.zones().keep_receipt(&zone.id, &receipt).await.unwrap();
    work.commit().await.unwrap();
    let (name, scope, key) = (&receipt.operation, &receipt.scope_id, &receipt.key_digest);
    let open = |id| fixture.backend.store.zone(id, crate::Access::Write);
    let mut work = open(&zone.id).await.unwrap();
    let found = work.receipts().claim(name, scope, key, fixture.world.now()).await;
    assert_eq!(found.unwrap().as_ref(), Some(&receipt));
    drop(work);
    let mut work = open(fixture.a.id()).await.unwrap();
    let found = work.receipts().claim(name, scope, key, fixture.world.now()).await;
    assert_eq!(found.unwrap(), None, "and nowhere else");
}

pub async fn receipts_of_the_deployment_are_no_zones_and_come_once(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let receipt = fixture
        .a
        .given
        .receipt("accounts.create", &fixture.a.given.application());
    let (name, scope, key) = (&receipt.operation, &receipt.scope_id, &receipt.key_digest);
    let now = fixture.world.now();
    let mut work = fixture.global_write().await;
    assert_eq!(work.receipts().claim(name, scope, key, now).await.unwrap(), None);
    work.receipts().create(&receipt).await.unwrap();
    assert_eq!(work.receipts().count(name, scope, now).await.unwrap(), 1);
    work.commit().await.unwrap();
    let mut work = fixture.global_write().await;
    let found = work.receipts().claim(name, scope, key, now).await.unwrap();
    assert_eq!(found.as_ref(), Some(&receipt));
    assert!(matches!(
        work.receipts().create(&receipt).await,
        Err(Error::Conflict { .. })
    ));
    drop(work);
    let mut work = fixture.a.write().await;
    let found = work.receipts().claim(name, scope, key, now).await;
    assert_eq!(found.unwrap(), None, "of no zone");
    drop(work);
    let mut work = fixture.global_write().await;
    let late = receipt.expires_at.plus(std::time::Duration::from_secs(1));
    assert_eq!(work.receipts().claim(name, scope, key, late).await.unwrap(), None);
    assert_eq!(work.receipts().reap(late, 10).await.unwrap(), 1);
    work.commit().await.unwrap();
}
