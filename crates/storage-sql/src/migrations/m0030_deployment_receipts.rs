//! Receipts of requests with an idempotency key that are about no zone.

/// Both dialects. As those of zones, under `*`, which is no zone's id.
pub(super) const COMMON: &[&str] = &[
    "CREATE TABLE deployment_receipts (
        zone_id TEXT NOT NULL CHECK (zone_id = '*'),
        operation TEXT NOT NULL,
        scope_id TEXT NOT NULL,
        key_digest TEXT NOT NULL,
        request_digest TEXT NOT NULL,
        resource_id TEXT NOT NULL,
        response_status BIGINT NOT NULL CHECK (response_status BETWEEN 200 AND 299),
        response_json TEXT NOT NULL CHECK (length(response_json) <= 65536),
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        CONSTRAINT deployment_receipts_pkey PRIMARY KEY (zone_id, operation, scope_id, key_digest)
    )",
    "CREATE INDEX deployment_receipts_live ON deployment_receipts (zone_id, operation, scope_id, expires_at)",
    "CREATE INDEX deployment_receipts_expiry ON deployment_receipts (zone_id, expires_at)",
];

/// PostgreSQL's own: who may do what.
pub(super) const POSTGRES: &[&str] = &[
    "ALTER TABLE deployment_receipts ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE deployment_receipts FORCE ROW LEVEL SECURITY",
    "CREATE POLICY deployment ON deployment_receipts
        USING (current_setting('caracal.zone_id', TRUE) = '*')
        WITH CHECK (current_setting('caracal.zone_id', TRUE) = '*')",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON deployment_receipts TO caracalapi",
];
