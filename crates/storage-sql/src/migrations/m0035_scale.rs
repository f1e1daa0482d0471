//! What keeps large zones quick: how many resources there are is kept, and large listings are searched in indexes alone.

/// Both dialects. The former index of all resources in the order of their making goes: live and archived ones have one each.
pub(super) const COMMON: &[&str] = &[
    "CREATE TABLE resource_counts (
        zone_id TEXT NOT NULL PRIMARY KEY REFERENCES zones (id),
        live BIGINT NOT NULL
    )",
    "DROP INDEX resources_listing",
    "DROP INDEX resources_searched",
    "DROP INDEX resources_by_name",
    "DROP INDEX applications_live",
    "DROP INDEX applications_by_name",
    "CREATE INDEX resources_unenforced ON resources (zone_id)
        WHERE archived_at IS NULL AND operation_enforcement <> 'enforced'",
];

/// SQLite's own. Triggers count, so that builds which know nothing of it count as well. An index with all that is asked for
/// is not left for its table; that a row is archived is asked for, even where every row of the index is.
pub(super) const SQLITE: &[&str] = &[
    "INSERT INTO resource_counts (zone_id, live)
        SELECT zone_id, COUNT(*) FROM resources WHERE archived_at IS NULL GROUP BY zone_id",
    "CREATE TRIGGER resources_counted AFTER INSERT ON resources WHEN NEW.archived_at IS NULL
        BEGIN
            INSERT INTO resource_counts (zone_id, live) VALUES (NEW.zone_id, 1)
                ON CONFLICT (zone_id) DO UPDATE SET live = live + 1;
        END",
    "CREATE TRIGGER resources_archived_counted AFTER UPDATE OF archived_at ON resources
        WHEN (OLD.archived_at IS NULL) <> (NEW.archived_at IS NULL)
        BEGIN
            UPDATE resource_counts SET live = live + CASE WHEN NEW.archived_at IS NULL THEN 1 ELSE -1 END
                WHERE zone_id = NEW.zone_id;
        END",
    "CREATE TRIGGER resources_deleted_counted AFTER DELETE ON resources WHEN OLD.archived_at IS NULL
        BEGIN
            UPDATE resource_counts SET live = live - 1 WHERE zone_id = OLD.zone_id;
        END",
    "ALTER TABLE applications ADD COLUMN searched TEXT GENERATED ALWAYS AS (lower(name)) VIRTUAL",
    "CREATE INDEX resources_live ON resources (zone_id, created_at, id, searched, archived_at)
        WHERE archived_at IS NULL",
    "CREATE INDEX resources_live_by_name ON resources (zone_id, name, id, searched, archived_at)
        WHERE archived_at IS NULL",
    "CREATE INDEX resources_archived ON resources (zone_id, created_at, id, searched, archived_at)
        WHERE archived_at IS NOT NULL",
    "CREATE INDEX resources_archived_by_name ON resources (zone_id, name, id, searched, archived_at)
        WHERE archived_at IS NOT NULL",
    "CREATE INDEX applications_live ON applications (zone_id, created_at, id, searched, archived_at)
        WHERE archived_at IS NULL",
    "CREATE INDEX applications_live_by_name ON applications (zone_id, name, id, searched, archived_at)
        WHERE archived_at IS NULL",
];

/// PostgreSQL's own: as SQLite's. Whoever makes many rows in one statement counts them at once.
pub(super) const POSTGRES: &[&str] = &[
    // Migrations are no zone's, and the row policy binds the owner too.
    "ALTER TABLE resources NO FORCE ROW LEVEL SECURITY",
    "INSERT INTO resource_counts (zone_id, live)
        SELECT zone_id, COUNT(*) FROM resources WHERE archived_at IS NULL GROUP BY zone_id",
    // Earlier builds took names and identifiers that are too long together for an entry of an index.
    "UPDATE resources SET name = left(name, 50) WHERE octet_length(name) + octet_length(searched) > 2500",
    "ALTER TABLE resources FORCE ROW LEVEL SECURITY",
    "ALTER TABLE resource_counts ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE resource_counts FORCE ROW LEVEL SECURITY",
    "CREATE POLICY zone_isolation ON resource_counts
        USING (zone_id = current_setting('caracal.zone_id', TRUE))
        WITH CHECK (zone_id = current_setting('caracal.zone_id', TRUE))",
    "GRANT SELECT, INSERT, UPDATE ON resource_counts TO caracalapi",
    r"CREATE FUNCTION count_made_resources() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO resource_counts AS counted (zone_id, live)
                SELECT zone_id, COUNT(*) FROM made WHERE archived_at IS NULL GROUP BY zone_id
                ON CONFLICT (zone_id) DO UPDATE SET live = counted.live + excluded.live;
            RETURN NULL;
        END $$",
    r"CREATE FUNCTION count_resources_again() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND NEW.archived_at IS NULL THEN
                UPDATE resource_counts SET live = live + 1 WHERE zone_id = NEW.zone_id;
            ELSE
                UPDATE resource_counts SET live = live - 1 WHERE zone_id = OLD.zone_id;
            END IF;
            RETURN NULL;
        END $$",
    "CREATE TRIGGER resources_counted AFTER INSERT ON resources REFERENCING NEW TABLE AS made
        FOR EACH STATEMENT EXECUTE FUNCTION count_made_resources()",
    "CREATE TRIGGER resources_archived_counted AFTER UPDATE OF archived_at ON resources
        FOR EACH ROW WHEN ((OLD.archived_at IS NULL) <> (NEW.archived_at IS NULL))
        EXECUTE FUNCTION count_resources_again()",
    "CREATE TRIGGER resources_deleted_counted AFTER DELETE ON resources
        FOR EACH ROW WHEN (OLD.archived_at IS NULL) EXECUTE FUNCTION count_resources_again()",
    "ALTER TABLE applications ADD COLUMN searched TEXT COLLATE \"C\" GENERATED ALWAYS AS (lower(name)) STORED",
    "CREATE INDEX resources_live ON resources (zone_id, created_at, id) INCLUDE (searched)
        WHERE archived_at IS NULL",
    "CREATE INDEX resources_live_by_name ON resources (zone_id, name, id) INCLUDE (searched)
        WHERE archived_at IS NULL",
    "CREATE INDEX resources_archived ON resources (zone_id, created_at, id) INCLUDE (searched)
        WHERE archived_at IS NOT NULL",
    "CREATE INDEX resources_archived_by_name ON resources (zone_id, name, id) INCLUDE (searched)
        WHERE archived_at IS NOT NULL",
    "CREATE INDEX applications_live ON applications (zone_id, created_at, id) INCLUDE (searched)
        WHERE archived_at IS NULL",
    "CREATE INDEX applications_live_by_name ON applications (zone_id, name, id) INCLUDE (searched)
        WHERE archived_at IS NULL",
    // An index alone answers as far as the server knows that all transactions see its rows, which it learns when it vacuums.
    "ALTER TABLE resources SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)",
    "ALTER TABLE applications SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02)",
];

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, Database, Statement};

    use super::super::ALL;
    use crate::dialect::Dialect;

    #[tokio::test]
    async fn resources_that_were_there_before_are_counted() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        let apply = async |earlier: bool| {
            let of = |version: i64| (version < 35) == earlier && version <= 35;
            let statements = ALL.iter().filter(|migration| of(migration.version));
            for statement in statements.flat_map(|migration| migration.statements(Dialect::Sqlite)) {
                db.execute_unprepared(&statement).await.unwrap();
            }
        };
        apply(true).await;
        let insert = |id: &str, archived: &str| {
            format!(
                "INSERT INTO resources (zone_id, id, name, identifier, scopes, credential_provider_id, operations, \
                 operation_enforcement, cookies, archived_at, created_via_operator, created_at, updated_via_operator) \
                 VALUES ('z', '{id}', 'n', 'resource://{id}', '[]', 'p', '[]', 'enforced', 0, {archived}, 0, 1, 0)"
            )
        };
        db.execute_unprepared("PRAGMA foreign_keys = OFF").await.unwrap();
        for (id, archived) in [("a", "NULL"), ("b", "NULL"), ("c", "7")] {
            db.execute_unprepared(&insert(id, archived)).await.unwrap();
        }
        apply(false).await;
        let live = async || {
            let sql = "SELECT live FROM resource_counts WHERE zone_id = 'z'";
            let statement = Statement::from_string(Dialect::Sqlite.backend(), sql);
            let row = db.query_one_raw(statement).await.unwrap().unwrap();
            row.try_get::<i64>("", "live").unwrap()
        };
        assert_eq!(live().await, 2);
        for (change, expected) in [
            (insert("d", "NULL"), 3),
            (insert("e", "8"), 3),
            (
                String::from("UPDATE resources SET archived_at = 9 WHERE id = 'a'"),
                2,
            ),
            (
                String::from("UPDATE resources SET archived_at = 10 WHERE id = 'a'"),
                2,
            ),
            (
                String::from("UPDATE resources SET archived_at = NULL WHERE id = 'a'"),
                3,
            ),
            (String::from("UPDATE resources SET name = 'other'"), 3),
            (String::from("DELETE FROM resources WHERE id IN ('c', 'd')"), 2),
        ] {
            db.execute_unprepared(&change).await.unwrap();
            assert_eq!(live().await, expected, "{change}");
        }
    }
}
