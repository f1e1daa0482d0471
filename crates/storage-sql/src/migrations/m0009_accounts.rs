//! People who sign in to the console.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    // `zones` is a JSON list of ids, or null for every zone.
    "CREATE TABLE accounts (
        id TEXT NOT NULL PRIMARY KEY,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'operator', 'approver', 'auditor', 'viewer')),
        zones TEXT NOT NULL,
        password TEXT,
        locked_at BIGINT,
        created_by TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        last_sign_in_at BIGINT
    )",
    "CREATE UNIQUE INDEX accounts_email ON accounts (email)",
    "CREATE INDEX accounts_listing ON accounts (created_at, id)",
    "CREATE TABLE account_sessions (
        id TEXT NOT NULL PRIMARY KEY,
        account_id TEXT NOT NULL REFERENCES accounts (id),
        token_digest TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        last_seen_at BIGINT NOT NULL,
        idle_until BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        user_agent TEXT NOT NULL
    )",
    "CREATE UNIQUE INDEX account_sessions_digest ON account_sessions (token_digest)",
    "CREATE INDEX account_sessions_account ON account_sessions (account_id)",
    "CREATE TABLE account_links (
        token_digest TEXT NOT NULL PRIMARY KEY,
        account_id TEXT REFERENCES accounts (id),
        created_by TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL
    )",
    "CREATE UNIQUE INDEX account_links_account ON account_links (account_id)",
];

/// PostgreSQL's own.
pub(super) const POSTGRES: &[&str] = &[
    r"DO $$
        DECLARE name TEXT;
        BEGIN
            FOREACH name IN ARRAY ARRAY['accounts', 'account_sessions', 'account_links'] LOOP
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
                EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
                EXECUTE format('CREATE POLICY deployment ON %I
                    USING (current_setting(''caracal.zone_id'', TRUE) = ''*'')
                    WITH CHECK (current_setting(''caracal.zone_id'', TRUE) = ''*'')', name);
            END LOOP;
        END $$",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON accounts, account_sessions, account_links TO caracalapi",
    // Whoever is signed in at the console ends sessions and delegations there as well.
    "GRANT SELECT ON accounts, account_sessions TO caracalcoordinator",
];
