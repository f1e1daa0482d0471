//! Programs that the launcher starts, and identity providers whose users a zone takes as subjects.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    // The launcher names a workload by its id alone, so ids are unique across zones.
    "CREATE TABLE workloads (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        name_folded TEXT NOT NULL,
        secret_hash TEXT NOT NULL,
        bindings TEXT NOT NULL,
        created_by TEXT, created_via_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_by TEXT, updated_via_operator BOOLEAN NOT NULL, updated_at BIGINT,
        version BIGINT NOT NULL DEFAULT 1,
        PRIMARY KEY (zone_id, id)
    )",
    "CREATE UNIQUE INDEX workloads_id ON workloads (id)",
    "CREATE UNIQUE INDEX workloads_name ON workloads (zone_id, name_folded)",
    "CREATE INDEX workloads_created ON workloads (zone_id, created_at, id)",
    "CREATE TABLE subject_issuers (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        issuer TEXT NOT NULL,
        jwks_url TEXT NOT NULL,
        audience TEXT NOT NULL,
        archived_at BIGINT,
        created_by TEXT, created_via_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_by TEXT, updated_via_operator BOOLEAN NOT NULL, updated_at BIGINT,
        version BIGINT NOT NULL DEFAULT 1,
        PRIMARY KEY (zone_id, id)
    )",
    "CREATE UNIQUE INDEX subject_issuers_issuer ON subject_issuers (zone_id, issuer) WHERE archived_at IS NULL",
    "CREATE INDEX subject_issuers_live ON subject_issuers (zone_id, created_at, id) WHERE archived_at IS NULL",
];

macro_rules! counted {
    ($($table:literal),+) => {
        /// Changes are counted as those of other registrations are.
        pub(super) const SQLITE: &[&str] = &[$(concat!(
            "CREATE TRIGGER ", $table, "_version AFTER UPDATE ON ", $table, " WHEN NEW.version = OLD.version BEGIN ",
            "UPDATE ", $table, " SET version = OLD.version + 1 WHERE zone_id = NEW.zone_id AND id = NEW.id; END",
        )),+];

        /// As SQLite's; who may do what, and in which zone.
        pub(super) const POSTGRES: &[&str] = &[
            $(
                concat!(
                    "CREATE TRIGGER ", $table, "_version BEFORE UPDATE ON ", $table,
                    " FOR EACH ROW EXECUTE FUNCTION count_version()",
                ),
                concat!("ALTER TABLE ", $table, " ENABLE ROW LEVEL SECURITY"),
                concat!("ALTER TABLE ", $table, " FORCE ROW LEVEL SECURITY"),
                concat!(
                    "CREATE POLICY zone_isolation ON ", $table,
                    " USING (zone_id = current_setting('caracal.zone_id', TRUE))
                    WITH CHECK (zone_id = current_setting('caracal.zone_id', TRUE))",
                ),
            )+
            // The launcher names a workload by its id alone.
            "CREATE POLICY named_exception ON workloads FOR SELECT
                USING (current_setting('caracal.zone_id', TRUE) = '*')",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON workloads TO caracalapi",
            "GRANT SELECT ON workloads, subject_issuers TO caracalsts",
            "GRANT SELECT, INSERT, UPDATE ON subject_issuers TO caracalapi",
        ];
    };
}
counted!("workloads", "subject_issuers");
