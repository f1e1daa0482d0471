//! What people agreed to let applications do.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    "CREATE TABLE grants (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        resource_id TEXT NOT NULL,
        scopes TEXT NOT NULL,
        revoked_at BIGINT,
        created_by TEXT,
        created_via_operator BOOLEAN NOT NULL,
        created_at BIGINT NOT NULL,
        updated_by TEXT,
        updated_via_operator BOOLEAN NOT NULL,
        updated_at BIGINT,
        version BIGINT NOT NULL CHECK (version >= 1),
        PRIMARY KEY (zone_id, id),
        FOREIGN KEY (zone_id, application_id) REFERENCES applications (zone_id, id),
        FOREIGN KEY (zone_id, resource_id) REFERENCES resources (zone_id, id)
    )",
    "CREATE INDEX grants_created ON grants (zone_id, created_at, id)",
    "CREATE INDEX grants_of_user ON grants (zone_id, user_id, created_at, id)",
    "CREATE INDEX grants_of_application ON grants (zone_id, application_id, created_at, id)",
    "CREATE INDEX grants_of_resource ON grants (zone_id, resource_id, created_at, id)",
];

/// PostgreSQL's own: who may do what, and in which zone.
pub(super) const POSTGRES: &[&str] = &[
    "ALTER TABLE grants ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE grants FORCE ROW LEVEL SECURITY",
    "CREATE POLICY zone_isolation ON grants
        USING (zone_id = current_setting('caracal.zone_id', TRUE))
        WITH CHECK (zone_id = current_setting('caracal.zone_id', TRUE))",
    "GRANT SELECT, INSERT, UPDATE ON grants TO caracalapi",
];
