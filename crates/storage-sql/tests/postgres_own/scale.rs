//! PostgreSQL: large zones are counted and searched as they should be.

use caracal_core::{Timestamp, World};
use caracal_storage::{Access, Store as _, conformance::given::Given};
use caracal_storage_sql::ServiceRole;
use caracal_testkit::database::{Database, server};

use crate::{inject, owner, register, service};

/// Makes the schema what it was before resources were counted.
const BEFORE: &str = "
    DROP FUNCTION count_made_resources() CASCADE;
    DROP FUNCTION count_resources_again() CASCADE;
    DROP TABLE resource_counts;
    DROP INDEX resources_live, resources_live_by_name, resources_archived, resources_archived_by_name, resources_unenforced,
        applications_live, applications_live_by_name;
    ALTER TABLE applications DROP COLUMN searched;
    CREATE INDEX resources_listing ON resources (zone_id);
    CREATE INDEX resources_searched ON resources (zone_id);
    CREATE INDEX resources_by_name ON resources (zone_id);
    CREATE INDEX applications_live ON applications (zone_id);
    CREATE INDEX applications_by_name ON applications (zone_id);
    DELETE FROM schema_migrations WHERE version = 35;";

#[tokio::test]
async fn resources_of_every_zone_that_were_there_before_are_counted() {
    let database = Database::migrated().await;
    let store = owner(&database).await;
    let world = World::for_tests();
    let (a, b) = (Given::new(&world), Given::new(&world));
    for (given, count) in [(&a, 3), (&b, 1)] {
        register(&store, given).await;
        let mut work = store.zone(&given.zone_id, Access::Write).await.unwrap();
        let provider = given.provider();
        work.providers().create(&provider).await.unwrap();
        for _ in 0..count {
            work.resources().create(&given.resource(&provider)).await.unwrap();
        }
        work.commit().await.unwrap();
    }
    server().sql(&database.name, BEFORE);
    assert_eq!(store.migrate(world.now()).await.unwrap(), [35]);
    for (given, count) in [(&a, 3), (&b, 1)] {
        let mut work = store.zone(&given.zone_id, Access::Read).await.unwrap();
        assert_eq!(work.resources().count_live().await.unwrap(), count);
    }
    // Its owner is bound by the policy again.
    let seen = server().try_sql(&database.owner_url(), "SELECT COUNT(*) FROM resources");
    assert_eq!(seen.unwrap().trim(), "0");
}

#[tokio::test]
async fn who_serves_a_zone_cannot_move_anothers_count() {
    let database = Database::migrated().await;
    let store = owner(&database).await;
    let world = World::for_tests();
    let (a, b) = (Given::new(&world), Given::new(&world));
    for given in [&a, &b] {
        register(&store, given).await;
    }
    let api = service(&database, ServiceRole::Api).await;
    let provider = b.provider();
    let mut work = api.zone(&b.zone_id, Access::Write).await.unwrap();
    work.providers().create(&provider).await.unwrap();
    let resource = b.resource(&provider);
    work.resources().create(&resource).await.unwrap();
    work.commit().await.unwrap();
    let sql = format!(
        "SET caracal.zone_id = '{}'; UPDATE resource_counts SET live = 99; DELETE FROM resource_counts",
        a.zone_id
    );
    assert!(
        inject(&database, ServiceRole::Api, &sql)
            .unwrap_err()
            .contains("permission denied")
    );
    let mut work = api.zone(&b.zone_id, Access::Write).await.unwrap();
    assert_eq!(work.resources().count_live().await.unwrap(), 1);
    let at = Timestamp::from_micros(1);
    assert!(work.resources().archive(&resource.id, at).await.unwrap());
    assert_eq!(work.resources().count_live().await.unwrap(), 0);
}

/// What is searched is met by an index alone, though row-level security asks no index about patterns.
#[tokio::test]
async fn a_search_reads_an_index_and_no_row_that_it_does_not_find() {
    let database = Database::migrated().await;
    let store = owner(&database).await;
    let given = Given::new(&World::for_tests());
    register(&store, &given).await;
    service(&database, ServiceRole::Api).await;
    for (table, state, key, index) in [
        ("resources", "IS NULL", "created_at", "resources_live"),
        ("resources", "IS NULL", "name", "resources_live_by_name"),
        ("resources", "IS NOT NULL", "created_at", "resources_archived"),
        ("resources", "IS NOT NULL", "name", "resources_archived_by_name"),
        ("applications", "IS NULL", "created_at", "applications_live"),
        ("applications", "IS NULL", "name", "applications_live_by_name"),
    ] {
        let plan = format!(
            "SET caracal.zone_id = '{zone}'; SET enable_seqscan = off; SET enable_bitmapscan = off; \
             EXPLAIN SELECT id FROM {table} WHERE zone_id = '{zone}' AND archived_at {state} \
             AND searched LIKE '%a%' ESCAPE '\\' ORDER BY {key} DESC, id DESC LIMIT 17",
            zone = given.zone_id
        );
        let plan = inject(&database, ServiceRole::Api, &plan).unwrap();
        let wanted = format!("Index Only Scan Backward using {index} on");
        assert!(
            plan.contains(&wanted) && !plan.contains("Sort"),
            "{key} {state}: {plan}"
        );
    }
}
