//! Ways to sign in to the console besides a password.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    "ALTER TABLE accounts ADD COLUMN identity_issuer TEXT",
    "ALTER TABLE accounts ADD COLUMN identity_subject TEXT",
    "CREATE UNIQUE INDEX accounts_identity ON accounts (identity_issuer, identity_subject)",
    "ALTER TABLE account_sessions ADD COLUMN way TEXT NOT NULL DEFAULT 'password'
        CHECK (way IN ('password', 'single_sign_on', 'passkey', 'email_code'))",
    // Of what somebody begins there is nothing here: how often it was tried to finish, by its digest.
    "CREATE TABLE sign_in_attempts (
        digest TEXT NOT NULL PRIMARY KEY,
        tries BIGINT NOT NULL CHECK (tries >= 1),
        expires_at BIGINT NOT NULL
    )",
    "CREATE INDEX sign_in_attempts_expires ON sign_in_attempts (expires_at)",
];

/// PostgreSQL's own.
pub(super) const POSTGRES: &[&str] = &[
    "ALTER TABLE sign_in_attempts ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE sign_in_attempts FORCE ROW LEVEL SECURITY",
    "CREATE POLICY deployment ON sign_in_attempts
        USING (current_setting('caracal.zone_id', TRUE) = '*')
        WITH CHECK (current_setting('caracal.zone_id', TRUE) = '*')",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_attempts TO caracalapi",
];
