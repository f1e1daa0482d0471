//! Applications.

use std::{collections::BTreeSet, time::Duration};

use caracal_core::{
    ApplicationId,
    entity::{Application, Attribution, Delegation, RegistrationMethod},
};

use crate::{Access, CountedApplications, Registered};

use super::{
    Backend,
    fixture::{ALL, Fixture},
    race::{race, retry},
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
    assert_eq!(ids(work.applications().all_live(now).await.unwrap()), [live.id]);
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

pub async fn whoever_registers_and_whoever_closes_registration_take_turns(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    // Each registers where nobody is yet, or closes where nobody is: one of them is first.
    let done = race(8, |runner| {
        let (store, zone) = (fixture.backend.store.clone(), fixture.a.clone());
        async move {
            retry(|| async {
                if runner % 2 == 0 {
                    let mut work = store.global(Access::Write).await?;
                    let live = work.zones().hold_registrations(zone.id(), now).await?;
                    let mut row = work.zones().get(zone.id()).await?.expect("it is there");
                    let closes = live == 0 && row.dcr_enabled;
                    if closes {
                        row.dcr_enabled = false;
                        assert!(work.zones().update(&row).await?);
                        work.commit().await?;
                    }
                    return Ok(closes);
                }
                let mut work = zone.try_write().await?;
                let live = work.applications().hold_registrations(now).await?;
                let open = work.zone().await?.expect("it is there").dcr_enabled;
                let registers = live == 0 && open;
                if registers {
                    let application = Application {
                        registration_method: RegistrationMethod::Dcr,
                        expires_at: Some(now.plus(Duration::from_mins(1))),
                        ..zone.given.application()
                    };
                    work.applications().create(&application).await?;
                    work.commit().await?;
                }
                Ok(registers)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "{done:?}");
}

pub async fn short_lived_applications_past_their_end_are_found_and_no_longer_live(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let end = fixture.world.now().plus(Duration::from_secs(10));
    let early = end.minus(Duration::from_micros(1));
    let ending = |method, at| Application {
        registration_method: method,
        expires_at: Some(at),
        ..fixture.a.given.application()
    };
    let managed = ending(RegistrationMethod::Managed, end);
    let first = ending(RegistrationMethod::Dcr, early);
    let second = ending(RegistrationMethod::Dcr, end);
    let archived = ending(RegistrationMethod::Dcr, early);
    let forever = fixture.a.given.application();
    let mut work = fixture.a.write().await;
    for application in [&second, &managed, &first, &archived, &forever] {
        work.applications().create(application).await.unwrap();
    }
    assert!(work.applications().archive(&archived.id, early).await.unwrap());
    work.commit().await.unwrap();

    let mut work = fixture.a.read().await;
    for (at, limit, expected) in [
        (early.minus(Duration::from_micros(1)), 9, vec![]),
        (early, 9, vec![&first.id]),
        (end, 9, vec![&first.id, &second.id]),
        (end, 1, vec![&first.id]),
    ] {
        let found = work.applications().ended_dcr(at, limit).await.unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{at:?} {limit}");
    }
    for (at, expected) in [
        (early, BTreeSet::from([&managed.id, &second.id, &forever.id])),
        (end, [&forever.id].into()),
    ] {
        let live = work.applications().all_live(at).await.unwrap();
        assert_eq!(live.iter().map(|row| &row.id).collect::<BTreeSet<_>>(), expected);
    }
    drop(work);
    for (at, named) in [(early, true), (early.minus(Duration::from_micros(1)), false)] {
        let mut work = fixture.global_read().await;
        let zones = work.zones_with_overdue(fixture.world.now(), at).await.unwrap();
        assert_eq!(zones.contains(fixture.a.id()), named);
        assert!(!zones.contains(fixture.b.id()));
    }
}

pub async fn an_archived_short_lived_application_is_forgotten_once_nothing_names_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let end = now.plus(Duration::from_secs(1));
    let given = &fixture.a.given;
    let dcr = || Application {
        registration_method: RegistrationMethod::Dcr,
        expires_at: Some(end),
        ..given.application()
    };
    let managed = given.application();
    let (live, late, bare) = (dcr(), dcr(), dcr());
    let (recorded, running, agreed, above, below) = (dcr(), dcr(), dcr(), dcr(), dcr());
    let all = [
        &managed, &live, &late, &bare, &recorded, &running, &agreed, &above, &below,
    ];
    let root = given.authority_record(&managed);
    let provider = given.provider();
    let resource = given.resource(&provider);
    let mut work = fixture.a.write().await;
    for application in all {
        work.applications().create(application).await.unwrap();
    }
    work.authority_records().create(&root).await.unwrap();
    work.authority_records()
        .create(&given.authority_record(&recorded))
        .await
        .unwrap();
    let (session, other) = (given.session(&managed, &root), given.session(&running, &root));
    for session in [&session, &other] {
        work.sessions().create(session).await.unwrap();
    }
    for (issuer, receiver) in [(&above, &managed), (&managed, &below)] {
        let delegation = Delegation {
            issuer_application_id: issuer.id.clone(),
            receiver_application_id: receiver.id.clone(),
            ..given.delegation(&session, &other)
        };
        work.delegations().create(&delegation).await.unwrap();
    }
    work.providers().create(&provider).await.unwrap();
    work.resources().create(&resource).await.unwrap();
    work.grants()
        .create(&given.grant(&agreed, &resource))
        .await
        .unwrap();
    for application in all.iter().filter(|application| application.id != live.id) {
        let at = if application.id == late.id { end } else { now };
        assert!(work.applications().archive(&application.id, at).await.unwrap());
    }
    work.commit().await.unwrap();

    let mut elsewhere = fixture.b.write().await;
    assert_eq!(elsewhere.applications().reap(end, 100).await.unwrap(), 0);
    elsewhere.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    assert_eq!(work.applications().reap(now, 100).await.unwrap(), 0, "not yet");
    assert_eq!(
        work.applications().reap(end, 0).await.unwrap(),
        0,
        "no more than asked for"
    );
    assert_eq!(work.applications().reap(end, 100).await.unwrap(), 1);
    assert_eq!(work.applications().reap(end, 100).await.unwrap(), 0, "once");
    work.commit().await.unwrap();
    let mut work = fixture.a.read().await;
    for application in all {
        let left = work.applications().get(&application.id).await.unwrap().is_some();
        assert_eq!(left, application.id != bare.id, "{}", application.id);
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
