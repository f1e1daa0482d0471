//! Versions of policy sets that are decided beside the one in force.

/// Both dialects.
pub(super) const COMMON: &[&str] = &["CREATE TABLE policy_shadows (
        zone_id TEXT NOT NULL PRIMARY KEY REFERENCES zones (id),
        policy_set_id TEXT NOT NULL,
        version_id TEXT NOT NULL,
        manifest_sha256 TEXT NOT NULL,
        evaluated TEXT NOT NULL,
        started_by TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    )"];

/// PostgreSQL's own: who may do what, and in which zone.
pub(super) const POSTGRES: &[&str] = &[
    "ALTER TABLE policy_shadows ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE policy_shadows FORCE ROW LEVEL SECURITY",
    "CREATE POLICY zone_isolation ON policy_shadows
        USING (zone_id = current_setting('caracal.zone_id', TRUE))
        WITH CHECK (zone_id = current_setting('caracal.zone_id', TRUE))",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON policy_shadows TO caracalapi",
    "GRANT SELECT ON policy_shadows TO caracalsts",
];
