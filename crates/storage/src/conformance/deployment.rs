//! The named reads over every zone.

use std::{collections::BTreeSet, time::Duration};

use caracal_core::{
    Timestamp, ZoneId,
    entity::{Delegation, Session, SessionStatus},
};

use crate::{AdminToken, ConnectionFilter, Error, KeyCheck, TreeEnd};

use super::{
    Backend, delegations,
    fixture::{Fixture, InZone},
};

pub async fn an_application_is_found_in_any_zone_archived_or_not(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (live, gone) = (
        fixture.a.party().await.application,
        fixture.b.party().await.application,
    );
    let mut work = fixture.b.write().await;
    assert!(
        work.applications()
            .archive(&gone.id, fixture.world.now())
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let mut work = fixture.global_read().await;
    assert_eq!(
        work.find_application(&live.id).await.unwrap().as_ref(),
        Some(&live)
    );
    let found = work.find_application(&gone.id).await.unwrap().unwrap();
    assert_eq!(
        (found.zone_id, found.archived_at),
        (fixture.b.id().clone(), Some(fixture.world.now()))
    );
    assert_eq!(
        work.find_application(&fixture.a.given.application().id)
            .await
            .unwrap(),
        None
    );
}

/// What ended in one zone.
struct Ended {
    record: String,
    session: String,
    expired_session: String,
    delegation: String,
    connection: String,
    suspended: String,
}

async fn end_some(zone: &InZone, at: Timestamp) -> Ended {
    let party = zone.party().await;
    let sessions: Vec<_> = (0..4).map(|_| party.task()).collect();
    zone.start(&sessions.iter().collect::<Vec<_>>()).await;
    let other = zone.party().await.record;
    let delegation = zone.given.delegation(&sessions[3], &sessions[2]);
    let kept = zone.given.delegation(&sessions[3], &sessions[2]);
    delegations::store(zone, &[&delegation, &kept]).await;
    let provider = zone.given.provider();
    let (connection, connected) = (zone.given.connection(&provider), zone.given.connection(&provider));
    let mut work = zone.write().await;
    work.providers().create(&provider).await.unwrap();
    for connection in [&connection, &connected] {
        work.connections().create(connection).await.unwrap();
    }
    let filter = ConnectionFilter {
        subject_id: Some(connection.subject_id.clone()),
        ..ConnectionFilter::default()
    };
    assert_eq!(work.connections().revoke(&filter, at, 10).await.unwrap().len(), 1);
    work.authority_records()
        .revoke_tree(&other.id, "test", at)
        .await
        .unwrap();
    for (session, root_status) in [(0, SessionStatus::Terminated), (1, SessionStatus::Expired)] {
        let end = TreeEnd {
            root_status,
            reason: "test".into(),
            at,
        };
        work.sessions()
            .end_tree(&sessions[session].id, &end)
            .await
            .unwrap();
    }
    work.sessions().suspend_tree(&sessions[2].id, at).await.unwrap();
    work.delegations().revoke_tree(&delegation.id, at).await.unwrap();
    work.commit().await.unwrap();
    Ended {
        record: other.id.to_string(),
        session: sessions[0].id.to_string(),
        expired_session: sessions[1].id.to_string(),
        delegation: delegation.id.to_string(),
        connection: connection.id.to_string(),
        suspended: sessions[2].id.to_string(),
    }
}

pub async fn everything_that_ended_since_an_instant_is_named_with_its_zone(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let early = fixture.world.now().plus(Duration::from_secs(10));
    let late = fixture.world.now().plus(Duration::from_secs(20));
    let (a, b) = (
        end_some(&fixture.a, early).await,
        end_some(&fixture.b, late).await,
    );
    let name = |zone: &InZone, id: &String| (zone.id().clone(), id.clone());
    let set = |anchors: Vec<(ZoneId, std::sync::Arc<str>)>| {
        anchors
            .into_iter()
            .map(|(zone, id)| (zone, id.to_string()))
            .collect::<BTreeSet<_>>()
    };
    let forever = Timestamp::from_micros(i64::MAX);
    let suspended = fixture.global_read().await.suspended_sessions().await.unwrap();
    let both: BTreeSet<_> = [name(&fixture.a, &a.suspended), name(&fixture.b, &b.suspended)].into();
    assert_eq!(set(suspended), both, "what is suspended now, since whenever");
    for (from, to, with_a, with_b) in [
        (fixture.world.now(), forever, true, true),
        (early, forever, true, true),
        (early, early, false, false),
        (early, early.plus(Duration::from_micros(1)), true, false),
        (early, late, true, false),
        (early.plus(Duration::from_micros(1)), forever, false, true),
        (late, forever, false, true),
        (late.plus(Duration::from_micros(1)), forever, false, false),
    ] {
        let anchors = fixture
            .global_read()
            .await
            .revoked_between(from, to)
            .await
            .unwrap();
        let expect = |pick: fn(&Ended) -> Vec<&String>| {
            let from_a = pick(&a)
                .into_iter()
                .filter(|_| with_a)
                .map(|id| name(&fixture.a, id));
            let from_b = pick(&b)
                .into_iter()
                .filter(|_| with_b)
                .map(|id| name(&fixture.b, id));
            from_a.chain(from_b).collect::<BTreeSet<_>>()
        };
        assert_eq!(
            set(anchors.authority_records),
            expect(|ended| vec![&ended.record]),
            "records from {from:?} to {to:?}"
        );
        let sessions = expect(|ended| vec![&ended.session, &ended.expired_session]);
        assert_eq!(
            set(anchors.sessions),
            sessions,
            "sessions from {from:?} to {to:?}"
        );
        assert_eq!(
            set(anchors.delegations),
            expect(|ended| vec![&ended.delegation]),
            "delegations from {from:?} to {to:?}"
        );
        assert_eq!(
            set(anchors.connections),
            expect(|ended| vec![&ended.connection]),
            "connections from {from:?} to {to:?}"
        );
    }
}

pub async fn expired_delegations_count_as_ended(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = delegations::sessions(&fixture.a, 2).await;
    let end = fixture.world.now().plus(Duration::from_secs(10));
    let short = Delegation {
        expires_at: end,
        ..fixture.a.given.delegation(&sessions[0], &sessions[1])
    };
    delegations::store(&fixture.a, &[&short]).await;
    let mut work = fixture.a.write().await;
    assert_eq!(work.delegations().expire_due(end, 10).await.unwrap().len(), 1);
    work.commit().await.unwrap();
    let forever = Timestamp::from_micros(i64::MAX);
    let mut work = fixture.global_read().await;
    let named = work
        .revoked_between(fixture.world.now(), forever)
        .await
        .unwrap()
        .delegations;
    assert_eq!(
        named.iter().map(|(_, id)| id.as_ref()).collect::<Vec<_>>(),
        [short.id.as_str()]
    );
    let later = end.plus(Duration::from_mins(1));
    assert!(
        work.revoked_between(later, forever)
            .await
            .unwrap()
            .delegations
            .is_empty()
    );
}

pub async fn zones_where_sessions_outlive_their_owner_are_named(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let (short, archived) = (fixture.a.party().await, fixture.b.party().await);
    fixture.a.start(&[&short.task()]).await;
    fixture.b.start(&[&archived.task()]).await;
    assert!(overdue(&fixture, now).await.is_empty());

    let end = now.plus(Duration::from_secs(10));
    let mut work = fixture.a.write().await;
    let mut application = work
        .applications()
        .get(&short.application.id)
        .await
        .unwrap()
        .unwrap();
    application.expires_at = Some(end);
    assert!(work.applications().update(&application).await.unwrap());
    work.commit().await.unwrap();
    let early = end.minus(Duration::from_micros(1));
    assert!(overdue(&fixture, early).await.is_empty());
    assert_eq!(
        overdue(&fixture, end).await,
        [fixture.a.given.zone_id.clone()].into()
    );
    let ended = |at| {
        let zone = fixture.a.clone();
        async move {
            let mut work = zone.read().await;
            work.applications().ended_with_sessions(at, 10).await.unwrap()
        }
    };
    assert!(ended(early).await.is_empty());
    assert_eq!(ended(end).await, std::slice::from_ref(&short.application.id));

    let mut work = fixture.b.write().await;
    assert!(
        work.applications()
            .archive(&archived.application.id, now)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    assert_eq!(
        overdue(&fixture, now).await,
        [fixture.b.given.zone_id.clone()].into()
    );

    // An archived zone counts whatever its applications are.
    let mut work = fixture.global_write().await;
    assert!(work.zones().archive(&fixture.a.given.zone_id, now).await.unwrap());
    work.commit().await.unwrap();
    assert_eq!(overdue(&fixture, now).await.len(), 2);
}

pub async fn the_tokens_of_a_zone_end_with_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let token = |digest: u8, zone: Option<&ZoneId>| AdminToken {
        id: fixture.world.uuid_v7().to_string(),
        name: String::from("t"),
        token_digest: [digest; 32],
        digest_key: String::from(if digest == 4 { "old" } else { "new" }),
        scope: String::from(if zone.is_some() { "zone" } else { "global" }),
        capability: String::from("write"),
        reveals: None,
        zone_id: zone.cloned(),
        created_by: String::from("admin:t"),
        created_at: now,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    };
    let (a, b) = (&fixture.a.given.zone_id, &fixture.b.given.zone_id);
    let mut work = fixture.global_write().await;
    for token in [
        token(1, Some(a)),
        token(2, Some(a)),
        token(3, Some(b)),
        token(4, None),
    ] {
        work.admin_tokens().create(&token).await.unwrap();
    }
    assert_eq!(work.admin_tokens().revoke_of_zone(b, now).await.unwrap(), 1);
    assert!(work.zones().archive(a, now).await.unwrap());
    work.commit().await.unwrap();
    let mut work = fixture.global_write().await;
    let tokens = work.admin_tokens();
    assert_eq!(tokens.count_digested_otherwise("new", now).await.unwrap(), 1);
    let id = tokens.find(&[4; 32], now).await.unwrap().unwrap().id;
    for (seen, replaced) in [(5, false), (4, true), (4, false)] {
        let done = tokens.redigest(&id, &[seen; 32], &[6; 32], "new").await.unwrap();
        assert_eq!(done, replaced);
    }
    assert_eq!(tokens.find(&[6; 32], now).await.unwrap().unwrap().id, id);
    assert_eq!(tokens.count_digested_otherwise("new", now).await.unwrap(), 0);
    drop(work);
    let mut work = fixture.global_read().await;
    for (digest, known) in [(1, false), (2, false), (3, false), (4, true)] {
        let found = work.admin_tokens().find(&[digest; 32], now).await.unwrap();
        assert_eq!(found.is_some(), known, "{digest}");
    }
}

async fn overdue(fixture: &Fixture, at: Timestamp) -> BTreeSet<ZoneId> {
    let zones = fixture
        .global_read()
        .await
        .zones_with_overdue(at, at)
        .await
        .unwrap();
    let distinct: BTreeSet<_> = zones.iter().cloned().collect();
    assert_eq!(distinct.len(), zones.len(), "a zone was named twice");
    distinct
}

pub async fn zones_with_something_overdue_are_named_from_the_boundary_on(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (in_a, in_b) = (fixture.a.party().await, fixture.b.party().await);
    let end = fixture.world.now().plus(Duration::from_secs(10));
    let lapse = fixture.world.now().plus(Duration::from_secs(20));
    let tasks: Vec<_> = (0..2)
        .map(|_| Session {
            ttl_seconds: Some(10),
            ..in_a.task()
        })
        .collect();
    let paused = Session {
        ttl_seconds: Some(10),
        status: SessionStatus::Suspended,
        ..in_a.task()
    };
    fixture.a.start(&[&tasks[0], &tasks[1], &paused]).await;
    fixture
        .b
        .start(&[&Session {
            heartbeat_deadline_at: Some(lapse),
            ..in_b.service()
        }])
        .await;
    let early = |at: Timestamp| at.minus(Duration::from_micros(1));
    let (only_a, both) = (
        BTreeSet::from([fixture.a.id().clone()]),
        [fixture.a.id().clone(), fixture.b.id().clone()].into(),
    );
    assert_eq!(overdue(&fixture, early(end)).await, BTreeSet::new());
    assert_eq!(overdue(&fixture, end).await, only_a);
    assert_eq!(overdue(&fixture, early(lapse)).await, only_a);
    assert_eq!(overdue(&fixture, lapse).await, both);
    let mut work = fixture.a.write().await;
    for session in [&tasks[0], &tasks[1], &paused] {
        let end = TreeEnd {
            root_status: SessionStatus::Expired,
            reason: "ttl".into(),
            at: end,
        };
        work.sessions().end_tree(&session.id, &end).await.unwrap();
    }
    work.commit().await.unwrap();
    assert_eq!(
        overdue(&fixture, lapse).await,
        BTreeSet::from([fixture.b.id().clone()]),
        "what ended is not overdue"
    );
}

pub async fn a_zone_with_a_delegation_past_its_end_is_overdue(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let sessions = delegations::sessions(&fixture.b, 2).await;
    let end = fixture.world.now().plus(Duration::from_secs(10));
    let short = || Delegation {
        expires_at: end,
        ..fixture.b.given.delegation(&sessions[0], &sessions[1])
    };
    delegations::store(&fixture.b, &[&short(), &short()]).await;
    assert_eq!(
        overdue(&fixture, end.minus(Duration::from_micros(1))).await,
        BTreeSet::new()
    );
    assert_eq!(
        overdue(&fixture, end).await,
        BTreeSet::from([fixture.b.id().clone()])
    );
    let mut work = fixture.b.write().await;
    assert_eq!(work.delegations().expire_due(end, 10).await.unwrap().len(), 2);
    work.commit().await.unwrap();
    assert_eq!(overdue(&fixture, end).await, BTreeSet::new());
}

pub async fn a_revision_moves_with_everything_a_snapshot_is_loaded_from(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (a, b) = (fixture.a.id().clone(), fixture.b.id().clone());
    let both = [a.clone(), b.clone()];
    let before = fixture.global_read().await.zone_revisions(&both).await.unwrap();
    let provider = fixture.a.given.provider();
    let resource = fixture.a.given.resource(&provider);
    let application = fixture.a.given.application();
    let mut last = before[&a];
    for step in 0..10 {
        let mut work = fixture.a.write().await;
        let at = fixture.world.now();
        match step {
            0 => work.applications().create(&application).await.unwrap(),
            1 => work.providers().create(&provider).await.unwrap(),
            2 => work.resources().create(&resource).await.unwrap(),
            3 => assert!(work.resources().update(&resource).await.unwrap()),
            4 => assert!(work.resources().archive(&resource.id, at).await.unwrap()),
            5 => work.secrets().put("zones/x", b"sealed", at).await.unwrap(),
            6 => work.secrets().delete("zones/x").await.unwrap(),
            7 => work
                .signing_keys()
                .create(&fixture.a.given.signing_key(1))
                .await
                .unwrap(),
            8 => assert_eq!(work.delegations().advance_epoch(at).await.unwrap(), 1),
            _ => {
                let (policy, version) = fixture.a.given.policy();
                work.policies().create(&policy, &version).await.unwrap();
                let set = fixture.a.given.policy_set();
                work.policy_sets().create(&set).await.unwrap();
                let manifest = fixture.a.given.policy_set_version(&set, &[&version]);
                work.policy_sets().add_version(&manifest).await.unwrap();
                assert!(
                    work.policy_sets()
                        .activate(&set.id, &manifest.id, at)
                        .await
                        .unwrap()
                );
            }
        }
        work.commit().await.unwrap();
        let now = fixture.a.read().await.revision().await.unwrap();
        assert!(now > last, "step {step}");
        last = now;
    }
    // What is rolled back or of no snapshot moves nothing, and every zone has its own.
    let mut work = fixture.a.write().await;
    work.secrets()
        .put("zones/y", b"sealed", fixture.world.now())
        .await
        .unwrap();
    drop(work);
    fixture.a.party().await;
    let last = fixture.a.read().await.revision().await.unwrap();
    let mut work = fixture.a.write().await;
    work.outbox()
        .append(&[fixture.a.given.outbox_message()])
        .await
        .unwrap();
    work.commit().await.unwrap();
    let after = fixture.global_read().await.zone_revisions(&both).await.unwrap();
    assert_eq!((after[&a], after[&b]), (last, before[&b]));
    let mut work = fixture.global_write().await;
    assert!(work.zones().archive(&a, fixture.world.now()).await.unwrap());
    work.commit().await.unwrap();
    let left = fixture.global_read().await.zone_revisions(&both).await.unwrap();
    assert_eq!(left.keys().collect::<Vec<_>>(), [&b], "an archived zone has none");
}

fn key_check(position: i64, key_id: &str) -> KeyCheck {
    KeyCheck {
        position,
        key_id: key_id.to_owned(),
        envelope: vec![0, 255, 7],
        created_at: Timestamp::from_unix_seconds(1),
        retired_at: None,
    }
}

pub async fn of_two_who_record_the_first_key_one_has_to_read_again(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let record = async |key: &str| -> Result<(), Error> {
        let mut work = fixture.backend.store.global(crate::Access::Write).await?;
        work.key_checks().create(&key_check(1, key)).await?;
        work.commit().await
    };
    let (one, other) = tokio::join!(record("one"), record("other"));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let refused = one.err().or(other.err()).unwrap();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused:?}");
    assert!(matches!(record("late").await, Err(Error::Conflict { .. })));
    assert_eq!(
        fixture
            .global_read()
            .await
            .key_checks()
            .list()
            .await
            .unwrap()
            .len(),
        1
    );
}

pub async fn keys_are_retired_and_taken_up_again(backend: Backend) {
    let mut fixture = Fixture::new(backend).await;
    let mut work = fixture.global_write().await;
    work.key_checks().create(&key_check(1, "first")).await.unwrap();
    work.key_checks().create(&key_check(2, "second")).await.unwrap();
    let at = Some(fixture.world.now());
    assert!(work.key_checks().set_retired("first", at).await.unwrap());
    assert!(!work.key_checks().set_retired("absent", at).await.unwrap());
    work.commit().await.unwrap();
    fixture.restart().await;
    let retired = KeyCheck {
        retired_at: at,
        ..key_check(1, "first")
    };
    let listed = fixture.global_read().await.key_checks().list().await.unwrap();
    assert_eq!(listed, [retired, key_check(2, "second")]);
    let mut work = fixture.global_write().await;
    assert!(work.key_checks().set_retired("first", None).await.unwrap());
    work.commit().await.unwrap();
    let listed = fixture.global_read().await.key_checks().list().await.unwrap();
    assert_eq!(listed, [key_check(1, "first"), key_check(2, "second")]);
}
