//! Sessions: what is stored, listed, counted and held.

use std::{collections::BTreeSet, time::Duration};

use caracal_core::{
    JsonObject, SessionId, Timestamp,
    entity::{Lifecycle, Session, SessionStatus},
};

use crate::{Error, SessionFilter, TreeEnd};

use super::{
    Backend,
    fixture::{ALL, Fixture},
    race::{give_way, retry},
};

fn ids<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> BTreeSet<SessionId> {
    sessions.into_iter().map(|session| session.id.clone()).collect()
}

pub async fn a_session_comes_back_as_it_was_stored(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let task = Session {
        metadata_json: JsonObject::default(),
        labels: Vec::new(),
        ..party.task()
    };
    let service = Session {
        labels: vec!["z".into(), "a".into(), "with \"quotes\" and %".into()],
        heartbeat_deadline_at: Some(fixture.world.now().plus(Duration::from_micros(123_457))),
        ..party.service()
    };
    let ended = Session {
        status: SessionStatus::Terminated,
        termination_reason: Some("done".into()),
        terminated_at: Some(fixture.world.now()),
        ..party.task()
    };
    fixture.a.start(&[&task, &service, &ended]).await;
    for session in [task, service, ended] {
        assert_eq!(fixture.a.session(&session).await, session);
    }
    let unknown = SessionId::generate(&fixture.world);
    assert_eq!(
        fixture.a.read().await.sessions().get(&unknown).await.unwrap(),
        None
    );
}

pub async fn a_session_needs_its_application_record_and_parent(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let stranger = fixture.a.given.application();
    for orphan in [
        Session {
            application_id: stranger.id.clone(),
            ..party.task()
        },
        fixture
            .a
            .given
            .session(&party.application, &fixture.a.given.authority_record(&stranger)),
        fixture.a.given.child_session(&party.task()),
    ] {
        let mut work = fixture.a.write().await;
        let refused = work.sessions().create(&orphan).await;
        assert!(matches!(refused, Err(Error::MissingReference)), "{refused:?}");
    }
}

pub async fn every_filter_of_sessions_selects(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (party, other) = (fixture.a.party().await, fixture.a.party().await);
    let root = party.task();
    let child = Session {
        labels: vec!["only:child".into()],
        ..fixture.a.given.child_session(&root)
    };
    let service = other.service();
    let paused = Session {
        status: SessionStatus::Suspended,
        labels: vec!["tier:10".into()],
        ..other.task()
    };
    fixture.a.start(&[&root, &child, &service, &paused]).await;
    let none = SessionFilter::default;
    for (filter, expected) in [
        (none(), ids([&root, &child, &service, &paused])),
        (
            SessionFilter {
                status: Some(SessionStatus::Suspended),
                ..none()
            },
            ids([&paused]),
        ),
        (
            SessionFilter {
                status: Some(SessionStatus::Expired),
                ..none()
            },
            ids([]),
        ),
        (
            SessionFilter {
                lifecycle: Some(Lifecycle::Service),
                ..none()
            },
            ids([&service]),
        ),
        (
            SessionFilter {
                application_id: Some(party.application.id.clone()),
                ..none()
            },
            ids([&root, &child]),
        ),
        (
            SessionFilter {
                parent_id: Some(root.id.clone()),
                ..none()
            },
            ids([&child]),
        ),
        (
            SessionFilter {
                label: Some("tier:1".into()),
                ..none()
            },
            ids([&root, &service]),
        ),
        (
            SessionFilter {
                label: Some("only:child".into()),
                ..none()
            },
            ids([&child]),
        ),
        (
            SessionFilter {
                label: Some("only:%".into()),
                ..none()
            },
            ids([]),
        ),
        (
            SessionFilter {
                label: Some("ONLY:child".into()),
                ..none()
            },
            ids([]),
        ),
        (
            SessionFilter {
                subject_id: Some(other.record.subject_id.clone()),
                ..none()
            },
            ids([&service, &paused]),
        ),
        (
            SessionFilter {
                subject_id: Some(other.record.subject_id.clone()),
                lifecycle: Some(Lifecycle::Task),
                ..none()
            },
            ids([&paused]),
        ),
    ] {
        let listed = fixture
            .a
            .read()
            .await
            .sessions()
            .list(&filter, &ALL)
            .await
            .unwrap()
            .items;
        assert_eq!(ids(&listed), expected, "{filter:?}");
    }
}

pub async fn slots_are_held_exactly_as_long_as_the_entity_says(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (party, other) = (fixture.a.party().await, fixture.a.party().await);
    let now = fixture.world.now();
    let lease = |seconds| Some(now.plus(Duration::from_secs(seconds)));
    let mut sessions = Vec::new();
    for status in SessionStatus::ALL {
        sessions.push(Session {
            status: *status,
            ttl_seconds: Some(10),
            ..party.task()
        });
        sessions.push(Session {
            status: *status,
            heartbeat_deadline_at: lease(20),
            ..party.service()
        });
        sessions.push(Session {
            status: *status,
            ttl_seconds: Some(30),
            ..other.task()
        });
    }
    fixture.a.start(&sessions.iter().collect::<Vec<_>>()).await;
    // What lapses in another zone is nobody's business here.
    let elsewhere = fixture.b.party().await;
    let lapsing = Session {
        ttl_seconds: Some(5),
        ..elsewhere.task()
    };
    fixture.b.start(&[&lapsing]).await;
    let mut work = fixture.a.read().await;
    for end in [10, 20, 30] {
        let end = now.plus(Duration::from_secs(end));
        for at in [
            end.minus(Duration::from_micros(1)),
            end,
            end.plus(Duration::from_micros(1)),
        ] {
            let expected = sessions.iter().filter(|session| session.holds_slot(at)).count() as u64;
            assert_eq!(
                work.sessions().count_slots(None, at).await.unwrap(),
                expected,
                "zone at {at:?}"
            );
            let id = &party.application.id;
            let own = sessions
                .iter()
                .filter(|session| session.application_id == *id && session.holds_slot(at));
            let expected = own.count() as u64;
            assert_eq!(
                work.sessions().count_slots(Some(id), at).await.unwrap(),
                expected,
                "application at {at:?}"
            );
        }
    }
}

pub async fn overdue_tasks_and_lapsed_services_appear_at_their_boundary(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let end = fixture.world.now().plus(Duration::from_secs(10));
    let before = end.minus(Duration::from_micros(1));
    let with = |status, session: Session| Session { status, ..session };
    let mut tasks = Vec::new();
    let mut services = Vec::new();
    for status in SessionStatus::ALL {
        tasks.push(with(
            *status,
            Session {
                ttl_seconds: Some(10),
                ..party.task()
            },
        ));
        services.push(with(
            *status,
            Session {
                heartbeat_deadline_at: Some(end),
                ..party.service()
            },
        ));
    }
    fixture
        .a
        .start(&tasks.iter().chain(&services).collect::<Vec<_>>())
        .await;
    let open =
        |session: &&Session| matches!(session.status, SessionStatus::Active | SessionStatus::Suspended);
    let due_tasks = ids(tasks.iter().filter(open));
    let due_services = ids(services
        .iter()
        .filter(|session| session.status == SessionStatus::Active));

    let mut work = fixture.a.read().await;
    let mut due = async |at: Timestamp, limit| {
        let tasks = work.sessions().overdue_tasks(at, limit).await.unwrap();
        let services = work.sessions().lapsed_services(at, limit).await.unwrap();
        (
            tasks.into_iter().collect::<BTreeSet<_>>(),
            services.into_iter().collect::<BTreeSet<_>>(),
        )
    };
    assert_eq!(due(before, 100).await, (ids([]), ids([])), "a microsecond early");
    assert_eq!(
        due(end, 100).await,
        (due_tasks.clone(), due_services.clone()),
        "at the boundary"
    );
    assert_eq!(
        due(end.plus(Duration::from_secs(9)), 100).await,
        (due_tasks, due_services)
    );
    let (some, one) = due(end, 1).await;
    assert_eq!((some.len(), one.len()), (1, 1), "no more than the limit");
}

pub async fn a_record_is_in_use_while_an_open_session_is_anchored_on_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let active = party.task();
    let paused = Session {
        status: SessionStatus::Suspended,
        ..party.service()
    };
    let ended = Session {
        status: SessionStatus::Terminated,
        ..party.task()
    };
    fixture.a.start(&[&active, &paused, &ended]).await;
    let mut work = fixture.a.read().await;
    let anchored: BTreeSet<_> = work
        .sessions()
        .anchored_on(&party.record.id)
        .await
        .unwrap()
        .into_iter()
        .collect();
    assert_eq!(anchored, ids([&active, &paused]));
    for (except, in_use) in [
        (vec![], true),
        (vec![active.id.clone()], true),
        (vec![paused.id.clone(), ended.id.clone()], true),
        (vec![active.id.clone(), paused.id.clone()], false),
    ] {
        assert_eq!(
            work.sessions()
                .record_in_use(&party.record.id, &except)
                .await
                .unwrap(),
            in_use,
            "{except:?}"
        );
    }
    let unused = fixture.a.party().await.record;
    let mut work = fixture.a.read().await;
    assert!(!work.sessions().record_in_use(&unused.id, &[]).await.unwrap());
    assert!(work.sessions().anchored_on(&unused.id).await.unwrap().is_empty());
}

pub async fn a_locked_session_waits_for_the_work_that_holds_it(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let session = party.task();
    fixture.a.start(&[&session]).await;
    let mut holder = fixture.a.write().await;
    assert_eq!(
        holder.sessions().get_locked(&session.id).await.unwrap().as_ref(),
        Some(&session)
    );
    let (zone, id) = (fixture.a.clone(), session.id.clone());
    let rival = tokio::spawn(async move {
        retry(|| async {
            let mut work = zone.try_write().await?;
            work.sessions().get_locked(&id).await
        })
        .await
        .unwrap()
        .unwrap()
        .status
    });
    give_way(&rival).await;
    assert!(!rival.is_finished(), "the session was held twice");
    let end = TreeEnd {
        root_status: SessionStatus::Terminated,
        reason: String::from("done"),
        at: fixture.world.now(),
    };
    holder.sessions().end_tree(&session.id, &end).await.unwrap();
    holder.commit().await.unwrap();
    assert_eq!(
        rival.await.unwrap(),
        SessionStatus::Terminated,
        "the rival read what was true before it waited"
    );
}
