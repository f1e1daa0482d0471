//! What meets another on the server: deadlocks, lost updates, statements that run too long.

use std::{sync::Arc, time::Duration};

use caracal_core::{Secret, World, ZoneId, entity::Application};
use caracal_storage::{Access, Error, Lock, Store as _, conformance::given::Given};
use caracal_storage_sql::{PostgresOptions, PostgresStore, ServiceRole};

use caracal_testkit::database::{Database, server};

use crate::{owner, register, service};

#[tokio::test]
async fn of_two_in_a_deadlock_one_gives_way_and_is_told_so() {
    let database = Database::migrated().await;
    let world = World::for_tests();
    let store = owner(&database).await;
    let given = Given::new(&world);
    register(&store, &given).await;
    let (left, right) = (given.application(), given.application());
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    for application in [&left, &right] {
        work.applications().create(application).await.unwrap();
    }
    work.commit().await.unwrap();

    let both_hold_one = Arc::new(tokio::sync::Barrier::new(2));
    let change = async |first: Application, second: Application| {
        let mut work = store.zone(&given.zone_id, Access::Write).await?;
        work.applications().update(&first).await?;
        both_hold_one.wait().await;
        work.applications().update(&second).await?;
        work.commit().await
    };
    let (one, other) = tokio::join!(change(left.clone(), right.clone()), change(right, left));
    let (told, done) = if one.is_err() { (one, other) } else { (other, one) };
    assert!(
        matches!(&told, Err(error @ Error::Contended(_)) if error.is_retryable()),
        "{told:?}"
    );
    assert!(done.is_ok(), "{done:?}");
}

#[tokio::test]
async fn an_update_of_what_another_changed_meanwhile_gives_way_and_can_be_done_again() {
    let database = Database::migrated().await;
    let store = owner(&database).await;
    let given = Given::new(&World::for_tests());
    register(&store, &given).await;
    let application = given.application();
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    work.applications().create(&application).await.unwrap();
    work.commit().await.unwrap();

    let mut late = store.zone(&given.zone_id, Access::Write).await.unwrap();
    late.applications().get(&application.id).await.unwrap();
    let mut early = store.zone(&given.zone_id, Access::Write).await.unwrap();
    early.applications().get(&application.id).await.unwrap();
    assert!(early.applications().update(&application).await.unwrap());
    early.commit().await.unwrap();
    let told = late.applications().update(&application).await;
    assert!(
        matches!(told, Err(Error::Contended(_))),
        "a conflict, no outage: {told:?}"
    );
}

#[tokio::test]
async fn appending_to_a_zone_that_is_newer_than_the_statistics_reads_little_of_it() {
    const EVENTS: usize = 10_000;
    let database = Database::migrated().await;
    let world = World::for_tests();
    let audit = service(&database, ServiceRole::Audit).await;
    let fill = async || {
        let given = Given::new(&world);
        for batch in 0..EVENTS / 250 {
            let entries: Vec<_> = (0..250)
                .map(|n| given.ledger_entry(&format!("{batch}.{n}")))
                .collect();
            let mut work = audit.zone(&given.zone_id, Access::Write).await.unwrap();
            let outcome = work.ledger().append(&entries, world.now()).await.unwrap();
            assert_eq!(outcome.inserted, 250);
            work.commit().await.unwrap();
        }
    };
    let owned = |sql: &str| server().try_sql(&database.owner_url(), sql).unwrap();
    let reads = || {
        let sql = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname LIKE 'evidence_%'";
        owned(sql).trim().parse::<usize>().unwrap_or_default()
    };
    fill().await;
    owned("ANALYZE");
    let before = reads();
    fill().await;
    drop(audit);
    // Counters are told when a connection ends; what is asked for is far apart, so the wait needs no precision.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let read = reads() - before;
    assert!(
        read < EVENTS * 10,
        "{read} index entries read for {EVENTS} events"
    );
}

#[tokio::test]
async fn a_statement_that_runs_too_long_is_cut_off() {
    let database = Database::migrated().await;
    let options = PostgresOptions {
        statement_timeout: Duration::from_millis(200),
        ..PostgresOptions::new(Secret::new(database.owner_url()))
    };
    let store = Arc::new(PostgresStore::connect(options, None).await.unwrap());
    let zone = ZoneId::generate(&World::for_tests());
    let mut holder = store.zone(&zone, Access::Write).await.unwrap();
    holder.lock(Lock::ZoneState).await.unwrap();
    let mut waiter = store.zone(&zone, Access::Write).await.unwrap();
    let cut = waiter.lock(Lock::ZoneState).await;
    assert!(matches!(&cut, Err(error) if error.is_retryable()), "{cut:?}");
    assert!(
        matches!(waiter.commit().await, Err(Error::Unavailable(_))),
        "and nothing of it is committed"
    );
}
