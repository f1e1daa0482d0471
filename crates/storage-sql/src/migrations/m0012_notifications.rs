//! Servers that are told what happens in a zone, and what is on its way to them.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    "CREATE TABLE notification_sinks (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        url TEXT NOT NULL,
        event_types TEXT NOT NULL,
        active BOOLEAN NOT NULL,
        created_by TEXT, created_via_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_by TEXT, updated_via_operator BOOLEAN NOT NULL, updated_at BIGINT,
        version BIGINT NOT NULL DEFAULT 1,
        PRIMARY KEY (zone_id, id)
    )",
    "CREATE INDEX notification_sinks_created ON notification_sinks (zone_id, created_at, id)",
    // Apart from the sink, so that an attempt is no change of it.
    "CREATE TABLE notification_sink_states (
        zone_id TEXT NOT NULL,
        sink_id TEXT NOT NULL,
        consecutive_failures BIGINT NOT NULL,
        last_success_at BIGINT,
        last_failure_at BIGINT,
        last_error TEXT,
        next_attempt_at BIGINT NOT NULL,
        leased_until BIGINT,
        PRIMARY KEY (zone_id, sink_id),
        FOREIGN KEY (zone_id, sink_id) REFERENCES notification_sinks (zone_id, id) ON DELETE CASCADE
    )",
    "CREATE INDEX notification_sink_states_next ON notification_sink_states (next_attempt_at)",
    "CREATE TABLE notification_deliveries (
        zone_id TEXT NOT NULL,
        id TEXT NOT NULL,
        sink_id TEXT NOT NULL,
        event_id TEXT NOT NULL,
        event_type TEXT NOT NULL,
        payload TEXT NOT NULL,
        attempts BIGINT NOT NULL,
        available_at BIGINT NOT NULL,
        delivered_at BIGINT,
        abandoned_at BIGINT,
        response_status BIGINT,
        last_error TEXT,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, id),
        CHECK (delivered_at IS NULL OR abandoned_at IS NULL),
        FOREIGN KEY (zone_id, sink_id) REFERENCES notification_sinks (zone_id, id) ON DELETE CASCADE
    )",
    "CREATE INDEX notification_deliveries_listing ON notification_deliveries (zone_id, sink_id, created_at, id)",
    "CREATE INDEX notification_deliveries_due ON notification_deliveries (zone_id, sink_id, available_at, id)
        WHERE delivered_at IS NULL AND abandoned_at IS NULL",
    "CREATE INDEX notification_deliveries_next ON notification_deliveries (available_at)
        WHERE delivered_at IS NULL AND abandoned_at IS NULL",
    "CREATE INDEX notification_deliveries_settled ON notification_deliveries (COALESCE(delivered_at, abandoned_at))
        WHERE delivered_at IS NOT NULL OR abandoned_at IS NOT NULL",
];

/// SQLite's own.
pub(super) const SQLITE: &[&str] = &["CREATE TRIGGER notification_sinks_version AFTER UPDATE ON notification_sinks
        WHEN NEW.version = OLD.version BEGIN
        UPDATE notification_sinks SET version = OLD.version + 1 WHERE zone_id = NEW.zone_id AND id = NEW.id; END"];

/// PostgreSQL's own: who may do what, and in which zone.
pub(super) const POSTGRES: &[&str] = &[
    "CREATE TRIGGER notification_sinks_version BEFORE UPDATE ON notification_sinks
        FOR EACH ROW EXECUTE FUNCTION count_version()",
    r"DO $$
        DECLARE name TEXT;
        BEGIN
            FOREACH name IN ARRAY ARRAY['notification_sinks', 'notification_sink_states', 'notification_deliveries'] LOOP
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
                EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
                EXECUTE format('CREATE POLICY zone_isolation ON %I
                    USING (zone_id = current_setting(''caracal.zone_id'', TRUE))
                    WITH CHECK (zone_id = current_setting(''caracal.zone_id'', TRUE))', name);
                EXECUTE format('CREATE POLICY named_exception ON %I FOR SELECT
                    USING (current_setting(''caracal.zone_id'', TRUE) = ''*'')', name);
            END LOOP;
        END $$",
    // Whoever freezes a zone works over the deployment.
    "CREATE POLICY deployment ON notification_deliveries FOR INSERT
        WITH CHECK (current_setting('caracal.zone_id', TRUE) = '*')",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON notification_sinks, notification_sink_states, notification_deliveries
        TO caracalapi",
    // The STS tells of the approvals that it opens and uses.
    "GRANT SELECT ON notification_sinks TO caracalsts",
    "GRANT SELECT, INSERT ON notification_deliveries TO caracalsts",
];
