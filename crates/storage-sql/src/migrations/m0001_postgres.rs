//! The ledger, roles, grants and row-level security, as PostgreSQL does them.
//!
//! Every zone-owned table has row-level security enabled and forced, so that it binds the owner too. A transaction
//! names its zone in `caracal.zone_id`; without it no row is visible and none can be written. The value `*` opens
//! the deployment's own tables (zones, admin tokens, administrative chains) and, for reading only, the tables that
//! the named exceptions of a global unit of work search across zones. Partitions have no grants and no policy: they
//! are reached through their parent alone.

pub(super) const STATEMENTS: &[&str] = &[
    // Columns as in the other dialect, by month of the event.
    r#"CREATE TABLE audit_events (
        zone_id TEXT COLLATE "C" NOT NULL,
        id TEXT COLLATE "C" NOT NULL,
        event_type TEXT COLLATE "C" NOT NULL,
        request_id TEXT COLLATE "C" NOT NULL,
        decision TEXT COLLATE "C" NOT NULL,
        application_id TEXT COLLATE "C",
        session_id TEXT COLLATE "C",
        authority_record_id TEXT COLLATE "C",
        labels TEXT COLLATE "C",
        event_json TEXT COLLATE "C" NOT NULL,
        signature TEXT COLLATE "C",
        occurred_at BIGINT NOT NULL,
        ingested_at BIGINT NOT NULL,
        chain_seq BIGINT NOT NULL,
        content_sha256 TEXT COLLATE "C" NOT NULL,
        prev_content_sha256 TEXT COLLATE "C" NOT NULL,
        chain_hmac TEXT COLLATE "C" NOT NULL,
        hash_version BIGINT NOT NULL,
        PRIMARY KEY (zone_id, id, occurred_at)
    ) PARTITION BY RANGE (occurred_at)"#,
    "CREATE INDEX audit_events_chain ON audit_events (zone_id, chain_seq)",
    "CREATE INDEX audit_events_time ON audit_events (zone_id, occurred_at, id)",
    "CREATE INDEX audit_events_request ON audit_events (zone_id, request_id) WHERE request_id <> ''",
    "CREATE INDEX audit_events_session ON audit_events (zone_id, session_id, occurred_at)
        WHERE session_id IS NOT NULL",
    // Without statistics a zone counts as a part of the table as it is now. With them, one that is newer than they
    // are counts as empty, and looking a batch's ids up goes through every event of the zone by time.
    "ALTER TABLE audit_events ALTER COLUMN zone_id SET STATISTICS 0",
    // What no month takes: events of a clock that was years off. There is no default partition, because making a
    // month would then wait for every reader.
    "CREATE TABLE audit_events_before PARTITION OF audit_events FOR VALUES FROM (MINVALUE) TO (1577836800000000)",
    "CREATE TABLE audit_events_after PARTITION OF audit_events FOR VALUES FROM (7258118400000000) TO (MAXVALUE)",
    "ALTER TABLE audit_events_before ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE audit_events_before FORCE ROW LEVEL SECURITY",
    "ALTER TABLE audit_events_after ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE audit_events_after FORCE ROW LEVEL SECURITY",
    // Definer functions: the audit role makes and drops partitions without owning anything.
    r"CREATE FUNCTION audit_partition_ensure(month DATE) RETURNS BOOLEAN
        LANGUAGE plpgsql SECURITY DEFINER AS $$
        DECLARE
            first_day TIMESTAMP := date_trunc('month', month::timestamp);
            name TEXT := 'audit_events_y' || to_char(first_day, 'YYYY') || 'm' || to_char(first_day, 'MM');
        BEGIN
            IF first_day < TIMESTAMP '2020-01-01' OR first_day >= TIMESTAMP '2200-01-01' THEN
                RETURN FALSE;
            END IF;
            IF to_regclass(name) IS NOT NULL THEN
                RETURN FALSE;
            END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended('audit_partition', 0));
            -- Another may have made it meanwhile. Waiting for that lock tells this session nothing of it: `to_regclass`
            -- would answer from memory.
            IF EXISTS (SELECT 1 FROM pg_class WHERE relname = name AND relnamespace = current_schema()::regnamespace)
            THEN
                RETURN FALSE;
            END IF;
            -- Attaching disturbs neither readers nor writers; `PARTITION OF` would stop both.
            EXECUTE format('CREATE TABLE %I (LIKE audit_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
            EXECUTE format('ALTER TABLE %I ALTER COLUMN zone_id SET STATISTICS 0', name);
            EXECUTE format('ALTER TABLE audit_events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name,
                (extract(epoch FROM first_day) * 1000000)::bigint,
                (extract(epoch FROM first_day + INTERVAL '1 month') * 1000000)::bigint);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
            RETURN TRUE;
        END $$",
    // Drops the months that ended at or before an instant, oldest first; returns their names.
    r"CREATE FUNCTION audit_partitions_drop(ended_before BIGINT) RETURNS SETOF TEXT
        LANGUAGE plpgsql SECURITY DEFINER AS $$
        DECLARE
            name TEXT;
            first_day TIMESTAMP;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('audit_partition', 0));
            FOR name IN
                SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'audit_events'::regclass AND c.relname ~ '^audit_events_y[0-9]{4}m[0-9]{2}$'
                ORDER BY c.relname
            LOOP
                first_day := to_date(substr(name, 15, 4) || substr(name, 20, 2), 'YYYYMM')::timestamp;
                IF (extract(epoch FROM first_day + INTERVAL '1 month') * 1000000)::bigint <= ended_before THEN
                    EXECUTE format('DROP TABLE %I', name);
                    RETURN NEXT name;
                END IF;
            END LOOP;
        END $$",
    "CREATE FUNCTION refuse_change() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is %', TG_TABLE_NAME, TG_ARGV[0]; END $$",
    "CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON audit_events
        FOR EACH ROW EXECUTE FUNCTION refuse_change('append-only')",
    "CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('append-only')",
    "CREATE TRIGGER admin_audit_events_append_only BEFORE UPDATE ON admin_audit_events
        FOR EACH ROW EXECUTE FUNCTION refuse_change('append-only')",
    // What the chain's checkpoint says is gone may go, and nobody but the function below moves a checkpoint.
    r"CREATE FUNCTION refuse_unless_pruned() RETURNS TRIGGER LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM admin_audit_pruned
                WHERE chain_key = OLD.chain_key AND chain_seq >= OLD.chain_seq)
            THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
        END $$",
    "CREATE TRIGGER admin_audit_events_no_delete BEFORE DELETE ON admin_audit_events
        FOR EACH ROW EXECUTE FUNCTION refuse_unless_pruned()",
    // Definer function: the audit role deletes old records without the right to delete. Whatever it asks for, nothing
    // younger than 30 days by the server's own clock goes. Whether a checkpoint moved.
    r"CREATE FUNCTION admin_audit_prune(chain TEXT, from_seq BIGINT, to_seq BIGINT, content TEXT, at_micros BIGINT,
            tag TEXT) RETURNS BOOLEAN
        LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            INSERT INTO admin_audit_pruned AS p (chain_key, chain_seq, content_sha256, pruned_at, checkpoint_hmac)
                SELECT chain, to_seq, content, at_micros, tag
                WHERE EXISTS (SELECT 1 FROM admin_audit_events
                    WHERE chain_key = chain AND chain_seq = to_seq AND content_sha256 = content)
                AND (from_seq = 0 OR EXISTS (SELECT 1 FROM admin_audit_pruned WHERE chain_key = chain))
                ON CONFLICT (chain_key) DO UPDATE SET chain_seq = to_seq, content_sha256 = content,
                    pruned_at = at_micros, checkpoint_hmac = tag
                WHERE p.chain_seq = from_seq;
            IF NOT FOUND THEN
                RETURN FALSE;
            END IF;
            IF EXISTS (SELECT 1 FROM admin_audit_events WHERE chain_key = chain AND chain_seq <= to_seq
                AND occurred_at > (extract(epoch FROM now() - INTERVAL '30 days') * 1000000)::bigint)
            THEN
                RAISE EXCEPTION 'records younger than 30 days are not pruned';
            END IF;
            DELETE FROM admin_audit_events WHERE chain_key = chain AND chain_seq <= to_seq;
            RETURN TRUE;
        END $$",
    "CREATE TRIGGER admin_audit_events_no_truncate BEFORE TRUNCATE ON admin_audit_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('append-only')",
    "CREATE TRIGGER policy_versions_immutable BEFORE UPDATE OR DELETE ON policy_versions
        FOR EACH ROW EXECUTE FUNCTION refuse_change('immutable')",
    "CREATE TRIGGER policy_versions_no_truncate BEFORE TRUNCATE ON policy_versions
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('immutable')",
    "CREATE TRIGGER policy_set_versions_immutable BEFORE UPDATE OR DELETE ON policy_set_versions
        FOR EACH ROW EXECUTE FUNCTION refuse_change('immutable')",
    "CREATE TRIGGER policy_set_versions_no_truncate BEFORE TRUNCATE ON policy_set_versions
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('immutable')",
    // Row-level security. Tables owned by a zone, then those of the deployment.
    r"DO $$
        DECLARE name TEXT;
        BEGIN
            FOREACH name IN ARRAY ARRAY['zone_revisions', 'applications', 'providers', 'resources', 'secret_store',
                'signing_keys', 'policies', 'policy_versions', 'policy_sets', 'policy_set_versions', 'policy_set_bindings',
                'authority_records', 'sessions', 'session_counts', 'delegations', 'delegation_epochs',
                'idempotency_receipts', 'audit_events', 'audit_heads']
            LOOP
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
                EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
                EXECUTE format('CREATE POLICY zone_isolation ON %I
                    USING (zone_id = current_setting(''caracal.zone_id'', TRUE))
                    WITH CHECK (zone_id = current_setting(''caracal.zone_id'', TRUE))', name);
            END LOOP;
            FOREACH name IN ARRAY ARRAY['applications', 'authority_records', 'sessions', 'session_counts', 'delegations',
                'audit_heads']
            LOOP
                EXECUTE format('CREATE POLICY named_exception ON %I FOR SELECT
                    USING (current_setting(''caracal.zone_id'', TRUE) = ''*'')', name);
            END LOOP;
            FOREACH name IN ARRAY ARRAY['zones', 'zone_revisions', 'admin_tokens', 'key_checks',
                'admin_audit_heads', 'admin_audit_events', 'admin_audit_pruned']
            LOOP
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
                EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
                EXECUTE format('CREATE POLICY deployment ON %I
                    USING (current_setting(''caracal.zone_id'', TRUE) = ''*'')
                    WITH CHECK (current_setting(''caracal.zone_id'', TRUE) = ''*'')', name);
            END LOOP;
            FOREACH name IN ARRAY ARRAY['admin_audit_heads', 'admin_audit_events'] LOOP
                EXECUTE format('CREATE POLICY zone_isolation ON %I
                    USING (chain_key = current_setting(''caracal.zone_id'', TRUE))
                    WITH CHECK (chain_key = current_setting(''caracal.zone_id'', TRUE))', name);
            END LOOP;
            CREATE POLICY own_zone ON zones FOR SELECT USING (id = current_setting('caracal.zone_id', TRUE));
        END $$",
    // One role per service. Roles belong to the server: another database may have made them.
    r"DO $$
        DECLARE name TEXT;
        BEGIN
            FOREACH name IN ARRAY ARRAY['caracalapi', 'caracalsts', 'caracalgateway', 'caracalaudit',
                'caracalcoordinator']
            LOOP
                BEGIN
                    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = name) THEN
                        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', name);
                    END IF;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN
                    NULL;
                END;
                EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), name);
                EXECUTE format('ALTER FUNCTION audit_partition_ensure(DATE) SET search_path = %I, pg_catalog, pg_temp',
                    current_schema());
                EXECUTE format('ALTER FUNCTION audit_partitions_drop(BIGINT) SET search_path = %I, pg_catalog, pg_temp',
                    current_schema());
                EXECUTE format('ALTER FUNCTION admin_audit_prune(TEXT, BIGINT, BIGINT, TEXT, BIGINT, TEXT)
                    SET search_path = %I, pg_catalog, pg_temp', current_schema());
            END LOOP;
        END $$",
    "GRANT SELECT ON schema_migrations, zones, zone_revisions, key_checks TO
        caracalapi, caracalsts, caracalgateway, caracalaudit, caracalcoordinator",
    // What a zone snapshot is loaded from, as far as each service's reaches.
    "GRANT SELECT ON applications, providers, resources, policies, policy_versions, policy_sets, policy_set_versions,
        policy_set_bindings, authority_records, sessions, session_counts, delegations, delegation_epochs
        TO caracalapi, caracalsts, caracalcoordinator",
    // Private keys are read by those who sign, sealed credentials by those who keep and use them.
    "GRANT SELECT (zone_id, id, version, public_key, signs_from, verifies_until, created_at) ON signing_keys
        TO caracalapi, caracalgateway, caracalcoordinator",
    "GRANT SELECT ON signing_keys TO caracalsts",
    "GRANT SELECT ON secret_store TO caracalapi, caracalsts",
    // Those who seal say under which key.
    "GRANT INSERT, UPDATE ON key_checks TO caracalapi, caracalsts",
    // The Gateway knows what has ended, and nothing else of it.
    "GRANT SELECT (zone_id, id, status, revoked_at) ON authority_records TO caracalgateway",
    "GRANT SELECT (zone_id, id, status, terminated_at) ON sessions TO caracalgateway",
    "GRANT SELECT (zone_id, id, status, changed_at) ON delegations TO caracalgateway",
    // The Control API administers.
    "GRANT INSERT, UPDATE ON zones, applications, providers, resources, admin_tokens, policies, policy_sets,
        delegation_epochs, session_counts TO caracalapi",
    "GRANT INSERT, UPDATE, DELETE ON secret_store, policy_set_bindings TO caracalapi",
    "GRANT INSERT ON policy_versions, policy_set_versions TO caracalapi",
    "GRANT SELECT ON admin_tokens, audit_events, audit_heads TO caracalapi",
    "GRANT UPDATE, DELETE ON authority_records TO caracalapi",
    "GRANT UPDATE ON sessions, delegations TO caracalapi",
    // The STS mints: records of authority, first keys, refreshed provider credentials.
    "GRANT INSERT, UPDATE ON authority_records, signing_keys, secret_store TO caracalsts",
    // The Coordinator runs sessions and delegations.
    "GRANT INSERT, UPDATE ON zone_revisions TO caracalapi, caracalsts, caracalcoordinator",
    "GRANT INSERT, UPDATE ON sessions, session_counts, delegations, delegation_epochs TO caracalcoordinator",
    // It also forgets what has been kept long enough.
    "GRANT DELETE ON sessions, delegations TO caracalcoordinator",
    "GRANT UPDATE, DELETE ON authority_records TO caracalcoordinator",
    // Receipts, events and administrative evidence of those who change state.
    "GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_receipts TO caracalapi, caracalcoordinator",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON event_outbox TO caracalapi, caracalsts, caracalcoordinator",
    "GRANT SELECT, INSERT ON admin_audit_events TO caracalapi, caracalcoordinator",
    "GRANT SELECT, INSERT, UPDATE ON admin_audit_heads TO caracalapi, caracalcoordinator",
    // Whoever begins a chain counts it.
    "GRANT SELECT, INSERT, UPDATE ON audit_chains TO caracalapi, caracalcoordinator, caracalaudit",
    // The Audit role appends; it never updates or deletes an event.
    "GRANT SELECT, INSERT ON audit_events TO caracalaudit",
    "GRANT SELECT, INSERT, UPDATE ON audit_heads TO caracalaudit",
    // And it verifies every chain.
    "GRANT SELECT ON admin_audit_events, admin_audit_heads, admin_audit_pruned TO caracalaudit",
    "REVOKE ALL ON FUNCTION audit_partition_ensure(DATE), audit_partitions_drop(BIGINT),
        admin_audit_prune(TEXT, BIGINT, BIGINT, TEXT, BIGINT, TEXT) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION audit_partition_ensure(DATE), audit_partitions_drop(BIGINT),
        admin_audit_prune(TEXT, BIGINT, BIGINT, TEXT, BIGINT, TEXT) TO caracalaudit",
];
