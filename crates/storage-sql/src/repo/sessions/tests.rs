use caracal_core::World;
use caracal_storage::Access;
use caracal_testkit::database::Database;

use super::*;
use crate::{PostgresOptions, PostgresStore, SqliteStore, engine::HasEngine};

fn search() -> (ZoneId, PageRequest) {
    let page = PageRequest {
        search: Some(String::from("ada")),
        ..PageRequest::first(50)
    };
    (ZoneId::parse("zone-1").unwrap(), page)
}

#[tokio::test]
async fn a_search_goes_through_the_listing_and_looks_names_up_in_indexes_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    let store = SqliteStore::open(&path, None, World::for_tests().now())
        .await
        .unwrap();
    let tx = store.engine().begin(Access::Read).await.unwrap();
    let (zone, page) = search();
    let plan = listing(&zone, &page).plan(&tx, &page).await.unwrap();
    for wanted in [
        "SEARCH sessions USING INDEX sessions_listing",
        "SEARCH applications USING INDEX",
        "SEARCH authority_records USING INDEX",
    ] {
        assert!(plan.iter().any(|line| line.starts_with(wanted)), "{plan:#?}");
    }
    let by_row = |line: &String| line.contains("SUBQUERY") || line.contains("TEMP B-TREE");
    assert!(!plan.iter().any(by_row), "{plan:#?}");
}

#[tokio::test]
async fn a_search_goes_through_the_listing_or_reads_names_once_on_postgresql() {
    let database = Database::migrated().await;
    let options = PostgresOptions::new(caracal_core::Secret::new(database.owner_url()));
    let store = PostgresStore::connect(options, None).await.unwrap();
    let tx = store.engine().begin(Access::Read).await.unwrap();
    let (zone, page) = search();
    // The tables are empty, where reading them whole is the best plan; this asks whether the others are possible.
    for (off, wanted) in [
        (
            "enable_seqscan enable_hashjoin enable_mergejoin enable_bitmapscan enable_sort",
            [
                "Nested Loop Left Join",
                "Index Scan Backward using sessions_listing",
                "Index Scan using applications_pkey",
            ],
        ),
        (
            "enable_nestloop enable_mergejoin",
            ["Hash", "on applications", "on authority_records"],
        ),
    ] {
        for setting in [
            "enable_seqscan",
            "enable_hashjoin",
            "enable_mergejoin",
            "enable_nestloop",
            "enable_bitmapscan",
            "enable_sort",
        ] {
            let value = if off.contains(setting) { "off" } else { "on" };
            tx.script(&format!("SET LOCAL {setting} = {value}"))
                .await
                .unwrap();
        }
        let plan = listing(&zone, &page).plan(&tx, &page).await.unwrap().join("\n");
        for wanted in wanted {
            assert!(plan.contains(wanted), "{wanted}: {plan}");
        }
        assert!(!plan.contains("SubPlan"), "{plan}");
    }
}
