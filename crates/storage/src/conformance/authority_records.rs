//! Authority records: trees, filters, reaping.

use std::{collections::BTreeSet, time::Duration};

use caracal_core::{
    ApplicationId, AuthorityRecordId, Timestamp,
    claims::SubjectType,
    entity::{AuthorityRecord, AuthorityRecordStatus},
};

use crate::AuthorityRecordFilter;

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone, Party},
    race::{race, retry},
};

async fn store(zone: &InZone, records: &[&AuthorityRecord]) {
    let mut work = zone.write().await;
    for record in records {
        work.authority_records().create(record).await.unwrap();
    }
    work.commit().await.unwrap();
}

async fn status(zone: &InZone, record: &AuthorityRecord) -> AuthorityRecordStatus {
    zone.read()
        .await
        .authority_records()
        .get(&record.id)
        .await
        .unwrap()
        .unwrap()
        .status
}

async fn revoke(zone: &InZone, record: &AuthorityRecord) -> BTreeSet<AuthorityRecordId> {
    let mut work = zone.write().await;
    let at = zone.given.world.now();
    let changed = work
        .authority_records()
        .revoke_tree(&record.id, "test", at)
        .await
        .unwrap();
    work.commit().await.unwrap();
    let distinct: BTreeSet<_> = changed.iter().cloned().collect();
    assert_eq!(distinct.len(), changed.len(), "an id was reported twice");
    distinct
}

fn ids<'a>(records: impl IntoIterator<Item = &'a AuthorityRecord>) -> BTreeSet<AuthorityRecordId> {
    records.into_iter().map(|record| record.id.clone()).collect()
}

pub async fn a_record_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let Party { record, .. } = fixture.a.party().await;
    let full = AuthorityRecord {
        subject_type: SubjectType::User,
        subject_id: String::from("user|ü%_"),
        issuer: Some(String::from("https://idp.example/")),
        authenticated_at: fixture.world.now().minus(Duration::from_micros(77)),
        expires_at: fixture.world.now().plus(Duration::from_micros(123_457)),
        ..fixture.a.given.child_record(&record)
    };
    store(&fixture.a, &[&full]).await;
    let mut work = fixture.a.read().await;
    assert_eq!(
        work.authority_records().get(&record.id).await.unwrap(),
        Some(record)
    );
    assert_eq!(work.authority_records().get(&full.id).await.unwrap(), Some(full));
    let unknown = AuthorityRecordId::generate(&fixture.world);
    assert_eq!(work.authority_records().get(&unknown).await.unwrap(), None);
}

pub async fn revoking_a_record_ends_its_descendants_and_nobody_else(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let Party { record: root, .. } = fixture.a.party().await;
    let left = fixture.a.given.child_record(&root);
    let right = fixture.a.given.child_record(&root);
    let leaf = fixture.a.given.child_record(&left);
    store(&fixture.a, &[&left, &right, &leaf]).await;
    assert_eq!(revoke(&fixture.a, &left).await, ids([&left, &leaf]));
    for (record, expected) in [
        (&root, AuthorityRecordStatus::Active),
        (&right, AuthorityRecordStatus::Active),
        (&left, AuthorityRecordStatus::Revoked),
        (&leaf, AuthorityRecordStatus::Revoked),
    ] {
        assert_eq!(status(&fixture.a, record).await, expected);
    }
    let stored = fixture
        .a
        .read()
        .await
        .authority_records()
        .get(&leaf.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.revoked_at, Some(fixture.world.now()));
    assert!(stored.revoked_reason.is_some());
    assert_eq!(
        revoke(&fixture.a, &left).await,
        BTreeSet::new(),
        "what ended does not end again"
    );
    assert_eq!(
        revoke(&fixture.a, &root).await,
        ids([&root, &right]),
        "only what still was active changes"
    );
}

pub async fn revocation_passes_through_ended_records_to_active_ones_below(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let Party { record: root, .. } = fixture.a.party().await;
    let middle = fixture.a.given.child_record(&root);
    store(&fixture.a, &[&middle]).await;
    assert_eq!(revoke(&fixture.a, &middle).await, ids([&middle]));
    let orphan = fixture.a.given.child_record(&middle);
    store(&fixture.a, &[&orphan]).await;
    assert_eq!(revoke(&fixture.a, &root).await, ids([&root, &orphan]));
}

pub async fn a_deep_line_of_records_ends_as_a_whole(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let Party { record: root, .. } = fixture.a.party().await;
    let mut line = vec![root];
    for depth in 0..40 {
        line.push(fixture.a.given.child_record(&line[depth]));
    }
    store(&fixture.a, &line[1..].iter().collect::<Vec<_>>()).await;
    assert_eq!(revoke(&fixture.a, &line[0]).await, ids(&line));
}

pub async fn of_many_revocations_exactly_one_reports_each_record(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let Party { record: root, .. } = fixture.a.party().await;
    let children: Vec<_> = (0..5).map(|_| fixture.a.given.child_record(&root)).collect();
    store(&fixture.a, &children.iter().collect::<Vec<_>>()).await;
    let changed = race(8, |_| {
        let (zone, id) = (fixture.a.clone(), root.id.clone());
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                let at = zone.given.world.now();
                let changed = work.authority_records().revoke_tree(&id, "race", at).await?;
                work.commit().await?;
                Ok(changed.len())
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(
        changed.iter().sum::<usize>(),
        6,
        "each record changes once: {changed:?}"
    );
}

async fn extend(zone: &InZone, record: &AuthorityRecord, now: Timestamp, until: Timestamp) -> bool {
    let mut work = zone.write().await;
    let changed = work.authority_records().extend(&record.id, now, until).await;
    work.commit().await.unwrap();
    changed.unwrap()
}

pub async fn only_a_record_that_lives_is_let_go_on(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let Party { record, .. } = fixture.a.party().await;
    let now = fixture.world.now();
    let short = AuthorityRecord {
        expires_at: now.plus(Duration::from_micros(1)),
        ..fixture.a.given.child_record(&record)
    };
    store(&fixture.a, &[&short]).await;
    let until = now.plus(Duration::from_hours(1));
    assert!(extend(&fixture.a, &short, now, until).await);
    let stored = async || {
        let mut work = fixture.a.read().await;
        work.authority_records().get(&short.id).await.unwrap().unwrap()
    };
    let expected = AuthorityRecord {
        expires_at: until,
        ..short.clone()
    };
    assert_eq!(stored().await, expected, "nothing else changes");
    let later = until.plus(Duration::from_hours(1));
    assert!(
        !extend(&fixture.a, &short, until, later).await,
        "at its end it has ended"
    );
    assert!(
        !extend(&fixture.b, &short, now, later).await,
        "it is of another zone"
    );
    assert_eq!(stored().await.expires_at, until);
    revoke(&fixture.a, &record).await;
    assert!(!extend(&fixture.a, &short, now, later).await, "it was revoked");
    assert_eq!(stored().await.expires_at, until);
    let unknown = fixture.a.given.child_record(&record);
    assert!(!extend(&fixture.a, &unknown, now, later).await);
}

/// What is hung on a record by whoever lets it go on is found by whoever revokes it, or was not let.
pub async fn a_record_that_is_let_go_on_while_it_is_revoked_is_either_and_never_both(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let Party {
        record, application, ..
    } = fixture.a.party().await;
    for _ in 0..10 {
        let short = fixture.a.given.child_record(&record);
        store(&fixture.a, &[&short]).await;
        let session = fixture.a.given.session(&application, &short);
        let outcomes = race(2, |runner| {
            let (zone, record, session) = (fixture.a.clone(), short.clone(), session.clone());
            async move {
                retry(|| async {
                    let mut work = zone.try_write().await?;
                    let now = zone.given.world.now();
                    let done = if runner == 0 {
                        let until = now.plus(Duration::from_hours(9));
                        let lives = work.authority_records().extend(&record.id, now, until).await?;
                        if lives {
                            work.sessions().create(&session).await?;
                        }
                        lives
                    } else {
                        work.authority_records()
                            .revoke_tree(&record.id, "race", now)
                            .await?;
                        work.sessions().get(&session.id).await?.is_some()
                    };
                    work.commit().await?;
                    Ok((runner, done))
                })
                .await
                .unwrap()
            }
        })
        .await;
        let of = |wanted: usize| outcomes.iter().find(|(runner, _)| *runner == wanted).unwrap().1;
        assert_eq!(
            of(0),
            of(1),
            "it went on, and nobody saw what hangs on it, or the other way round"
        );
        assert_eq!(status(&fixture.a, &short).await, AuthorityRecordStatus::Revoked);
    }
}

pub async fn every_filter_of_records_selects(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let Party { record, .. } = fixture.a.party().await;
    let user = AuthorityRecord {
        subject_type: SubjectType::User,
        subject_id: String::from("ada"),
        ..fixture.a.given.child_record(&record)
    };
    store(&fixture.a, &[&user]).await;
    revoke(&fixture.a, &user).await;
    let none = AuthorityRecordFilter::default;
    for (filter, expected) in [
        (none(), ids([&record, &user])),
        (
            AuthorityRecordFilter {
                id: Some(user.id.clone()),
                ..none()
            },
            ids([&user]),
        ),
        (
            AuthorityRecordFilter {
                status: Some(AuthorityRecordStatus::Active),
                ..none()
            },
            ids([&record]),
        ),
        (
            AuthorityRecordFilter {
                status: Some(AuthorityRecordStatus::Expired),
                ..none()
            },
            ids([]),
        ),
        (
            AuthorityRecordFilter {
                subject_id: Some("ada".into()),
                ..none()
            },
            ids([&user]),
        ),
        (
            AuthorityRecordFilter {
                subject_id: Some("ad".into()),
                ..none()
            },
            ids([]),
        ),
        (
            AuthorityRecordFilter {
                subject_type: Some(SubjectType::Application),
                ..none()
            },
            ids([&record]),
        ),
        (
            AuthorityRecordFilter {
                application_id: Some(record.application_id.clone()),
                ..none()
            },
            ids([&record, &user]),
        ),
        (
            AuthorityRecordFilter {
                application_id: Some(ApplicationId::generate(&fixture.world)),
                ..none()
            },
            ids([]),
        ),
        (
            AuthorityRecordFilter {
                subject_type: Some(SubjectType::User),
                status: Some(AuthorityRecordStatus::Active),
                ..none()
            },
            ids([]),
        ),
        (
            AuthorityRecordFilter {
                revoked_reason: Some("test".into()),
                revoked_since: Some(fixture.world.now()),
                ..none()
            },
            ids([&user]),
        ),
        (
            AuthorityRecordFilter {
                revoked_reason: Some("tes".into()),
                ..none()
            },
            ids([]),
        ),
        (
            AuthorityRecordFilter {
                revoked_since: Some(fixture.world.now().plus(Duration::from_micros(1))),
                ..none()
            },
            ids([]),
        ),
    ] {
        let listed = fixture
            .a
            .read()
            .await
            .authority_records()
            .list(&filter, &ALL)
            .await
            .unwrap()
            .items;
        assert_eq!(ids(&listed), expected, "{filter:?}");
    }
}

pub async fn reaping_expires_at_the_boundary_and_keeps_what_is_referenced(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let end = party.record.expires_at;
    let short = AuthorityRecord {
        expires_at: fixture.world.now().plus(Duration::from_secs(10)),
        ..fixture.a.given.child_record(&party.record)
    };
    let parent = AuthorityRecord {
        parent_id: None,
        ..short.clone()
    };
    let parent = AuthorityRecord {
        id: AuthorityRecordId::generate(&fixture.world),
        ..parent
    };
    let child = AuthorityRecord {
        expires_at: end,
        ..fixture.a.given.child_record(&parent)
    };
    let anchor = AuthorityRecord {
        id: AuthorityRecordId::generate(&fixture.world),
        ..short.clone()
    };
    store(&fixture.a, &[&short, &parent, &child, &anchor]).await;
    let session = fixture.a.given.session(&party.application, &anchor);
    fixture.a.start(&[&session]).await;

    let reap = async |now, forget_before, limit| {
        let mut work = fixture.a.write().await;
        let changed = work
            .authority_records()
            .reap(now, forget_before, limit)
            .await
            .unwrap();
        work.commit().await.unwrap();
        changed
    };
    let never = fixture.world.now().minus(Duration::from_secs(1));
    let before = short.expires_at.minus(Duration::from_micros(1));
    assert_eq!(reap(before, never, 100).await, 0, "a microsecond early");
    assert_eq!(
        reap(short.expires_at, never, 2).await,
        2,
        "no more than the limit"
    );
    assert_eq!(
        reap(short.expires_at, never, 2).await,
        1,
        "and the rest afterwards"
    );
    assert_eq!(reap(short.expires_at, never, 100).await, 0);
    for record in [&short, &parent, &anchor] {
        assert_eq!(status(&fixture.a, record).await, AuthorityRecordStatus::Expired);
    }
    assert_eq!(status(&fixture.a, &child).await, AuthorityRecordStatus::Active);

    let later = short.expires_at.plus(Duration::from_secs(1));
    reap(later, later, 100).await;
    let mut work = fixture.a.read().await;
    assert_eq!(
        work.authority_records().get(&short.id).await.unwrap(),
        None,
        "nothing refers to it"
    );
    for kept in [&party.record, &parent, &child, &anchor] {
        assert!(
            work.authority_records().get(&kept.id).await.unwrap().is_some(),
            "a referenced record vanished"
        );
    }
    assert!(work.sessions().get(&session.id).await.unwrap().is_some());
}
