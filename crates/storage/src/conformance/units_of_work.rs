//! One transaction: all or nothing, reads that cannot write, snapshots, locks, and the truth about commits.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use caracal_core::entity::Application;

use crate::{Access, AdminAuditFilter, Error, Lock, ZoneWork};

use super::{
    Backend,
    everything::{Everything, SECRET, SIGHTINGS},
    fixture::{ALL, Fixture},
    race::{give_way, race, retry},
};

pub async fn a_fresh_backend_answers_and_counts_its_statements(backend: Backend) {
    backend.store.ping().await.unwrap();
    let before = backend.store.statements();
    let fixture = Fixture::new(backend).await;
    let after = fixture.backend.store.statements();
    assert!(after > before, "two zones were created without a statement");
}

pub async fn dropping_a_work_rolls_everything_back(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let everything = Everything::new(&fixture.a.given);
    let mut work = fixture.a.write().await;
    everything.store(work.as_mut(), &fixture.a.given).await;
    assert_eq!(
        everything.visible(work.as_mut(), &fixture.a.given).await.len(),
        SIGHTINGS,
        "a work sees its writes"
    );
    drop(work);
    let mut work = fixture.a.read().await;
    assert!(
        everything
            .visible(work.as_mut(), &fixture.a.given)
            .await
            .is_empty()
    );
    assert_eq!(work.outbox().status(&everything.message.id).await.unwrap(), None);
    drop(work);
    // What was rolled back leaves no trace that would refuse the same rows.
    let mut work = fixture.a.write().await;
    everything.store(work.as_mut(), &fixture.a.given).await;
    work.commit().await.unwrap();
}

pub async fn a_change_its_event_and_its_audit_row_commit_together(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let everything = Everything::new(&fixture.a.given);
    let mut work = fixture.a.write().await;
    everything.store(work.as_mut(), &fixture.a.given).await;
    let mut other = fixture.a.read().await;
    assert!(
        everything
            .visible(other.as_mut(), &fixture.a.given)
            .await
            .is_empty(),
        "uncommitted rows were seen"
    );
    assert_eq!(other.outbox().status(&everything.message.id).await.unwrap(), None);
    drop(other);
    work.commit().await.unwrap();
    let mut work = fixture.a.read().await;
    assert_eq!(
        everything.visible(work.as_mut(), &fixture.a.given).await.len(),
        SIGHTINGS
    );
    let state = work
        .outbox()
        .status(&everything.message.id)
        .await
        .unwrap()
        .expect("the event is stored");
    assert_eq!(
        (state.state, state.attempts, state.last_error, state.dispatched_at),
        ("pending", 0, None, None)
    );
}

pub async fn global_work_rolls_back_too(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (zone, token) = (
        super::given::Given::new(&fixture.world).zone(),
        fixture.a.given.admin_token(),
    );
    let message = fixture.a.given.outbox_message();
    let mut work = fixture.global_write().await;
    work.zones().create(&zone).await.unwrap();
    work.admin_tokens().create(&token).await.unwrap();
    work.admin_audit()
        .append(&fixture.a.given.admin_audit_record())
        .await
        .unwrap();
    work.outbox()
        .append(std::slice::from_ref(&message))
        .await
        .unwrap();
    drop(work);
    let mut work = fixture.global_read().await;
    assert!(work.zones().get(&zone.id).await.unwrap().is_none());
    assert!(!work.zones().slug_taken(&zone.slug).await.unwrap());
    assert!(
        work.admin_tokens()
            .find(&token.token_digest, fixture.world.now())
            .await
            .unwrap()
            .is_none()
    );
    let audit = work
        .admin_audit()
        .list(fixture.a.id(), &AdminAuditFilter::default(), &ALL)
        .await
        .unwrap();
    assert!(audit.items.is_empty());
    assert_eq!(work.outbox().status(&message.id).await.unwrap(), None);
}

pub async fn read_access_refuses_every_write(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let held = Everything::new(&fixture.a.given);
    let mut work = fixture.a.write().await;
    held.store(work.as_mut(), &fixture.a.given).await;
    work.commit().await.unwrap();
    let (given, now) = (&fixture.a.given, fixture.world.now());
    let fresh = Everything::new(given);
    let (policy, version) = given.policy();
    let provider = given.provider();

    /// Each write in a reading work of its own: a failure may end the transaction.
    macro_rules! refused {
        ($($work:ident => $write:expr;)+) => {$({
            let mut $work: Box<dyn ZoneWork> = fixture.a.read().await;
            assert!($write.await.is_err(), "a reading work did {}", stringify!($write));
        })+};
    }
    refused! {
        work => work.applications().create(&fresh.application);
        work => work.applications().update(&held.application);
        work => work.applications().archive(&held.application.id, now);
        work => work.providers().create(&provider);
        work => work.resources().archive(&held.resource.id, now);
        work => work.secrets().put(SECRET, b"x", now);
        work => work.secrets().delete(SECRET);
        work => work.policies().create(&policy, &version);
        work => work.policies().add_version(&given.policy_version(&held.policy));
        work => work.policy_sets().create(&fresh.set);
        work => work.policy_sets().archive(&held.set.id, now);
        work => work.signing_keys().create(&given.signing_key(2));
        work => work.authority_records().create(&given.authority_record(&held.application));
        work => work.authority_records().revoke_tree(&held.record.id, "x", now);
        work => work.sessions().create(&given.session(&held.application, &held.record));
        work => work.sessions().suspend_tree(&held.session.id, now);
        work => work.sessions().heartbeat(&held.other_session.id, 1, now, now);
        work => work.delegations().create(&given.delegation(&held.session, &held.other_session));
        work => work.delegations().revoke_tree(&held.delegation.id, now);
        work => work.delegations().advance_epoch(now);
        work => work.receipts().create(&fresh.receipt);
        work => work.ledger().append(std::slice::from_ref(&fresh.entry), now);
        work => work.admin_audit().append(&fresh.admin);
        work => work.outbox().append(std::slice::from_ref(&fresh.message));
    }
    let mut global = fixture.global_read().await;
    assert!(global.zones().archive(fixture.b.id(), now).await.is_err());
    drop(global);
    let mut global = fixture.global_read().await;
    assert!(global.admin_tokens().create(&given.admin_token()).await.is_err());
    drop(global);
    // And the pool of connections came out of it usable for both.
    assert_eq!(
        held.visible(fixture.a.read().await.as_mut(), given).await.len(),
        SIGHTINGS
    );
    fixture.a.party().await;
}

pub async fn readers_run_at_once_and_beside_a_writer(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let application = fixture.a.given.application();
    let mut writer = fixture.a.write().await;
    writer.applications().create(&application).await.unwrap();
    let mut readers = Vec::new();
    for _ in 0..3 {
        let mut reader = fixture.a.read().await;
        assert!(
            reader
                .applications()
                .get(&application.id)
                .await
                .unwrap()
                .is_none()
        );
        readers.push(reader);
    }
    writer.commit().await.unwrap();
    for reader in readers {
        reader.commit().await.unwrap();
    }
}

pub async fn a_reading_work_sees_one_moment(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let now = fixture.world.now();
    let mut reader = fixture.a.read().await;
    assert_eq!(reader.applications().all_live(now).await.unwrap().len(), 1);
    fixture.a.start(&[&party.task()]).await;
    fixture.a.party().await;
    assert_eq!(
        reader.applications().all_live(now).await.unwrap().len(),
        1,
        "the snapshot moved"
    );
    assert_eq!(
        reader
            .sessions()
            .count_slots(None, fixture.world.now())
            .await
            .unwrap(),
        0,
        "the snapshot moved"
    );
    drop(reader);
    assert_eq!(
        fixture
            .a
            .read()
            .await
            .applications()
            .all_live(now)
            .await
            .unwrap()
            .len(),
        2
    );
}

pub async fn a_commit_after_a_refused_write_tells_the_truth(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let taken = fixture.a.given.provider();
    let mut work = fixture.a.write().await;
    work.providers().create(&taken).await.unwrap();
    work.commit().await.unwrap();

    let application = fixture.a.given.application();
    let mut work = fixture.a.write().await;
    work.applications().create(&application).await.unwrap();
    let again = caracal_core::entity::Provider {
        identifier: taken.identifier,
        ..fixture.a.given.provider()
    };
    assert!(matches!(
        work.providers().create(&again).await,
        Err(Error::Conflict { .. })
    ));
    // A caller that shrugs and commits must not be told that what was rolled back is durable.
    let committed = work.commit().await.is_ok();
    let stored = fixture
        .a
        .read()
        .await
        .applications()
        .get(&application.id)
        .await
        .unwrap()
        .is_some();
    assert_eq!(
        committed, stored,
        "commit said {committed}, the row says {stored}"
    );
}

pub async fn writers_of_one_row_lose_no_update(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    race(8, |writer| {
        let (zone, id) = (fixture.a.clone(), party.application.id.clone());
        async move {
            let add = || async {
                let mut work = zone.try_write().await?;
                let mut application: Application = work
                    .applications()
                    .get(&id)
                    .await?
                    .expect("the application is stored");
                application.traits.push(format!("writer:{writer}"));
                assert!(work.applications().update(&application).await?);
                work.commit().await
            };
            retry(add).await.unwrap();
        }
    })
    .await;
    let stored = fixture
        .a
        .read()
        .await
        .applications()
        .get(&party.application.id)
        .await
        .unwrap()
        .unwrap();
    let mut traits = stored.traits;
    traits.sort();
    let expected: Vec<_> = std::iter::once("control:invoke".to_owned())
        .chain((0..8).map(|n| format!("writer:{n}")))
        .collect();
    assert_eq!(traits, expected, "an update was lost");
}

pub async fn writers_of_many_rows_in_opposite_order_all_get_through(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let parties = [fixture.a.party().await, fixture.a.party().await];
    race(6, |writer| {
        let zone = fixture.a.clone();
        let mut applications = parties.each_ref().map(|party| party.application.clone());
        if writer % 2 == 1 {
            applications.reverse();
        }
        async move {
            let touch = || async {
                let mut work = zone.try_write().await?;
                for application in &applications {
                    let seen = work.applications().get(&application.id).await?;
                    assert!(work.applications().update(&seen.expect("it is stored")).await?);
                    tokio::task::yield_now().await;
                }
                work.commit().await
            };
            retry(touch)
                .await
                .expect("a deadlock is broken with a retryable failure");
        }
    })
    .await;
}

pub async fn a_lock_serialises_its_purpose(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = Arc::new(fixture.a.party().await);
    let inside = Arc::new(AtomicUsize::new(0));
    let started: Vec<bool> = race(8, |_| {
        let (zone, party, inside) = (fixture.a.clone(), party.clone(), inside.clone());
        async move {
            let start = || async {
                let mut work = zone.try_write().await?;
                work.lock(Lock::Sessions).await?;
                assert_eq!(
                    inside.fetch_add(1, Ordering::SeqCst),
                    0,
                    "two works hold one purpose"
                );
                let result = async {
                    let now = zone.given.world.now();
                    let free = work.sessions().count_slots(None, now).await? < 3;
                    if free {
                        work.sessions().create(&party.task()).await?;
                    }
                    Ok(free)
                }
                .await;
                inside.fetch_sub(1, Ordering::SeqCst);
                let free = result?;
                work.commit().await?;
                Ok(free)
            };
            retry(start).await.unwrap()
        }
    })
    .await;
    assert_eq!(
        started.iter().filter(|started| **started).count(),
        3,
        "the limit held under concurrency"
    );
}

pub async fn a_lock_ends_with_its_work_and_stays_in_its_zone(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    for _ in 0..2 {
        let mut work = fixture.a.write().await;
        work.lock(Lock::Sessions).await.unwrap();
        work.lock(Lock::Sessions).await.unwrap(); // Taking it twice is harmless.
        work.lock(Lock::Delegations).await.unwrap();
        drop(work);
        let mut work = fixture.b.write().await;
        work.lock(Lock::Sessions).await.unwrap();
        work.commit().await.unwrap();
    }
    let mut holder = fixture.a.write().await;
    holder.lock(Lock::Sessions).await.unwrap();
    let zone = fixture.a.clone();
    let rival = tokio::spawn(async move {
        retry(|| async {
            let mut work = zone.try_write().await?;
            work.lock(Lock::Sessions).await
        })
        .await
    });
    give_way(&rival).await;
    assert!(!rival.is_finished(), "the purpose was held twice");
    holder.commit().await.unwrap();
    rival.await.unwrap().unwrap();
}

pub async fn a_cancelled_work_leaves_all_or_nothing(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    for round in 0..24_u64 {
        let everything = Arc::new(Everything::new(&super::given::Given::new(&fixture.world)));
        let mut zone = fixture.a.clone();
        zone.given.zone_id = everything.application.zone_id.clone();
        let mut work = fixture.global_write().await;
        work.zones().create(&zone.given.zone()).await.unwrap();
        work.commit().await.unwrap();

        let (rows, writer) = (everything.clone(), zone.clone());
        let task = tokio::spawn(async move {
            let mut work = writer.write().await;
            rows.store(work.as_mut(), &writer.given).await;
            work.commit().await.unwrap();
        });
        // Wherever it happens to be: opening, writing, committing or done.
        tokio::time::sleep(Duration::from_micros(400 * round)).await;
        task.abort();
        let _ = task.await;

        // The next writer waits for whatever the cancelled one still holds.
        retry(|| async {
            let mut work = zone.try_write().await?;
            work.lock(Lock::ZoneState).await?;
            work.commit().await
        })
        .await
        .unwrap();
        let mut work = fixture.a.store.zone(zone.id(), Access::Read).await.unwrap();
        let seen = everything.visible(work.as_mut(), &zone.given).await;
        let event = work
            .outbox()
            .status(&everything.message.id)
            .await
            .unwrap()
            .is_some();
        assert!(
            seen.is_empty() && !event || seen.len() == SIGHTINGS && event,
            "round {round} left {seen:?}"
        );
    }
}
