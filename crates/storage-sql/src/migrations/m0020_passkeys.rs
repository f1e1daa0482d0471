//! Passkeys of console accounts.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    "CREATE TABLE account_passkeys (
        id TEXT NOT NULL PRIMARY KEY,
        account_id TEXT NOT NULL REFERENCES accounts (id),
        credential_id {bytes} NOT NULL,
        public_key {bytes} NOT NULL,
        algorithm TEXT NOT NULL CHECK (algorithm IN ('ES256', 'EdDSA', 'RS256')),
        counter BIGINT NOT NULL CHECK (counter >= 0),
        backup_eligible BOOLEAN NOT NULL,
        backed_up BOOLEAN NOT NULL,
        name TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        last_used_at BIGINT
    )",
    "CREATE UNIQUE INDEX account_passkeys_credential ON account_passkeys (credential_id)",
    "CREATE INDEX account_passkeys_account ON account_passkeys (account_id, created_at)",
];

/// PostgreSQL's own.
pub(super) const POSTGRES: &[&str] = &[
    "ALTER TABLE account_passkeys ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE account_passkeys FORCE ROW LEVEL SECURITY",
    "CREATE POLICY deployment ON account_passkeys
        USING (current_setting('caracal.zone_id', TRUE) = '*')
        WITH CHECK (current_setting('caracal.zone_id', TRUE) = '*')",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON account_passkeys TO caracalapi",
];
