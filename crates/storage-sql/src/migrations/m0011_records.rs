//! Administrative records as entries of logs: `admin/<zone>`, and `admin/` for the deployment's own.
//!
//! Rows of the earlier form keep their chain's number and stay where they are until the first record that follows them, or
//! the Audit role, moves them into the log: verified, in their order and all of them at once, by the code that appends.

/// SQLite's own.
pub(super) const SQLITE: &[&str] = &[
    "INSERT INTO evidence_logs (zone_id, number, size, frontier, root, root_hmac, sealed)
        SELECT 'admin/' || CASE chain_key WHEN '*' THEN '' ELSE chain_key END, chain_number, 0, X'', '', '', 0
        FROM admin_audit_heads WHERE chain_number > 0",
    "DROP TRIGGER admin_audit_events_no_delete",
    "CREATE TRIGGER admin_audit_events_no_insert BEFORE INSERT ON admin_audit_events
        BEGIN SELECT RAISE(ABORT, 'administrative records are kept in logs'); END",
];

/// PostgreSQL's own.
pub(super) const POSTGRES: &[&str] = &[
    // A zone has two logs; the deployment's own is reached from no zone. An empty setting is no zone.
    r"DO $$
        DECLARE
            name TEXT;
            zone TEXT := 'NULLIF(current_setting(''caracal.zone_id'', TRUE), '''')';
            own TEXT := format('zone_id = %s OR zone_id = ''admin/'' || %s', zone, zone);
            of_own TEXT := format('log = (SELECT number FROM evidence_logs WHERE zone_id = %s)
                OR log = (SELECT number FROM evidence_logs WHERE zone_id = ''admin/'' || %s)', zone, zone);
            whole TEXT := 'current_setting(''caracal.zone_id'', TRUE) = ''*'' AND ';
            record TEXT := 'zone_id LIKE ''admin/%''';
            of_record TEXT := 'EXISTS (SELECT 1 FROM evidence_logs l WHERE l.number = log
                AND l.zone_id LIKE ''admin/%'')';
        BEGIN
            DROP POLICY zone_isolation ON evidence_logs;
            EXECUTE format('CREATE POLICY zone_isolation ON evidence_logs USING (%s) WITH CHECK (%s)', own, own);
            EXECUTE format('CREATE POLICY deployment ON evidence_logs USING (%s) WITH CHECK (%s)',
                whole || record, whole || record);
            FOREACH name IN ARRAY ARRAY['evidence_blocks', 'evidence_terms', 'evidence_tiles', 'evidence_prunes'] LOOP
                EXECUTE format('DROP POLICY zone_isolation ON %I', name);
                EXECUTE format('CREATE POLICY zone_isolation ON %I USING (%s) WITH CHECK (%s)', name, of_own, of_own);
                EXECUTE format('CREATE POLICY deployment ON %I USING (%s) WITH CHECK (%s)', name,
                    whole || of_record, whole || of_record);
            END LOOP;
            -- Those who change things write records of it, and nothing into a ledger.
            EXECUTE format('CREATE POLICY records_begin ON evidence_logs AS RESTRICTIVE FOR INSERT
                TO caracalapi, caracalcoordinator WITH CHECK (%s)', record);
            EXECUTE format('CREATE POLICY records_grow ON evidence_logs AS RESTRICTIVE FOR UPDATE
                TO caracalapi, caracalcoordinator USING (%s) WITH CHECK (%s)', record, record);
            EXECUTE format('CREATE POLICY records_merge ON evidence_blocks AS RESTRICTIVE FOR DELETE
                TO caracalapi, caracalcoordinator USING (%s)', of_record);
            FOREACH name IN ARRAY ARRAY['evidence_blocks', 'evidence_terms', 'evidence_tiles'] LOOP
                EXECUTE format('CREATE POLICY records_only ON %I AS RESTRICTIVE FOR INSERT
                    TO caracalapi, caracalcoordinator WITH CHECK (%s)', name, of_record);
            END LOOP;
        END $$",
    "SET LOCAL caracal.zone_id = '*'",
    "INSERT INTO evidence_logs (zone_id, number, size, frontier, root, root_hmac, sealed)
        SELECT 'admin/' || CASE chain_key WHEN '*' THEN '' ELSE chain_key END, chain_number, 0, ''::bytea, '', '', 0
        FROM admin_audit_heads WHERE chain_number > 0",
    "GRANT SELECT, INSERT, UPDATE ON evidence_logs TO caracalapi, caracalcoordinator",
    "GRANT SELECT, INSERT, DELETE ON evidence_blocks TO caracalapi, caracalcoordinator",
    "GRANT SELECT, INSERT ON evidence_terms, evidence_tiles TO caracalapi, caracalcoordinator",
    "GRANT SELECT ON evidence_prunes TO caracalapi, caracalcoordinator",
    // Rows of the earlier form go once they are in a log, and no new ones come.
    "CREATE POLICY zone_isolation ON admin_audit_pruned FOR SELECT
        USING (chain_key = current_setting('caracal.zone_id', TRUE))",
    "DROP TRIGGER admin_audit_events_no_delete ON admin_audit_events",
    "DROP FUNCTION admin_audit_prune(TEXT, BIGINT, BIGINT, TEXT, BIGINT, TEXT)",
    "DROP FUNCTION refuse_unless_pruned()",
    "REVOKE INSERT ON admin_audit_events FROM caracalapi, caracalcoordinator",
    "REVOKE INSERT, UPDATE ON admin_audit_heads FROM caracalapi, caracalcoordinator",
    "GRANT DELETE ON admin_audit_events, admin_audit_heads TO caracalapi, caracalcoordinator, caracalaudit",
    "GRANT SELECT ON admin_audit_pruned TO caracalapi, caracalcoordinator",
];

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, Database, Statement};

    use super::super::ALL;
    use crate::dialect::Dialect;

    #[tokio::test]
    async fn chains_of_rows_keep_their_numbers_as_logs() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        let apply = async |earlier: bool| {
            let of = |version: i64| (version < 11) == earlier && version <= 11;
            let statements = ALL.iter().filter(|migration| of(migration.version));
            for statement in statements.flat_map(|migration| migration.statements(Dialect::Sqlite)) {
                db.execute_unprepared(&statement).await.unwrap();
            }
        };
        apply(true).await;
        db.execute_unprepared(
            "INSERT INTO admin_audit_heads VALUES ('z-1', 7, 'aa', 'bb', 3), ('*', 2, 'cc', 'dd', 1)",
        )
        .await
        .unwrap();
        apply(false).await;
        let sql = "SELECT zone_id || ' ' || number || ' ' || size AS log FROM evidence_logs ORDER BY number";
        let rows = db
            .query_all_raw(Statement::from_string(Dialect::Sqlite.backend(), sql))
            .await
            .unwrap();
        let logs: Vec<String> = rows.iter().map(|row| row.try_get("", "log").unwrap()).collect();
        assert_eq!(logs, ["admin/ 1 0", "admin/z-1 3 0"]);
    }
}
