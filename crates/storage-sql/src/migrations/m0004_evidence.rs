//! The ledger as a log for each zone: its entries packed in blocks, what searches look for in them, and full tiles of its
//! tree.
//!
//! Blocks go only while they are not sealed: then they are merged into larger ones. Whoever can write the tables can
//! take the triggers away; these stop our own mistakes, the tree and the keyed root show the rest.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    // Appends to a log queue on its row. `frontier` has the roots of the perfect subtrees, 32 bytes each; what stands at
    // `sealed` and behind is not in postings.
    "CREATE TABLE evidence_logs (
        zone_id TEXT NOT NULL PRIMARY KEY,
        number BIGINT NOT NULL UNIQUE,
        size BIGINT NOT NULL,
        frontier {bytes} NOT NULL,
        root TEXT NOT NULL,
        root_hmac TEXT NOT NULL,
        sealed BIGINT NOT NULL
    )",
    "CREATE TABLE evidence_blocks (
        log BIGINT NOT NULL,
        first_index BIGINT NOT NULL,
        entries BIGINT NOT NULL,
        occurred_from BIGINT NOT NULL,
        occurred_until BIGINT NOT NULL,
        min_id TEXT NOT NULL,
        max_id TEXT NOT NULL,
        taken_at BIGINT NOT NULL,
        block {bytes} NOT NULL,
        PRIMARY KEY (log, first_index)
    )",
    "CREATE INDEX evidence_blocks_time ON evidence_blocks (log, occurred_until, first_index)",
    // Ids are made in the order of time: those of an arrival can only be in a few blocks.
    "CREATE INDEX evidence_blocks_ids ON evidence_blocks (log, max_id, min_id)",
    "CREATE TABLE evidence_tiles (
        log BIGINT NOT NULL,
        level BIGINT NOT NULL,
        tile BIGINT NOT NULL,
        hashes {bytes} NOT NULL,
        PRIMARY KEY (log, level, tile)
    )",
];

/// SQLite's own.
pub(super) const SQLITE: &[&str] = &[
    // A ledger that was kept row by row goes on under its number; its events are moved before the next ones are taken.
    "INSERT INTO evidence_logs (zone_id, number, size, frontier, root, root_hmac, sealed)
        SELECT zone_id, chain_number, 0, X'', '', '', 0 FROM audit_heads WHERE chain_number > 0",
    "CREATE TABLE evidence_terms (
        log BIGINT NOT NULL,
        term BIGINT NOT NULL,
        occurred_until BIGINT NOT NULL,
        first_index BIGINT NOT NULL,
        PRIMARY KEY (log, term, occurred_until, first_index)
    ) WITHOUT ROWID",
    "CREATE TRIGGER evidence_logs_forward BEFORE UPDATE ON evidence_logs
        WHEN NEW.zone_id <> OLD.zone_id OR NEW.number <> OLD.number OR NEW.size < OLD.size OR NEW.sealed < OLD.sealed
        BEGIN SELECT RAISE(ABORT, 'logs are append-only'); END",
    "CREATE TRIGGER evidence_logs_no_delete BEFORE DELETE ON evidence_logs
        BEGIN SELECT RAISE(ABORT, 'logs are append-only'); END",
    "CREATE TRIGGER evidence_blocks_no_update BEFORE UPDATE ON evidence_blocks
        BEGIN SELECT RAISE(ABORT, 'blocks are append-only'); END",
    "CREATE TRIGGER evidence_blocks_no_delete BEFORE DELETE ON evidence_blocks
        WHEN NOT EXISTS (SELECT 1 FROM evidence_logs WHERE number = OLD.log AND sealed <= OLD.first_index)
        BEGIN SELECT RAISE(ABORT, 'blocks are append-only'); END",
    "CREATE TRIGGER evidence_terms_no_update BEFORE UPDATE ON evidence_terms
        BEGIN SELECT RAISE(ABORT, 'terms are append-only'); END",
    "CREATE TRIGGER evidence_terms_no_delete BEFORE DELETE ON evidence_terms
        BEGIN SELECT RAISE(ABORT, 'terms are append-only'); END",
    "CREATE TRIGGER evidence_tiles_no_update BEFORE UPDATE ON evidence_tiles
        BEGIN SELECT RAISE(ABORT, 'tiles are append-only'); END",
    "CREATE TRIGGER evidence_tiles_no_delete BEFORE DELETE ON evidence_tiles
        BEGIN SELECT RAISE(ABORT, 'tiles are append-only'); END",
    // Rows of the earlier form go once they are in a log.
    "DROP TRIGGER audit_events_no_delete",
    "DROP TABLE audit_retention_floor",
];

/// PostgreSQL's own.
pub(super) const POSTGRES: &[&str] = &[
    // As in the other dialect, as long as no row policy is in the way.
    "SET LOCAL caracal.zone_id = '*'",
    "INSERT INTO evidence_logs (zone_id, number, size, frontier, root, root_hmac, sealed)
        SELECT zone_id, chain_number, 0, ''::bytea, '', '', 0 FROM audit_heads WHERE chain_number > 0",
    "CREATE TABLE evidence_terms (
        log BIGINT NOT NULL,
        term BIGINT NOT NULL,
        occurred_until BIGINT NOT NULL,
        first_index BIGINT NOT NULL,
        PRIMARY KEY (log, term, occurred_until, first_index)
    )",
    // What is compressed or random already is stored as it is.
    "ALTER TABLE evidence_blocks ALTER COLUMN block SET STORAGE EXTERNAL",
    "ALTER TABLE evidence_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL",
    "CREATE FUNCTION refuse_backward_log() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.zone_id <> OLD.zone_id OR NEW.number <> OLD.number OR NEW.size < OLD.size
                OR NEW.sealed < OLD.sealed
            THEN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
            END IF;
            RETURN NEW;
        END $$",
    "CREATE FUNCTION refuse_unless_unsealed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM evidence_logs WHERE number = OLD.log AND sealed <= OLD.first_index) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END $$",
    "CREATE TRIGGER evidence_logs_forward BEFORE UPDATE ON evidence_logs
        FOR EACH ROW EXECUTE FUNCTION refuse_backward_log()",
    "CREATE TRIGGER evidence_logs_no_delete BEFORE DELETE ON evidence_logs
        FOR EACH ROW EXECUTE FUNCTION refuse_change('append-only')",
    "CREATE TRIGGER evidence_blocks_no_update BEFORE UPDATE ON evidence_blocks
        FOR EACH ROW EXECUTE FUNCTION refuse_change('append-only')",
    "CREATE TRIGGER evidence_blocks_no_delete BEFORE DELETE ON evidence_blocks
        FOR EACH ROW EXECUTE FUNCTION refuse_unless_unsealed()",
    r"DO $$
        DECLARE name TEXT;
        BEGIN
            FOREACH name IN ARRAY ARRAY['evidence_terms', 'evidence_tiles'] LOOP
                EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
                    FOR EACH ROW EXECUTE FUNCTION refuse_change(''append-only'')', name);
            END LOOP;
            FOREACH name IN ARRAY ARRAY['evidence_logs', 'evidence_blocks', 'evidence_terms', 'evidence_tiles'] LOOP
                EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I
                    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change(''append-only'')', name);
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
                EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
            END LOOP;
            CREATE POLICY zone_isolation ON evidence_logs
                USING (zone_id = current_setting('caracal.zone_id', TRUE))
                WITH CHECK (zone_id = current_setting('caracal.zone_id', TRUE));
            CREATE POLICY named_exception ON evidence_logs FOR SELECT
                USING (current_setting('caracal.zone_id', TRUE) = '*');
            -- Of the one log of the transaction's zone.
            FOREACH name IN ARRAY ARRAY['evidence_blocks', 'evidence_terms', 'evidence_tiles'] LOOP
                EXECUTE format('CREATE POLICY zone_isolation ON %I
                    USING (log = (SELECT number FROM evidence_logs
                        WHERE zone_id = current_setting(''caracal.zone_id'', TRUE)))
                    WITH CHECK (log = (SELECT number FROM evidence_logs
                        WHERE zone_id = current_setting(''caracal.zone_id'', TRUE)))', name);
            END LOOP;
        END $$",
    "GRANT SELECT ON evidence_logs, evidence_blocks, evidence_terms TO caracalapi",
    "GRANT SELECT, INSERT ON evidence_logs, evidence_blocks, evidence_terms, evidence_tiles TO caracalaudit",
    "GRANT UPDATE ON evidence_logs TO caracalaudit",
    "GRANT DELETE ON evidence_blocks TO caracalaudit",
    // Rows of the earlier form go once they are in a log, and no new ones come.
    "DROP TRIGGER audit_events_append_only ON audit_events",
    "CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
        FOR EACH ROW EXECUTE FUNCTION refuse_change('append-only')",
    "GRANT DELETE ON audit_events, audit_heads TO caracalaudit",
    "REVOKE INSERT ON audit_events FROM caracalaudit",
    "REVOKE INSERT, UPDATE ON audit_heads FROM caracalaudit",
    "REVOKE SELECT ON audit_events, audit_heads FROM caracalapi",
    "DROP FUNCTION audit_partition_ensure(DATE)",
    "DROP FUNCTION audit_partitions_drop(BIGINT)",
];

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait as _, Database, Statement};

    use super::super::ALL;
    use crate::dialect::Dialect;

    #[tokio::test]
    async fn a_ledger_of_rows_keeps_its_number() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        let apply = async |migrations: &[super::super::Migration]| {
            for statement in migrations
                .iter()
                .flat_map(|migration| migration.statements(Dialect::Sqlite))
            {
                db.execute_unprepared(&statement).await.unwrap();
            }
        };
        apply(&ALL[..3]).await;
        db.execute_unprepared(
            "INSERT INTO audit_heads VALUES ('z-1', 7, 'aa', 'bb', 3), ('z-2', 0, '', '', 0)",
        )
        .await
        .unwrap();
        apply(&ALL[3..4]).await;
        let sql = "SELECT zone_id || number || size || length(frontier) || sealed AS log FROM evidence_logs";
        let rows = db
            .query_all_raw(Statement::from_string(Dialect::Sqlite.backend(), sql))
            .await
            .unwrap();
        let logs: Vec<String> = rows.iter().map(|row| row.try_get("", "log").unwrap()).collect();
        assert_eq!(logs, ["z-13000"], "the other never began");
    }
}
