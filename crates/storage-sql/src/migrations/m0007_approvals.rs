//! Requests that wait for a person.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    "CREATE TABLE approvals (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        authority_record_id TEXT,
        principal_id TEXT NOT NULL,
        application_id TEXT,
        tier TEXT NOT NULL,
        approver_class TEXT NOT NULL CHECK (approver_class IN ('operator', 'subject', 'any')),
        privacy_mode TEXT NOT NULL CHECK (privacy_mode IN ('identified', 'pseudonymous', 'anonymous')),
        subject_anchor TEXT,
        binding TEXT NOT NULL,
        metadata TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        approvals_required BIGINT NOT NULL CHECK (approvals_required >= 1),
        approvals_given BIGINT NOT NULL CHECK (approvals_given >= 0),
        satisfied_at BIGINT,
        rejected_at BIGINT,
        consumed_at BIGINT,
        approver_subject_id TEXT,
        approver_record_id TEXT,
        decision_reason TEXT,
        consumed_record_id TEXT,
        PRIMARY KEY (zone_id, id),
        CHECK (satisfied_at IS NULL OR rejected_at IS NULL),
        CHECK (satisfied_at IS NULL OR approvals_given >= approvals_required),
        CHECK (consumed_at IS NULL OR satisfied_at IS NOT NULL)
    )",
    // Whoever waits knows the id alone.
    "CREATE UNIQUE INDEX approvals_id ON approvals (id)",
    // Who asks the same again while it is open gets the same.
    "CREATE UNIQUE INDEX approvals_open
        ON approvals (zone_id, principal_id, COALESCE(authority_record_id, ''), binding) WHERE consumed_at IS NULL",
    "CREATE INDEX approvals_created ON approvals (zone_id, created_at, id)",
    "CREATE INDEX approvals_binding ON approvals (zone_id, binding)",
    "CREATE INDEX approvals_expires ON approvals (zone_id, expires_at)",
    "CREATE TABLE approval_votes (
        zone_id TEXT NOT NULL,
        approval_id TEXT NOT NULL,
        approver_id TEXT NOT NULL,
        approve BOOLEAN NOT NULL,
        decided_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, approval_id, approver_id),
        FOREIGN KEY (zone_id, approval_id) REFERENCES approvals (zone_id, id) ON DELETE CASCADE
    )",
];

/// PostgreSQL's own: who may do what, and in which zone.
pub(super) const POSTGRES: &[&str] = &[
    r"DO $$
        DECLARE name TEXT;
        BEGIN
            FOREACH name IN ARRAY ARRAY['approvals', 'approval_votes'] LOOP
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
                EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
                EXECUTE format('CREATE POLICY zone_isolation ON %I
                    USING (zone_id = current_setting(''caracal.zone_id'', TRUE))
                    WITH CHECK (zone_id = current_setting(''caracal.zone_id'', TRUE))', name);
            END LOOP;
        END $$",
    "CREATE POLICY named_exception ON approvals FOR SELECT
        USING (current_setting('caracal.zone_id', TRUE) = '*')",
    // The STS asks, waits, uses, and takes the decision of a person; the Control API takes that of an operator.
    "GRANT SELECT, INSERT, UPDATE, DELETE ON approvals TO caracalsts",
    "GRANT SELECT, UPDATE ON approvals TO caracalapi",
    "GRANT SELECT, INSERT ON approval_votes TO caracalsts, caracalapi",
    // The Coordinator forgets what ended.
    "GRANT SELECT, DELETE ON approvals TO caracalcoordinator",
];
