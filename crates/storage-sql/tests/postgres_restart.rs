//! A restarted PostgreSQL costs the units of work in flight and nothing else.

use caracal_core::World;
use caracal_storage::{Access, Store, conformance::given::Given};
use caracal_testkit::{
    database::{Database, connect, server},
    fault::{Fault, Faults as _},
};

/// Alone in its binary: it takes the server away from everybody.
#[tokio::test]
async fn a_restarted_server_is_found_again() {
    let database = Database::migrated().await;
    let store = connect(&database.owner_url()).await;
    let world = World::for_tests();
    let [first, second] = [Given::new(&world).zone(), Given::new(&world).zone()];
    let mut idle = Vec::new();
    for _ in 0..5 {
        idle.push(store.global(Access::Read).await.unwrap());
    }
    drop(idle);
    let mut work = store.global(Access::Write).await.unwrap();
    work.zones().create(&first).await.unwrap();
    work.commit().await.unwrap();
    let mut lost = store.global(Access::Write).await.unwrap();
    lost.zones().create(&second).await.unwrap();

    server().fail(Fault::Gone);
    server().mend();
    assert!(
        lost.commit().await.is_err(),
        "the connection is gone, so is the work"
    );

    let mut work = store.global(Access::Write).await.unwrap();
    assert!(work.zones().get(&first.id).await.unwrap().is_some());
    assert!(work.zones().get(&second.id).await.unwrap().is_none());
    work.zones().create(&second).await.unwrap();
    work.commit().await.unwrap();
}
