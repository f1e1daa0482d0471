//! What ends: short-lived applications, archived when their time is over and deleted when nothing names them any more; and
//! connected accounts, whose calls are cut wherever they run; admin tokens, at the time that was said when they were made; and subjects that are kept out.

/// Both dialects. Whether something names an application is asked for each that goes, by the keys that refer to it as well,
/// and what an application holds is looked for when it ends: neither may cost what the zone holds. The index that goes held
/// archived ones, too.
pub(super) const COMMON: &[&str] = &[
    "DROP INDEX applications_expiry",
    "CREATE INDEX applications_short_lived ON applications (zone_id, expires_at, id)
        WHERE registration_method = 'dcr' AND archived_at IS NULL",
    "CREATE INDEX applications_ended ON applications (expires_at, zone_id)
        WHERE registration_method = 'dcr' AND archived_at IS NULL",
    "CREATE INDEX applications_kept ON applications (zone_id, archived_at)
        WHERE registration_method = 'dcr' AND archived_at IS NOT NULL",
    "CREATE INDEX authority_records_application ON authority_records (zone_id, application_id)",
    "CREATE INDEX sessions_application ON sessions (zone_id, application_id)",
    "CREATE INDEX delegations_issuer ON delegations (zone_id, issuer_application_id)",
    "CREATE INDEX delegations_receiver ON delegations (zone_id, receiver_application_id)",
    // By earlier builds nobody is kept out: it is in force once all are replaced.
    "CREATE TABLE blocked_subjects (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        subject_id TEXT NOT NULL,
        reason TEXT NOT NULL,
        blocked_by TEXT NOT NULL,
        blocked_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, subject_id)
    )",
    "CREATE INDEX blocked_subjects_listing ON blocked_subjects (zone_id, blocked_at, subject_id)",
    // By earlier builds, which name it nowhere, a token has no end: it is in force once all are replaced.
    "ALTER TABLE admin_tokens ADD COLUMN expires_at BIGINT",
    // What was revoked is read by time, in every zone.
    "CREATE INDEX provider_connections_revoked ON provider_connections (revoked_at) WHERE status = 'revoked'",
];

/// PostgreSQL's own: the Coordinator archives and forgets; everybody who enforces knows which accounts were revoked, and nothing
/// else of them.
pub(super) const POSTGRES: &[&str] = &[
    "GRANT UPDATE (archived_at, updated_at), DELETE ON applications TO caracalcoordinator",
    "GRANT SELECT ON grants TO caracalcoordinator",
    "GRANT DELETE ON session_counts TO caracalcoordinator",
    "ALTER TABLE blocked_subjects ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE blocked_subjects FORCE ROW LEVEL SECURITY",
    "CREATE POLICY zone_isolation ON blocked_subjects
        USING (zone_id = current_setting('caracal.zone_id', TRUE))
        WITH CHECK (zone_id = current_setting('caracal.zone_id', TRUE))",
    "GRANT SELECT, INSERT, DELETE ON blocked_subjects TO caracalapi",
    "GRANT SELECT ON blocked_subjects TO caracalsts",
    "CREATE POLICY named_exception ON provider_connections FOR SELECT
        USING (current_setting('caracal.zone_id', TRUE) = '*')",
    "GRANT SELECT (zone_id, id, status, revoked_at) ON provider_connections TO caracalgateway, caracalcoordinator",
];
