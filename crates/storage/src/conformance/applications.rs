//! Applications.

use std::time::Duration;

use caracal_core::{
    ApplicationId,
    entity::{Application, Attribution, RegistrationMethod},
};

use crate::{CountedApplications, Registered};

use super::{
    Backend,
    fixture::{ALL, Fixture},
};

pub async fn an_application_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let plain = Application {
        client_secret_hash: None,
        traits: Vec::new(),
        attribution: Attribution {
            created_by: None,
            ..fixture.a.given.attribution()
        },
        ..fixture.a.given.application()
    };
    let full = Application {
        registration_method: RegistrationMethod::Dcr,
        name: String::from("Ωmega \"x\" %_\\"),
        traits: vec!["b".into(), "a".into(), "with \"quotes\"".into()],
        expires_at: Some(fixture.world.now().plus(Duration::from_micros(123_457))),
        attribution: Attribution {
            created_via_operator: true,
            updated_by: Some("x".into()),
            updated_via_operator: true,
            updated_at: Some(fixture.world.now()),
            ..fixture.a.given.attribution()
        },
        ..fixture.a.given.application()
    };
    let mut work = fixture.a.write().await;
    for application in [&plain, &full] {
        work.applications().create(application).await.unwrap();
        assert_eq!(
            work.applications().get(&application.id).await.unwrap().as_ref(),
            Some(application)
        );
    }
}

pub async fn an_archived_application_stays_readable_and_unchangeable(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let live = fixture.a.party().await.application;
    let now = fixture.world.now().plus(Duration::from_secs(1));
    let mut work = fixture.a.write().await;
    let id = &party.application.id;
    assert!(work.applications().archive(id, now).await.unwrap());
    assert!(
        !work.applications().archive(id, now).await.unwrap(),
        "archived twice"
    );
    assert!(
        !work.applications().update(&party.application).await.unwrap(),
        "changed after it was archived"
    );
    assert!(
        !work
            .applications()
            .archive(&ApplicationId::generate(&fixture.world), now)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let mut work = fixture.a.read().await;
    assert_eq!(
        work.applications().get(id).await.unwrap().unwrap().archived_at,
        Some(now)
    );
    let ids = |listed: Vec<Application>| listed.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(
        ids(work
            .applications()
            .list(&Registered::ARCHIVED, &ALL)
            .await
            .unwrap()
            .items),
        std::slice::from_ref(id)
    );
    assert_eq!(
        ids(work
            .applications()
            .list(&Registered::LIVE, &ALL)
            .await
            .unwrap()
            .items),
        std::slice::from_ref(&live.id)
    );
    assert_eq!(ids(work.applications().all_live().await.unwrap()), [live.id]);
}

pub async fn names_of_live_managed_applications_are_taken_whatever_their_case(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let managed = Application {
        name: "Planner_1".into(),
        ..fixture.a.given.application()
    };
    let short_lived = Application {
        name: "Ephemeral".into(),
        registration_method: RegistrationMethod::Dcr,
        expires_at: Some(fixture.world.now().plus(Duration::from_mins(1))),
        ..fixture.a.given.application()
    };
    let mut work = fixture.a.write().await;
    work.applications().create(&managed).await.unwrap();
    work.applications().create(&short_lived).await.unwrap();
    for (name, except, taken) in [
        ("Planner_1", None, true),
        ("pLANNER_1", None, true),
        ("pLANNER_1", Some(&managed.id), false),
        ("Planner_1", Some(&short_lived.id), true),
        ("PlannerX1", None, false),
        ("Planner_1 ", None, false),
        ("%", None, false),
        ("Ephemeral", None, false),
    ] {
        assert_eq!(
            work.applications().name_taken(name, except).await.unwrap(),
            taken,
            "{name} {except:?}"
        );
    }
    assert!(
        work.applications()
            .archive(&managed.id, fixture.world.now())
            .await
            .unwrap()
    );
    assert!(
        !work.applications().name_taken("Planner_1", None).await.unwrap(),
        "an archived name is free"
    );
}

pub async fn short_lived_applications_count_until_they_end(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let dcr = |micros: u64| Application {
        registration_method: RegistrationMethod::Dcr,
        expires_at: Some(now.plus(Duration::from_micros(micros))),
        ..fixture.a.given.application()
    };
    let archived = dcr(10);
    let mut work = fixture.a.write().await;
    for application in [fixture.a.given.application(), dcr(5), dcr(10), archived.clone()] {
        work.applications().create(&application).await.unwrap();
    }
    assert!(work.applications().archive(&archived.id, now).await.unwrap());
    for (after, count) in [(0, 2), (4, 2), (5, 1), (9, 1), (10, 0)] {
        let at = now.plus(Duration::from_micros(after));
        let soon = at.plus(Duration::from_micros(3));
        let counted = work.applications().count(at, soon).await.unwrap();
        let expected = CountedApplications {
            total: 3,
            expired: 2 - count,
            // Those that end 5 and 10 microseconds after.
            expiring_soon: [5, 10]
                .iter()
                .filter(|end| (1..=3).contains(&(*end - i64::try_from(after).unwrap())))
                .count() as u64,
        };
        assert_eq!(counted, expected, "after {after} microseconds");
        assert_eq!(
            work.applications().count_live_dcr(at).await.unwrap(),
            count,
            "after {after} microseconds"
        );
    }
}

pub async fn an_update_replaces_what_may_change_and_nothing_else(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let before = fixture.a.party().await.application;
    let bystander = fixture.a.party().await.application;
    let wanted = Application {
        name: "renamed".into(),
        traits: vec!["only:this".into()],
        client_secret_hash: None,
        expires_at: Some(fixture.world.now().plus(Duration::from_secs(9))),
        attribution: Attribution {
            updated_at: Some(fixture.world.now()),
            ..before.attribution.clone()
        },
        ..before.clone()
    };
    let asked = Application {
        registration_method: RegistrationMethod::Dcr,
        ..wanted.clone()
    };
    let mut work = fixture.a.write().await;
    assert!(work.applications().update(&asked).await.unwrap());
    assert!(
        !work
            .applications()
            .update(&fixture.a.given.application())
            .await
            .unwrap(),
        "there is no such one"
    );
    work.commit().await.unwrap();
    let mut work = fixture.a.read().await;
    let mut wanted = wanted;
    wanted.attribution.version = 2;
    assert_eq!(work.applications().get(&before.id).await.unwrap(), Some(wanted));
    assert_eq!(
        work.applications().get(&bystander.id).await.unwrap(),
        Some(bystander)
    );
}
