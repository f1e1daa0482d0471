//! Workloads, and the issuers whose users are taken as subjects.

use crate::Error;

use super::{
    Backend,
    fixture::{ALL, Fixture},
};

pub async fn a_workload_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut workload = fixture.a.given.workload();
    let mut work = fixture.a.write().await;
    work.workloads().create(&workload).await.unwrap();
    assert_eq!(
        work.workloads().get(&workload.id).await.unwrap().as_ref(),
        Some(&workload)
    );
    workload.name = String::from("Ωmega \"x\" %_\\");
    workload.bindings.truncate(1);
    workload.attribution.updated_by = Some("x".into());
    assert!(work.workloads().update(&workload).await.unwrap());
    workload.attribution.version = 2;
    assert_eq!(work.workloads().all().await.unwrap(), [workload.clone()]);
    assert!(matches!(
        work.workloads().update(&fixture.a.given.workload()).await,
        Ok(false)
    ));
    let seen = workload.secret_hash.clone();
    assert!(!work.workloads().rehash(&workload.id, "other", "x").await.unwrap());
    assert!(
        work.workloads()
            .rehash(&workload.id, &seen, "anew")
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    let told = work.workloads().update(&workload).await;
    assert!(matches!(told, Err(Error::Contended(_))), "{told:?}");
    drop(work);
    let mut work = fixture.a.write().await;
    let found = work.workloads().get(&workload.id).await.unwrap().unwrap();
    assert_eq!(
        (found.secret_hash.as_str(), found.attribution.version),
        ("anew", 3)
    );
    assert!(work.workloads().delete(&workload.id).await.unwrap());
    assert!(!work.workloads().delete(&workload.id).await.unwrap());
    assert!(work.workloads().list(&ALL).await.unwrap().items.is_empty());
}

pub async fn a_workloads_name_is_unique_whatever_its_case(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut work = fixture.a.write().await;
    let mut first = fixture.a.given.workload();
    first.name = String::from("Nächtlich");
    work.workloads().create(&first).await.unwrap();
    let mut other = fixture.a.given.workload();
    work.workloads().create(&other).await.unwrap();
    work.commit().await.unwrap();
    let taken = |told: Result<(), Error>| match told {
        Err(Error::Conflict { constraint }) => assert_eq!(constraint, "workloads_name"),
        told => panic!("{told:?}"),
    };
    let mut second = fixture.a.given.workload();
    second.name = String::from("NÄCHTLICH");
    let mut work = fixture.a.write().await;
    taken(work.workloads().create(&second).await);
    drop(work);
    other.name.clone_from(&second.name);
    let mut work = fixture.a.write().await;
    taken(work.workloads().update(&other).await.map(|_| ()));
    drop(work);
    // It may change the case of its own name; the name is free once it is gone, and in other zones.
    let mut work = fixture.a.write().await;
    first.name.clone_from(&second.name);
    assert!(work.workloads().update(&first).await.unwrap());
    assert!(work.workloads().delete(&first.id).await.unwrap());
    work.workloads().create(&second).await.unwrap();
    work.commit().await.unwrap();
    let mut elsewhere = fixture.b.given.workload();
    elsewhere.name.clone_from(&second.name);
    let mut work = fixture.b.write().await;
    work.workloads().create(&elsewhere).await.unwrap();
    work.commit().await.unwrap();
}

pub async fn an_issuer_is_trusted_once_until_it_is_archived(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let mut issuer = fixture.a.given.subject_issuer();
    let mut work = fixture.a.write().await;
    work.subject_issuers().create(&issuer).await.unwrap();
    assert_eq!(
        work.subject_issuers().get(&issuer.id).await.unwrap().as_ref(),
        Some(&issuer)
    );
    issuer.audience = String::from("another");
    assert!(work.subject_issuers().update(&issuer).await.unwrap());
    issuer.attribution.version = 2;
    work.commit().await.unwrap();
    let mut again = fixture.a.given.subject_issuer();
    again.issuer.clone_from(&issuer.issuer);
    let mut work = fixture.a.write().await;
    match work.subject_issuers().create(&again).await {
        Err(Error::Conflict { constraint }) => assert_eq!(constraint, "subject_issuers_issuer"),
        told => panic!("{told:?}"),
    }
    drop(work);
    let mut work = fixture.a.write().await;
    assert_eq!(
        work.subject_issuers().list(&ALL).await.unwrap().items,
        [issuer.clone()]
    );
    assert_eq!(work.subject_issuers().count_live().await.unwrap(), 1);
    let found = work.subject_issuers().find(&issuer.issuer).await.unwrap();
    assert_eq!(found.as_ref(), Some(&issuer));
    for another in [format!("{}/", issuer.issuer), issuer.issuer.to_uppercase()] {
        assert_eq!(work.subject_issuers().find(&another).await.unwrap(), None);
    }
    assert!(work.subject_issuers().archive(&issuer.id, now).await.unwrap());
    assert!(!work.subject_issuers().archive(&issuer.id, now).await.unwrap());
    issuer.attribution.version = 3;
    assert!(!work.subject_issuers().update(&issuer).await.unwrap());
    assert_eq!(work.subject_issuers().get(&issuer.id).await.unwrap(), None);
    assert_eq!(work.subject_issuers().find(&issuer.issuer).await.unwrap(), None);
    assert_eq!(work.subject_issuers().count_live().await.unwrap(), 0);
    work.subject_issuers().create(&again).await.unwrap();
    work.commit().await.unwrap();
}

pub async fn a_workload_is_found_in_any_zone_by_its_id(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let workload = fixture.b.given.workload();
    let mut work = fixture.b.write().await;
    work.workloads().create(&workload).await.unwrap();
    work.commit().await.unwrap();
    let mut work = fixture.global_read().await;
    let found = work.find_workload(&workload.id).await.unwrap();
    assert_eq!(found, Some(workload));
    let unknown = fixture.a.given.workload();
    assert_eq!(work.find_workload(&unknown.id).await.unwrap(), None);
}
