//! Which document each object of a zone comes from.

/// Both dialects.
pub(super) const COMMON: &[&str] = &["CREATE TABLE zone_state_owners (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        kind TEXT NOT NULL,
        object_id TEXT NOT NULL,
        manager TEXT NOT NULL,
        claimed_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, kind, object_id)
    )"];

/// PostgreSQL's own: who may do what, and in which zone.
pub(super) const POSTGRES: &[&str] = &[
    "ALTER TABLE zone_state_owners ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE zone_state_owners FORCE ROW LEVEL SECURITY",
    "CREATE POLICY zone_isolation ON zone_state_owners
        USING (zone_id = current_setting('caracal.zone_id', TRUE))
        WITH CHECK (zone_id = current_setting('caracal.zone_id', TRUE))",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON zone_state_owners TO caracalapi",
];
