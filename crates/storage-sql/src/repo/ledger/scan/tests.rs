use caracal_core::World;
use caracal_ledger::terms::MAX_SPAN;
use caracal_storage::{Access, AuditFilter};
use caracal_testkit::database;

use super::{super::query::terms, *};
use crate::{PostgresOptions, PostgresStore, SqliteStore, dialect::Dialect, engine::HasEngine};

/// Each combination of what a search may ask for.
fn filters() -> impl Iterator<Item = AuditFilter> {
    (0_u32..3 << 6).map(|bits| {
        let some = |bit: u32| (bits >> bit & 1 == 1).then(|| format!("value {bit}"));
        AuditFilter {
            request_id: some(0),
            decision: some(1),
            application_id: some(2),
            session_id: some(3),
            authority_record_id: some(4),
            label: some(5),
            event_types: (0..bits >> 6).map(|number| format!("type {number}")).collect(),
            ..AuditFilter::default()
        }
    })
}

/// Statements of a search from its beginning and from where it was, whichever term is the rarest.
fn scans() -> Vec<(String, Scan)> {
    let mut scans = Vec::new();
    for filter in filters() {
        let all = terms(&filter);
        for rarest in 0..all.len().max(1) {
            for last in [None, Some((700, 256))] {
                let mut terms = all.clone();
                if !terms.is_empty() {
                    terms.swap(0, rarest);
                }
                let scan = Scan {
                    log: 1,
                    span: MAX_SPAN,
                    sealed: 512,
                    terms,
                    from: 0,
                    until: 1_000,
                    newest_first: true,
                    last,
                    done: false,
                };
                scans.push((format!("{filter:?} from {last:?} by {rarest}"), scan));
            }
        }
    }
    scans
}

/// Lines of the plan of a statement.
async fn plan(tx: &Tx, (sql, params): (String, Vec<Value>)) -> Vec<String> {
    let (explain, column) = match tx.dialect {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
        Dialect::Postgres => ("EXPLAIN", "QUERY PLAN"),
    };
    let rows = tx.all(format!("{explain} {sql}"), params).await.unwrap();
    rows.iter().map(|row| row.text(column).unwrap()).collect()
}

#[tokio::test]
async fn every_combination_of_filters_is_searched_by_an_index_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("caracal.db");
    let store = SqliteStore::open(&path, None, World::for_tests().now())
        .await
        .unwrap();
    let tx = store.engine().begin(Access::Read).await.unwrap();
    for (asked, scan) in scans() {
        let plan = plan(&tx, scan.statement(2)).await;
        // What is read from end to end is the few rows that a step found.
        let whole = ["SCAN t", "SCAN o", "SCAN b"];
        assert!(
            !plan
                .iter()
                .any(|line| whole.iter().any(|whole| line.starts_with(whole))),
            "{asked}: {plan:#?}"
        );
        for name in ["SEARCH t USING", "SEARCH b USING"] {
            assert!(
                plan.iter().any(|line| line.starts_with(name)),
                "{asked}: {plan:#?}"
            );
        }
        let exists = plan.iter().filter(|line| line.starts_with("SEARCH o ")).count();
        let driving = scan.terms.first().map_or(0, Vec::len);
        assert_eq!(
            exists,
            driving * scan.terms.len().saturating_sub(1),
            "{asked}: {plan:#?}"
        );
    }
}

#[tokio::test]
async fn every_combination_of_filters_is_searched_by_an_index_on_postgresql() {
    let database = database::Database::migrated().await;
    let options = PostgresOptions::new(caracal_core::Secret::new(database.owner_url()));
    let store = PostgresStore::connect(options, None).await.unwrap();
    let tx = store.engine().begin(Access::Read).await.unwrap();
    // The tables are empty, where reading them whole would be the best plan; this asks whether another is possible.
    tx.script("SET LOCAL enable_seqscan = off").await.unwrap();
    for (asked, scan) in scans() {
        let plan = plan(&tx, scan.statement(2)).await;
        let whole = |line: &String| line.contains("Seq Scan");
        assert!(!plan.iter().any(whole), "{asked}: {plan:#?}");
        let by_term = |line: &String| line.contains("Index Cond") && line.contains("term = ");
        assert!(
            scan.terms.is_empty() || plan.iter().any(by_term),
            "{asked}: {plan:#?}"
        );
    }
}
