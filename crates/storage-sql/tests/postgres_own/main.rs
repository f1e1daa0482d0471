//! PostgreSQL: roles, row-level security, evidence, migrations, restarts.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contention;
mod rights;
mod scale;
mod services;
mod zones;

use std::time::Duration;

use caracal_core::{Secret, Timestamp, World};
use caracal_storage::{Access, Error, Store as _, conformance::given::Given};
use caracal_storage_sql::{MigrationError, PostgresOptions, PostgresStore, ServiceRole};
use caracal_testkit::database::{Database, connect, server};

/// A password of a role in tests.
const PASSWORD: &str = "correct-horse$battery:staple";

/// As it stands in an address.
const ENCODED: &str = "correct-horse%24battery%3Astaple";

/// After everything.
const FOREVER: Timestamp = Timestamp::from_micros(i64::MAX);

async fn owner(database: &Database) -> PostgresStore {
    connect(&database.owner_url()).await
}

/// Gives a service its password, once: roles belong to the server. The address it logs in at.
async fn let_in(database: &Database, role: ServiceRole) -> String {
    static GIVEN: tokio::sync::Mutex<Vec<ServiceRole>> = tokio::sync::Mutex::const_new(Vec::new());
    let mut given = GIVEN.lock().await;
    if !given.contains(&role) {
        owner(database)
            .await
            .provision_role_password(&World::for_tests(), role, &Secret::new(PASSWORD))
            .await
            .unwrap();
        given.push(role);
    }
    server().url_as(&database.name, role.name(), ENCODED)
}

/// The store as one service sees it.
async fn service(database: &Database, role: ServiceRole) -> PostgresStore {
    connect(&let_in(database, role).await).await
}

/// Runs SQL as a service would if somebody could inject it.
fn inject(database: &Database, role: ServiceRole, sql: &str) -> Result<String, String> {
    server().try_sql(&server().url_as(&database.name, role.name(), ENCODED), sql)
}

async fn register(store: &PostgresStore, given: &Given) {
    let mut work = store.global(Access::Write).await.unwrap();
    work.zones().create(&given.zone()).await.unwrap();
    work.commit().await.unwrap();
    let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
    work.applications().create(&given.application()).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn migrating_twice_at_once_applies_everything_once() {
    let database = Database::empty();
    let now = World::for_tests().now();
    let mut migrators = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let url = database.owner_url();
        migrators.spawn(async move { connect(&url).await.migrate(now).await.unwrap() });
    }
    let mut applied: Vec<i64> = migrators.join_all().await.concat();
    applied.sort_unstable();
    let each_once = applied.is_sorted_by(|one, next| one < next);
    assert!(!applied.is_empty() && each_once, "{applied:?}");
    let store = owner(&database).await;
    store.ping().await.unwrap();
    assert_eq!(store.migrate(now).await.unwrap(), Vec::<i64>::new());
}

#[tokio::test]
async fn an_unmigrated_a_newer_and_a_changed_schema_are_told_apart() {
    let database = Database::empty();
    let now = World::for_tests().now();
    let store = owner(&database).await;
    let Err(Error::Corrupt(text)) = store.ping().await else {
        panic!("an empty database is no schema")
    };
    assert!(text.contains("caracald migrate"), "{text}");
    store.migrate(now).await.unwrap();
    server().sql(
        &database.name,
        "INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0, 9999)",
    );
    let Err(Error::Corrupt(text)) = store.ping().await else {
        panic!("a newer schema passed")
    };
    assert!(text.contains("newer"), "{text}");
    assert!(matches!(
        store.migrate(now).await,
        Err(MigrationError::SchemaNewer { found: 9999, .. })
    ));
    server().sql(
        &database.name,
        "DELETE FROM schema_migrations WHERE version = 9999",
    );
    server().sql(&database.name, "UPDATE schema_migrations SET checksum = 'x'");
    assert!(matches!(
        store.migrate(now).await,
        Err(MigrationError::Changed { version: 1 })
    ));
}

#[tokio::test]
async fn a_newer_schema_that_says_it_is_compatible_keeps_this_build_at_work() {
    let database = Database::migrated().await;
    let store = owner(&database).await;
    let newer =
        "INSERT INTO schema_migrations VALUES (9998, 'column', 'x', 0, 1), (9999, 'index', 'y', 0, 9998)";
    server().sql(&database.name, newer);
    let told = store.ping().await;
    assert!(
        matches!(told, Err(Error::Corrupt(_))),
        "one of them is not: {told:?}"
    );
    let sql = "UPDATE schema_migrations SET compatible_from = 1 WHERE version = 9999";
    server().sql(&database.name, sql);
    store.ping().await.unwrap();
    assert!(matches!(
        store.preflight(true).await,
        Ok(caracal_storage_sql::Preflight::Usable { .. })
    ));
    let now = World::for_tests().now();
    assert_eq!(
        store.migrate(now).await.unwrap(),
        Vec::<i64>::new(),
        "nothing to do"
    );
}

#[tokio::test]
async fn a_password_is_replaced_and_odd_ones_are_refused() {
    let database = Database::migrated().await;
    let store = owner(&database).await;
    let world = World::for_tests();
    for odd in ["", "with space", "ümlaut", "line\nbreak"] {
        let refused = store
            .provision_role_password(&world, ServiceRole::Gateway, &Secret::new(odd))
            .await;
        assert!(matches!(refused, Err(Error::Corrupt(_))), "{odd:?}");
    }
    let stored = server().sql(
        "postgres",
        "SELECT COUNT(*) FROM pg_authid WHERE rolname LIKE 'caracal%' AND rolsuper \
         AND rolname <> 'caracal'",
    );
    assert_eq!(stored, "0", "no service is a superuser");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_unavailable() {
    let nowhere = PostgresOptions {
        connect_timeout: Duration::from_millis(500),
        ..PostgresOptions::new(Secret::new("postgres://nobody:x@127.0.0.1:9/none"))
    };
    let refused = PostgresStore::connect(nowhere.clone(), None).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert!(
        !format!("{nowhere:?}").contains("nobody:x"),
        "an address is a secret"
    );
    let file = PostgresOptions::new(Secret::new("sqlite://file"));
    assert!(matches!(
        PostgresStore::connect(file, None).await,
        Err(Error::Corrupt(_))
    ));
}
