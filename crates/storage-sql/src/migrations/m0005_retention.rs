//! What of the evidence may be deleted: how long it is kept, what is held, and prune checkpoints, without which no sealed
//! block goes.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    // `leaves` has the hashes of the last tile that was not full, 32 bytes each: its blocks may be gone.
    "CREATE TABLE evidence_prunes (
        log BIGINT NOT NULL,
        number BIGINT NOT NULL,
        size BIGINT NOT NULL,
        pruned_at BIGINT NOT NULL,
        note TEXT NOT NULL,
        tag TEXT NOT NULL,
        holds TEXT NOT NULL,
        leaves {bytes} NOT NULL,
        PRIMARY KEY (log, number)
    )",
    "CREATE TABLE evidence_holds (
        zone_id TEXT NOT NULL,
        id TEXT NOT NULL,
        subject TEXT,
        reason TEXT NOT NULL,
        placed_by TEXT NOT NULL,
        placed_at BIGINT NOT NULL,
        lifted_by TEXT,
        lifted_at BIGINT,
        PRIMARY KEY (zone_id, id)
    )",
    // Of the deployment under `*`, which is no zone's id.
    "CREATE TABLE evidence_retention (
        zone_id TEXT NOT NULL PRIMARY KEY,
        days BIGINT NOT NULL,
        updated_by TEXT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
];

/// SQLite's own.
pub(super) const SQLITE: &[&str] = &[
    "CREATE TRIGGER evidence_prunes_forward BEFORE INSERT ON evidence_prunes
        WHEN EXISTS (SELECT 1 FROM evidence_prunes WHERE log = NEW.log AND size > NEW.size)
            OR NOT EXISTS (SELECT 1 FROM evidence_logs WHERE number = NEW.log AND sealed >= NEW.size)
        BEGIN SELECT RAISE(ABORT, 'prune checkpoints only move forward'); END",
    "CREATE TRIGGER evidence_prunes_no_update BEFORE UPDATE ON evidence_prunes
        BEGIN SELECT RAISE(ABORT, 'prune checkpoints are append-only'); END",
    "CREATE TRIGGER evidence_prunes_no_delete BEFORE DELETE ON evidence_prunes
        BEGIN SELECT RAISE(ABORT, 'prune checkpoints are append-only'); END",
    "CREATE TRIGGER evidence_holds_no_delete BEFORE DELETE ON evidence_holds
        BEGIN SELECT RAISE(ABORT, 'holds are lifted, not deleted'); END",
    "DROP TRIGGER evidence_blocks_no_delete",
    "CREATE TRIGGER evidence_blocks_no_delete BEFORE DELETE ON evidence_blocks
        WHEN NOT EXISTS (SELECT 1 FROM evidence_logs WHERE number = OLD.log AND sealed <= OLD.first_index)
            AND NOT EXISTS (SELECT 1 FROM evidence_prunes WHERE log = OLD.log AND size > OLD.first_index)
        BEGIN SELECT RAISE(ABORT, 'blocks are append-only'); END",
    "DROP TRIGGER evidence_terms_no_delete",
    "CREATE TRIGGER evidence_terms_no_delete BEFORE DELETE ON evidence_terms
        WHEN NOT EXISTS (SELECT 1 FROM evidence_prunes WHERE log = OLD.log AND size > OLD.first_index)
        BEGIN SELECT RAISE(ABORT, 'terms are append-only'); END",
];

/// PostgreSQL's own.
pub(super) const POSTGRES: &[&str] = &[
    "CREATE FUNCTION refuse_backward_prune() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM evidence_prunes WHERE log = NEW.log AND size > NEW.size)
                OR NOT EXISTS (SELECT 1 FROM evidence_logs WHERE number = NEW.log AND sealed >= NEW.size)
            THEN
                RAISE EXCEPTION 'prune checkpoints only move forward';
            END IF;
            RETURN NEW;
        END $$",
    "CREATE OR REPLACE FUNCTION refuse_unless_unsealed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM evidence_logs WHERE number = OLD.log AND sealed <= OLD.first_index)
                OR EXISTS (SELECT 1 FROM evidence_prunes WHERE log = OLD.log AND size > OLD.first_index)
            THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END $$",
    "CREATE FUNCTION refuse_unless_pruned_term() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM evidence_prunes WHERE log = OLD.log AND size > OLD.first_index) THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END $$",
    "CREATE TRIGGER evidence_prunes_forward BEFORE INSERT ON evidence_prunes
        FOR EACH ROW EXECUTE FUNCTION refuse_backward_prune()",
    "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON evidence_prunes
        FOR EACH ROW EXECUTE FUNCTION refuse_change('append-only')",
    "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON evidence_prunes
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('append-only')",
    "CREATE TRIGGER no_delete BEFORE DELETE ON evidence_holds
        FOR EACH ROW EXECUTE FUNCTION refuse_change('lifted, not deleted')",
    "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON evidence_holds
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('lifted, not deleted')",
    "DROP TRIGGER append_only ON evidence_terms",
    "CREATE TRIGGER no_update BEFORE UPDATE ON evidence_terms
        FOR EACH ROW EXECUTE FUNCTION refuse_change('append-only')",
    "CREATE TRIGGER no_delete BEFORE DELETE ON evidence_terms
        FOR EACH ROW EXECUTE FUNCTION refuse_unless_pruned_term()",
    r"DO $$
        DECLARE name TEXT;
        BEGIN
            FOREACH name IN ARRAY ARRAY['evidence_prunes', 'evidence_holds', 'evidence_retention'] LOOP
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
                EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
            END LOOP;
            -- Of the one log of the transaction's zone.
            CREATE POLICY zone_isolation ON evidence_prunes
                USING (log = (SELECT number FROM evidence_logs
                    WHERE zone_id = current_setting('caracal.zone_id', TRUE)))
                WITH CHECK (log = (SELECT number FROM evidence_logs
                    WHERE zone_id = current_setting('caracal.zone_id', TRUE)));
            FOREACH name IN ARRAY ARRAY['evidence_holds', 'evidence_retention'] LOOP
                EXECUTE format('CREATE POLICY zone_isolation ON %I
                    USING (zone_id = current_setting(''caracal.zone_id'', TRUE))
                    WITH CHECK (zone_id = current_setting(''caracal.zone_id'', TRUE))', name);
            END LOOP;
        END $$",
    "GRANT SELECT, INSERT ON evidence_prunes TO caracalaudit",
    "GRANT SELECT ON evidence_holds, evidence_retention TO caracalaudit",
    "GRANT DELETE ON evidence_terms TO caracalaudit",
    // Events name records, holds name subjects; records of held subjects stay.
    "GRANT SELECT (zone_id, id, subject_id) ON authority_records TO caracalaudit",
    "GRANT SELECT ON evidence_holds TO caracalcoordinator",
    "GRANT SELECT, INSERT, UPDATE ON evidence_holds TO caracalapi",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON evidence_retention TO caracalapi",
];
