//! What sessions and delegations used up of budgets.

/// Both dialects. A row goes with its session or delegation.
pub(super) const COMMON: &[&str] = &[
    "CREATE TABLE budget_uses (
        zone_id TEXT NOT NULL,
        holder_id TEXT NOT NULL,
        budget_id TEXT NOT NULL,
        session_id TEXT,
        delegation_id TEXT,
        resource TEXT NOT NULL,
        method TEXT NOT NULL,
        path TEXT NOT NULL,
        argument TEXT,
        calls BIGINT NOT NULL CHECK (calls >= 1),
        amount BIGINT NOT NULL CHECK (amount >= 0),
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, holder_id, budget_id),
        FOREIGN KEY (zone_id, session_id) REFERENCES sessions (zone_id, id) ON DELETE CASCADE,
        FOREIGN KEY (zone_id, delegation_id) REFERENCES delegations (zone_id, id) ON DELETE CASCADE,
        CHECK ((session_id IS NULL) <> (delegation_id IS NULL))
    )",
    "CREATE INDEX budget_uses_of_session ON budget_uses (zone_id, session_id)",
    "CREATE INDEX budget_uses_of_delegation ON budget_uses (zone_id, delegation_id)",
];

/// PostgreSQL's own: who may do what, and in which zone.
pub(super) const POSTGRES: &[&str] = &[
    "ALTER TABLE budget_uses ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE budget_uses FORCE ROW LEVEL SECURITY",
    "CREATE POLICY zone_isolation ON budget_uses
        USING (zone_id = current_setting('caracal.zone_id', TRUE))
        WITH CHECK (zone_id = current_setting('caracal.zone_id', TRUE))",
    "GRANT SELECT, INSERT ON budget_uses TO caracalsts",
    "GRANT UPDATE (calls, amount, updated_at) ON budget_uses TO caracalsts",
    "GRANT SELECT ON budget_uses TO caracalapi",
];
