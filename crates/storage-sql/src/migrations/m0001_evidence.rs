//! The ledger and what keeps evidence immutable, as SQLite does it.
//!
//! Anyone who can write the file can drop a trigger; these stop our own mistakes, the hash chain shows the rest.

pub(super) const SQLITE: &[&str] = &[
    "CREATE TABLE audit_events (
        zone_id TEXT NOT NULL,
        id TEXT NOT NULL,
        event_type TEXT NOT NULL,
        request_id TEXT NOT NULL,
        decision TEXT NOT NULL,
        application_id TEXT,
        session_id TEXT,
        authority_record_id TEXT,
        labels TEXT,
        event_json TEXT NOT NULL,
        signature TEXT,
        occurred_at BIGINT NOT NULL,
        ingested_at BIGINT NOT NULL,
        chain_seq BIGINT NOT NULL,
        content_sha256 TEXT NOT NULL,
        prev_content_sha256 TEXT NOT NULL,
        chain_hmac TEXT NOT NULL,
        hash_version BIGINT NOT NULL,
        PRIMARY KEY (zone_id, id)
    )",
    "CREATE UNIQUE INDEX audit_events_chain ON audit_events (zone_id, chain_seq)",
    "CREATE INDEX audit_events_time ON audit_events (zone_id, occurred_at, id)",
    "CREATE INDEX audit_events_request ON audit_events (zone_id, request_id) WHERE request_id <> ''",
    "CREATE INDEX audit_events_session ON audit_events (zone_id, session_id, occurred_at)
        WHERE session_id IS NOT NULL",
    // Events older than this may be deleted; retention sets it for the length of one transaction.
    "CREATE TABLE audit_retention_floor (occurred_before BIGINT NOT NULL)",
    "CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
        BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END",
    "CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
        WHEN NOT EXISTS (SELECT 1 FROM audit_retention_floor WHERE OLD.occurred_at < occurred_before)
        BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END",
    "CREATE TRIGGER admin_audit_events_no_update BEFORE UPDATE ON admin_audit_events
        BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END",
    // What the chain's checkpoint says is gone may go, and a checkpoint never takes back what it said.
    "CREATE TRIGGER admin_audit_events_no_delete BEFORE DELETE ON admin_audit_events
        WHEN NOT EXISTS (SELECT 1 FROM admin_audit_pruned
            WHERE chain_key = OLD.chain_key AND chain_seq >= OLD.chain_seq)
        BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END",
    "CREATE TRIGGER admin_audit_pruned_forward BEFORE UPDATE ON admin_audit_pruned
        WHEN NEW.chain_key <> OLD.chain_key OR NEW.chain_seq <= OLD.chain_seq
        BEGIN SELECT RAISE(ABORT, 'prune checkpoints only move forward'); END",
    "CREATE TRIGGER admin_audit_pruned_no_delete BEFORE DELETE ON admin_audit_pruned
        BEGIN SELECT RAISE(ABORT, 'prune checkpoints only move forward'); END",
    "CREATE TRIGGER policy_versions_immutable_update BEFORE UPDATE ON policy_versions
        BEGIN SELECT RAISE(ABORT, 'policy versions are immutable'); END",
    "CREATE TRIGGER policy_versions_immutable_delete BEFORE DELETE ON policy_versions
        BEGIN SELECT RAISE(ABORT, 'policy versions are immutable'); END",
    "CREATE TRIGGER policy_set_versions_immutable_update BEFORE UPDATE ON policy_set_versions
        BEGIN SELECT RAISE(ABORT, 'policy set versions are immutable'); END",
    "CREATE TRIGGER policy_set_versions_immutable_delete BEFORE DELETE ON policy_set_versions
        BEGIN SELECT RAISE(ABORT, 'policy set versions are immutable'); END",
];
