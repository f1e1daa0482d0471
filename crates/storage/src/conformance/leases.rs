//! Leases of services: fencing and heartbeats.

use std::time::Duration;

use caracal_core::entity::{Session, SessionStatus};

use crate::TreeEnd;

use super::{
    Backend,
    fixture::Fixture,
    race::{race, retry},
};

pub async fn of_16_takeovers_with_one_generation_exactly_one_wins(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let service = party.service();
    fixture.a.start(&[&service]).await;
    for generation in 1..=2 {
        let taken = race(16, |_| {
            let (zone, id) = (fixture.a.clone(), service.id.clone());
            async move {
                retry(|| async {
                    let mut work = zone.try_write().await?;
                    let at = zone.given.world.now();
                    let until = at.plus(Duration::from_secs(30));
                    let taken = work.sessions().acquire_lease(&id, generation, until, at).await?;
                    work.commit().await?;
                    Ok(taken)
                })
                .await
                .unwrap()
            }
        })
        .await;
        let won: Vec<_> = taken.into_iter().flatten().collect();
        assert_eq!(won, [generation + 1]);
        assert_eq!(fixture.a.session(&service).await.lease_generation, generation + 1);
    }
}

pub async fn a_takeover_moves_the_deadline_and_fences_the_old_holder(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let service = party.service();
    fixture.a.start(&[&service]).await;
    fixture.world.manual_clock().advance(Duration::from_secs(5));
    let now = fixture.world.now();
    let until = |seconds| now.plus(Duration::from_secs(seconds));
    let mut work = fixture.a.write().await;
    assert_eq!(
        work.sessions()
            .acquire_lease(&service.id, 0, until(1), now)
            .await
            .unwrap(),
        None,
        "stale"
    );
    assert_eq!(
        work.sessions()
            .acquire_lease(&service.id, 2, until(1), now)
            .await
            .unwrap(),
        None,
        "from the future"
    );
    assert_eq!(
        work.sessions()
            .acquire_lease(&service.id, 1, until(40), now)
            .await
            .unwrap(),
        Some(2)
    );
    assert!(
        !work
            .sessions()
            .heartbeat(&service.id, 1, until(99), now)
            .await
            .unwrap(),
        "the old holder is fenced"
    );
    work.commit().await.unwrap();
    assert_eq!(
        fixture.a.session(&service).await.heartbeat_deadline_at,
        Some(until(40))
    );
    let mut work = fixture.a.write().await;
    assert!(
        work.sessions()
            .heartbeat(&service.id, 2, until(60), now)
            .await
            .unwrap()
    );
    work.commit().await.unwrap();
    let stored = fixture.a.session(&service).await;
    assert_eq!(stored.heartbeat_deadline_at, Some(until(60)));
    assert_eq!(stored.last_heartbeat_at, Some(now));
    assert_eq!(stored.lease_generation, 2, "a heartbeat is no takeover");
}

pub async fn a_heartbeat_keeps_only_open_services_alive(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let now = fixture.world.now();
    let until = now.plus(Duration::from_secs(30));
    let (running, paused, ended, task) = (
        party.service(),
        Session {
            status: SessionStatus::Suspended,
            ..party.service()
        },
        party.service(),
        Session {
            lease_generation: 0,
            ..party.task()
        },
    );
    fixture.a.start(&[&running, &paused, &ended, &task]).await;
    let mut work = fixture.a.write().await;
    let end = TreeEnd {
        root_status: SessionStatus::Expired,
        reason: "lease_expired".into(),
        at: now,
    };
    assert_eq!(work.sessions().end_tree(&ended.id, &end).await.unwrap().len(), 1);
    for (session, generation, alive) in [
        (&running, 1, true),
        (&paused, 1, true),
        (&ended, 1, false),
        (&running, 0, false),
        (&running, 2, false),
        (&task, 0, false),
        (&party.service(), 1, false),
    ] {
        let beat = work
            .sessions()
            .heartbeat(&session.id, generation, until, now)
            .await
            .unwrap();
        assert_eq!(
            beat, alive,
            "{:?} {:?} generation {generation}",
            session.status, session.lifecycle
        );
    }
    assert_eq!(
        work.sessions()
            .acquire_lease(&task.id, 0, until, now)
            .await
            .unwrap(),
        None,
        "a task has no lease"
    );
    work.commit().await.unwrap();
    assert_eq!(
        fixture.a.session(&paused).await.status,
        SessionStatus::Suspended,
        "a heartbeat does not resume"
    );
    assert_eq!(fixture.a.session(&task).await, task);
}

pub async fn a_takeover_and_a_heartbeat_never_both_hold(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let service = party.service();
    fixture.a.start(&[&service]).await;
    let now = fixture.world.now();
    let (beat_until, lease_until) = (
        now.plus(Duration::from_secs(7)),
        now.plus(Duration::from_secs(70)),
    );
    race(2, |runner| {
        let (zone, id) = (fixture.a.clone(), service.id.clone());
        async move {
            retry(|| async {
                let mut work = zone.try_write().await?;
                if runner == 0 {
                    assert_eq!(
                        work.sessions().acquire_lease(&id, 1, lease_until, now).await?,
                        Some(2)
                    );
                } else {
                    work.sessions().heartbeat(&id, 1, beat_until, now).await?;
                }
                work.commit().await
            })
            .await
            .unwrap();
        }
    })
    .await;
    let stored = fixture.a.session(&service).await;
    assert_eq!(stored.lease_generation, 2);
    assert_eq!(
        stored.heartbeat_deadline_at,
        Some(lease_until),
        "the fenced heartbeat moved the new holder's deadline"
    );
}
