//! PostgreSQL behind a way that is cut, frozen or leads elsewhere, and PostgreSQL that refuses: nothing acknowledged is
//! ever lost, what is unknown is no success, and the store comes back without a hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/change.rs"]
mod change;
#[path = "support/evidence.rs"]
mod evidence;

use std::{net::SocketAddr, time::Duration};

use caracal_core::{Secret, World};
use caracal_storage::{Access, Error, Store, conformance::given::Given};
use caracal_storage_sql::{PostgresOptions, PostgresStore};
use caracal_testkit::database::{Database, connect, server};
use caracal_testkit::{
    fault::{Fault, Faults as _},
    fault_proxy::{Cut, FaultProxy},
    postgres::Postgres,
};
use change::Change;
use evidence::Evidence;

/// A store that reaches its server by another address.
async fn through(address: SocketAddr, url: &str) -> PostgresStore {
    let (before, rest) = url.split_once('@').unwrap();
    let (_, path) = rest.split_once('/').unwrap();
    let options = PostgresOptions {
        max_connections: 4,
        statement_timeout: Duration::from_secs(3),
        connect_timeout: Duration::from_secs(5),
        ..PostgresOptions::new(Secret::new(format!("{before}@{address}/{path}")))
    };
    PostgresStore::connect(options, None).await.unwrap()
}

/// Tries until it is done; a store that never comes back fails the test by the harness's own limit.
async fn eventually<T>(mut attempt: impl AsyncFnMut() -> Result<T, Error>) -> T {
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(error) => {
                assert!(error.is_retryable(), "{error:?}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// Runs `trial` over a connection that is cut at its first step, at its second and so on, until a trial ends before the
/// step that was to be cut. The trial says when nothing is to be cut any more.
async fn cut_at_every_step(database: &Database, trial: impl AsyncFn(&PostgresStore, &FaultProxy) -> bool) {
    for cut in [Cut::Before, Cut::After] {
        let way = FaultProxy::to(server().address()).await;
        let store = through(way.address(), &database.owner_url()).await;
        let mut step = 1;
        loop {
            way.cut_at(step, cut);
            if trial(&store, &way).await {
                break;
            }
            step += 1;
        }
        assert!(step > 20, "{cut:?}: only {step} steps");
    }
}

#[tokio::test]
async fn an_acknowledged_change_outlives_a_connection_cut_at_any_step() {
    let database = Database::migrated().await;
    let direct = connect(&database.owner_url()).await;
    let world = World::for_tests();
    cut_at_every_step(&database, async |store, way| {
        let mut changes = [Change::new(&world), Change::new(&world)];
        let mut last = Change::new(&world);
        for change in &mut changes {
            let _ = change.make(store).await;
            let _ = change.check(store).await;
        }
        let never_met = way.cut_nothing();
        let mended = last.make(store).await;
        assert!(mended.is_ok(), "not well again: {mended:?}");
        for change in changes.iter().chain([&last]) {
            change.check(&direct).await.unwrap();
        }
        never_met
    })
    .await;
}

#[tokio::test]
async fn evidence_is_taken_once_and_whole_over_a_connection_cut_at_any_step() {
    let database = Database::migrated().await;
    let direct = connect(&database.owner_url()).await;
    let world = World::for_tests();
    cut_at_every_step(&database, async |store, way| {
        let mut evidence = Evidence::new(&world);
        evidence.begin(&direct).await.unwrap();
        let _ = evidence.send(store).await;
        let never_met = way.cut_nothing();
        // What is not known to be there is sent again, and known by the ledger where it is.
        evidence.check(&direct).await.unwrap();
        let taken = evidence.send(store).await;
        assert!(taken.is_ok(), "{taken:?}");
        evidence.check(&direct).await.unwrap();
        never_met
    })
    .await;
}

#[tokio::test]
async fn connections_that_hang_are_replaced_without_a_hand() {
    let database = Database::migrated().await;
    let way = FaultProxy::to(server().address()).await;
    let store = through(way.address(), &database.owner_url()).await;
    let world = World::for_tests();
    // Every place of the pool is taken by a connection that hangs: three idle, one with a unit of work.
    let mut idle = Vec::new();
    for _ in 0..3 {
        idle.push(store.global(Access::Read).await.unwrap());
    }
    let mut held = store.global(Access::Write).await.unwrap();
    drop(idle);
    way.fail(Fault::Frozen);
    let told = held.zones().create(&Given::new(&world).zone()).await;
    assert!(matches!(told, Err(Error::Unavailable(_))), "{told:?}");
    drop(held);
    eventually(async || Change::new(&world).make(&store).await).await;
    // And all the places are there again.
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(eventually(async || store.global(Access::Read).await).await);
    }
}

#[tokio::test]
async fn a_failover_is_followed_while_the_old_primary_lives_on_and_only_reads() {
    let (old, new) = (Postgres::start(), Postgres::start());
    let names = [&old, &new].map(Postgres::create_database);
    assert_eq!(names[0], names[1]);
    let now = World::for_tests().now();
    for server in [&old, &new] {
        connect(&server.url(&names[0])).await.migrate(now).await.unwrap();
    }
    let way = FaultProxy::to(old.address()).await;
    let store = through(way.address(), &old.url(&names[0])).await;
    let world = World::for_tests();
    Change::new(&world).make(&store).await.unwrap();
    store.ping().await.unwrap();

    old.sql("postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
    old.sql("postgres", "SELECT pg_reload_conf()");
    // The setting reaches each backend when it looks next.
    while let Ok(()) = Change::new(&world).make(&store).await {}
    let told = Change::new(&world).make(&store).await;
    assert!(
        matches!(told, Err(Error::Unavailable(_))),
        "a later try may succeed: {told:?}"
    );
    let ready = store.ping().await;
    assert!(
        matches!(ready, Err(Error::Unavailable(_))),
        "not ready meanwhile: {ready:?}"
    );

    way.lead_to(new.address());
    let mut change = Change::new(&world);
    eventually(async || change.make(&store).await).await;
    store.ping().await.unwrap();
    change.check(&connect(&new.url(&names[0])).await).await.unwrap();
}

#[tokio::test]
async fn readiness_finds_a_server_that_only_reads_before_anybody_writes() {
    let database = Database::migrated().await;
    let owner = connect(&database.owner_url()).await;
    owner.ping().await.unwrap();
    let sql = format!(
        "ALTER DATABASE {} SET default_transaction_read_only = on",
        database.name
    );
    server().sql("postgres", &sql);
    let store = connect(&database.owner_url()).await;
    let ready = store.ping().await;
    assert!(matches!(ready, Err(Error::Unavailable(_))), "{ready:?}");
    server().sql("postgres", &sql.replace("= on", "= off"));
    eventually(async || store.ping().await).await;
}

#[tokio::test]
async fn refusals_of_a_server_that_is_not_well_are_unavailable_and_readiness_follows_them() {
    let database = Database::migrated().await;
    let store = connect(&database.owner_url()).await;
    let world = World::for_tests();
    for code in [
        "25006", "53100", "53200", "53300", "53400", "54000", "55P03", "57014", "57P01", "57P02", "57P03",
        "57P04", "57P05", "58000", "58030", "XX000", "XX001", "08006",
    ] {
        server().sql(
            &database.name,
            &format!(
                "CREATE OR REPLACE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{code}'; END $$; \
                 DROP TRIGGER IF EXISTS refuse ON zones; \
                 CREATE TRIGGER refuse BEFORE INSERT ON zones FOR EACH ROW EXECUTE FUNCTION refuse()"
            ),
        );
        let told = Change::new(&world).make(&store).await;
        assert!(matches!(told, Err(Error::Unavailable(_))), "{code}: {told:?}");
        server().sql(&database.name, "DROP TRIGGER refuse ON zones");
        store.ping().await.unwrap();
        Change::new(&world).make(&store).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_without_a_free_connection_is_waited_for() {
    let database = Database::migrated().await;
    let limit = |limit: &str| {
        let sql = format!("ALTER DATABASE {} CONNECTION LIMIT {limit}", database.name);
        server().sql("postgres", &sql);
    };
    let store = connect(&database.owner_url()).await;
    let held = store.global(Access::Read).await.unwrap();
    limit("1");
    let told = store.global(Access::Read).await.map(drop);
    assert!(matches!(told, Err(Error::Unavailable(_))), "{told:?}");
    limit("-1");
    drop(held);
    store.global(Access::Read).await.map(drop).unwrap();
}
