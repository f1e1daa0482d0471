//! Subjects, as their records tell.

use std::time::Duration;

use caracal_core::{claims::SubjectType, entity::AuthorityRecord};

use crate::{BlockedSubject, Holdings, Order, PageRequest, SubjectFilter, SubjectSummary, Total};

use super::{
    Backend,
    fixture::{ALL, Fixture, walk_from},
    race::{race, retry},
};

pub async fn a_subject_is_what_its_records_say(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let party = zone.party().await;
    let application = &party.application;
    let start = fixture.world.now();
    fixture.world.manual_clock().advance(Duration::from_secs(1));
    let now = fixture.world.now();
    let of_person = |name: &str| AuthorityRecord {
        subject_type: SubjectType::User,
        subject_id: name.to_owned(),
        issuer: Some(String::from("https://login.example")),
        ..zone.given.authority_record(application)
    };
    let (anna, ended, other) = (of_person("anna%1"), of_person("anna%1"), of_person("bob"));
    let mut waits = zone.given.approval(application);
    waits.subject_anchor = Some(String::from("anna%1"));
    let mut session = party.task();
    session.subject_authority_record_id = anna.id.clone();
    let mut work = zone.write().await;
    for record in [&anna, &ended, &other] {
        work.authority_records().create(record).await.unwrap();
    }
    work.authority_records()
        .revoke_tree(&ended.id, "x", now)
        .await
        .unwrap();
    work.sessions().create(&session).await.unwrap();
    work.approvals().open(&waits).await.unwrap();
    work.commit().await.unwrap();

    let mut work = zone.read().await;
    let found = work.subjects().get("anna%1", now).await.unwrap().unwrap();
    let expected = SubjectSummary {
        subject_id: String::from("anna%1"),
        kind: SubjectType::User,
        application_name: None,
        issuer: anna.issuer.clone(),
        total: 2,
        active: 1,
        revoked: 1,
        first_seen: now,
        last_seen: now,
        last_revoked_at: Some(now),
    };
    assert_eq!(found, expected);
    let later = anna.expires_at;
    assert_eq!(
        work.subjects()
            .get("anna%1", later)
            .await
            .unwrap()
            .unwrap()
            .active,
        0
    );
    let own = work
        .subjects()
        .get(application.id.as_str(), now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (own.kind, own.application_name.as_ref(), own.first_seen),
        (SubjectType::Application, Some(&application.name), start)
    );
    assert_eq!(work.subjects().get("nobody", now).await.unwrap(), None);
    let holdings = Holdings {
        active_sessions: 1,
        sessions: 1,
        pending_approvals: 1,
        approvals: 1,
    };
    assert_eq!(work.subjects().holdings("anna%1", now).await.unwrap(), holdings);
    assert_eq!(
        work.subjects().holdings("bob", now).await.unwrap(),
        Holdings::default()
    );

    let search = |text: &str| PageRequest {
        search: Some(text.to_owned()),
        ..ALL
    };
    let sorted = |order| PageRequest { order, ..ALL };
    let own = application.id.as_str();
    // Ids of applications begin with a digit.
    for (kind, page, names) in [
        (None, ALL, vec!["bob", "anna%1", own]),
        (None, sorted(Order::Oldest), vec![own, "anna%1", "bob"]),
        (None, sorted(Order::Name), vec![own, "anna%1", "bob"]),
        (None, sorted(Order::NameBackwards), vec!["bob", "anna%1", own]),
        (Some(SubjectType::User), ALL, vec!["bob", "anna%1"]),
        (Some(SubjectType::Application), ALL, vec![own]),
        (None, search("NNA%"), vec!["anna%1"]),
        (None, search("a_na"), vec![]),
        (None, search(&application.name.to_uppercase()), vec![own]),
        (Some(SubjectType::User), search(&application.name), vec![]),
    ] {
        let filter = SubjectFilter { kind };
        let read = async |page: PageRequest| {
            let mut work = zone.read().await;
            let read = work.subjects().list(&filter, now, &page).await.unwrap();
            let count = names.len() as u64;
            assert_eq!(read.total, Some(Total { count, exact: true }), "{page:?}");
            read
        };
        for limit in [1, 500] {
            let first = PageRequest {
                limit,
                count: true,
                ..page.clone()
            };
            let listed = walk_from(first, &read).await;
            let ids = listed.iter().map(|subject| subject.subject_id.as_str());
            assert_eq!(ids.collect::<Vec<_>>(), names, "{kind:?} {page:?}");
        }
    }
    let mut work = fixture.b.read().await;
    assert_eq!(work.subjects().get("anna%1", now).await.unwrap(), None);
    assert_eq!(
        work.subjects().holdings("anna%1", now).await.unwrap(),
        Holdings::default()
    );
    let listed = work
        .subjects()
        .list(&SubjectFilter::default(), now, &ALL)
        .await
        .unwrap();
    assert!(listed.items.is_empty());
}

pub async fn a_subject_that_is_kept_out_is_not_admitted_until_it_is_let_in(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let blocked = |id: &str, seconds| BlockedSubject {
        subject_id: id.to_owned(),
        reason: String::from("left \"it\""),
        blocked_by: String::from("admin:1"),
        blocked_at: now.plus(Duration::from_secs(seconds)),
    };
    let (first, second) = (blocked("anna%1", 0), blocked("bob", 1));
    let mut work = fixture.a.write().await;
    assert!(work.subjects().block(&first).await.unwrap());
    assert!(work.subjects().block(&second).await.unwrap());
    assert!(!work.subjects().block(&blocked("bob", 2)).await.unwrap(), "once");
    work.commit().await.unwrap();
    for (zone, admitted) in [(&fixture.a, false), (&fixture.b, true)] {
        let mut work = zone.write().await;
        assert_eq!(work.subjects().admits("anna%1").await.unwrap(), admitted);
        assert!(work.subjects().admits("anna").await.unwrap());
        let listed = work.subjects().list_blocked(None, &ALL).await.unwrap().items;
        let expected = [second.clone(), first.clone()];
        assert_eq!(listed, if admitted { &[][..] } else { &expected });
        // One is asked for by its whole name; what looks like a pattern is none.
        for (name, of_a) in [
            ("anna%1", Some(&first)),
            ("ANNA%1", None),
            ("%", None),
            ("carol", None),
        ] {
            let listed = work.subjects().list_blocked(Some(name), &ALL).await.unwrap();
            let expected: Vec<_> = of_a.filter(|_| !admitted).cloned().into_iter().collect();
            assert_eq!((listed.items, listed.next), (expected, None), "{name}");
        }
    }
    for (order, search, expected) in [
        (Order::Oldest, None, vec![&first, &second]),
        (Order::Name, None, vec![&first, &second]),
        (Order::NameBackwards, None, vec![&second, &first]),
        (Order::Newest, Some("NA%"), vec![&first]),
        (Order::Newest, Some("LEFT"), vec![&second, &first]),
        (Order::Name, Some("nobody"), vec![]),
    ] {
        let page = PageRequest {
            order,
            count: true,
            search: search.map(str::to_owned),
            ..PageRequest::first(1)
        };
        let read = async |page: PageRequest| {
            let mut work = fixture.a.read().await;
            let read = work.subjects().list_blocked(None, &page).await.unwrap();
            assert_eq!(read.total.unwrap().count, expected.len() as u64, "{page:?}");
            read
        };
        let listed = walk_from(page, read).await;
        assert_eq!(
            listed.iter().collect::<Vec<_>>(),
            expected,
            "{order:?} {search:?}"
        );
    }
    let mut elsewhere = fixture.b.write().await;
    assert!(!elsewhere.subjects().unblock("bob").await.unwrap());
    elsewhere.commit().await.unwrap();
    let mut work = fixture.a.write().await;
    assert!(work.subjects().unblock("bob").await.unwrap());
    assert!(!work.subjects().unblock("bob").await.unwrap());
    assert!(work.subjects().admits("bob").await.unwrap());
    work.commit().await.unwrap();

    // Whoever is admitted in the moment that they are blocked is seen by whoever blocks them, or not admitted.
    let application = fixture.a.party().await.application;
    for round in 0..8 {
        let person = format!("person {round}");
        let ends = race(2, |runner| {
            let (zone, person, application) = (fixture.a.clone(), person.clone(), application.clone());
            let blocking = blocked(&person, 0);
            async move {
                retry(|| async {
                    let mut work = zone.try_write().await?;
                    if runner == 0 {
                        if !work.subjects().admits(&person).await? {
                            return Ok(0);
                        }
                        let record = AuthorityRecord {
                            subject_type: SubjectType::User,
                            subject_id: person.clone(),
                            ..zone.given.authority_record(&application)
                        };
                        work.authority_records().create(&record).await?;
                        work.commit().await?;
                        return Ok(1);
                    }
                    work.subjects().block(&blocking).await?;
                    let seen = work.subjects().get(&person, blocking.blocked_at).await?;
                    work.commit().await?;
                    Ok(10 * seen.map_or(0, |seen| seen.active))
                })
                .await
                .unwrap()
            }
        })
        .await;
        let sum: u64 = ends.iter().sum();
        assert!(
            [0, 11].contains(&sum),
            "admitted and not seen, or the other way: {ends:?}"
        );
    }
}
