//! Versions of what administrators register.

use caracal_core::entity::{Application, Attribution};

use crate::Error;

use super::{Backend, fixture::Fixture};

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
