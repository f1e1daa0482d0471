//! `PgBouncer` between us and the server: session mode works, transaction mode is turned down with a sentence, and so is
//! a login that may do everything.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use caracal_core::Secret;
use caracal_storage::{Access, PageRequest, Store as _, ZoneFilter};
use caracal_storage_sql::{PostgresOptions, PostgresStore, Preflight, Unusable};
use caracal_testkit::pgbouncer::{PgBouncer, PoolMode};

use caracal_testkit::database::{Database, OWNER, server};

async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(PostgresOptions::new(Secret::new(url)), None)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_pooler_in_session_mode_is_as_good_as_the_server() {
    let database = Database::migrated().await;
    let pooler = PgBouncer::start(server(), PoolMode::Session, OWNER, OWNER);
    let store = open(&pooler.through(&database.owner_url())).await;
    let found = store.preflight(true).await.unwrap();
    assert!(matches!(found, Preflight::Usable { .. }), "{found:?}");
    // Prepared statements live as long as the connection.
    for _ in 0..3 {
        let mut work = store.global(Access::Write).await.unwrap();
        let listed = work
            .zones()
            .list(&ZoneFilter::default(), &PageRequest::first(1))
            .await;
        listed.unwrap();
        work.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_turned_down_with_the_setting_to_change() {
    let database = Database::migrated().await;
    let pooler = PgBouncer::start(server(), PoolMode::Transaction, OWNER, OWNER);
    match open(&pooler.through(&database.owner_url()))
        .await
        .preflight(true)
        .await
    {
        Err(refused @ Unusable::TransactionPooler) => {
            assert!(refused.to_string().contains("pool_mode = session"), "{refused}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_login_that_may_do_everything_is_turned_down_where_others_are_served() {
    let database = Database::migrated().await;
    let superuser = open(&server().url(&database.name)).await;
    match superuser.preflight(true).await {
        Err(refused @ Unusable::Almighty(_)) => {
            assert!(refused.to_string().contains("is a superuser"), "{refused}");
        }
        other => panic!("{other:?}"),
    }
    let lenient = superuser.preflight(false).await.unwrap();
    assert!(matches!(lenient, Preflight::Usable { .. }), "{lenient:?}");
    let owner = open(&database.owner_url()).await.preflight(true).await.unwrap();
    assert!(matches!(owner, Preflight::Usable { .. }), "{owner:?}");
}
