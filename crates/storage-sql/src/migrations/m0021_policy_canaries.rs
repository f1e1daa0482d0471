//! Versions of policy sets that decide for some applications.

/// Both dialects.
pub(super) const COMMON: &[&str] = &["CREATE TABLE policy_canaries (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        policy_set_id TEXT NOT NULL,
        version_id TEXT NOT NULL,
        manifest_sha256 TEXT NOT NULL,
        evaluated TEXT NOT NULL,
        share_percent BIGINT NOT NULL CHECK (share_percent BETWEEN 1 AND 100),
        min_decisions BIGINT NOT NULL CHECK (min_decisions >= 1),
        max_newly_denied_percent BIGINT NOT NULL CHECK (max_newly_denied_percent BETWEEN 0 AND 100),
        max_denied_percent BIGINT NOT NULL CHECK (max_denied_percent BETWEEN 0 AND 100),
        started_by TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        version BIGINT NOT NULL CHECK (version >= 1),
        decisions BIGINT NOT NULL,
        denied BIGINT NOT NULL,
        newly_denied BIGINT NOT NULL,
        newly_held BIGINT NOT NULL,
        newly_allowed BIGINT NOT NULL,
        unjudged BIGINT NOT NULL,
        unjudged_denied BIGINT NOT NULL,
        unjudged_newly_denied BIGINT NOT NULL,
        ended_at BIGINT,
        outcome TEXT CHECK (outcome IN ('finished', 'ended', 'superseded', 'too_many_denials', 'unreadable')),
        ended_by TEXT,
        CONSTRAINT policy_canaries_running PRIMARY KEY (zone_id),
        CHECK ((ended_at IS NULL) = (outcome IS NULL))
    )"];

/// PostgreSQL's own: who may do what, and in which zone. An STS counts and takes back; what a canary is, it cannot change.
pub(super) const POSTGRES: &[&str] = &[
    "ALTER TABLE policy_canaries ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE policy_canaries FORCE ROW LEVEL SECURITY",
    "CREATE POLICY zone_isolation ON policy_canaries
        USING (zone_id = current_setting('caracal.zone_id', TRUE))
        WITH CHECK (zone_id = current_setting('caracal.zone_id', TRUE))",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON policy_canaries TO caracalapi",
    "GRANT SELECT ON policy_canaries TO caracalsts, caracalcoordinator",
    "GRANT UPDATE (decisions, denied, newly_denied, newly_held, newly_allowed, unjudged, unjudged_denied,
        unjudged_newly_denied, ended_at, outcome, ended_by) ON policy_canaries TO caracalsts",
];
