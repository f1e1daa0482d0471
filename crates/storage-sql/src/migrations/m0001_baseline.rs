//! Control state, alike in both dialects.
//!
//! Instants are microseconds since the Unix epoch. Lists and documents are JSON text. Keys start with the zone, so
//! that no foreign key can cross zones.

pub(super) const COMMON: &[&str] = &[
    // Directory.
    "CREATE TABLE zones (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        slug TEXT NOT NULL,
        dcr_enabled BOOLEAN NOT NULL,
        operator_coauthor_badge BOOLEAN NOT NULL,
        operator_governed BOOLEAN NOT NULL,
        archived_at BIGINT,
        created_by TEXT, created_via_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_by TEXT, updated_via_operator BOOLEAN NOT NULL, updated_at BIGINT
    )",
    "CREATE UNIQUE INDEX zones_slug ON zones (slug)",
    "CREATE INDEX zones_live ON zones (created_at, id) WHERE archived_at IS NULL",
    // How often what a zone snapshot is loaded from was changed, so that replicas read only zones that were.
    "CREATE TABLE zone_revisions (
        zone_id TEXT NOT NULL PRIMARY KEY REFERENCES zones (id),
        revision BIGINT NOT NULL
    )",
    "CREATE TABLE applications (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        name_folded TEXT NOT NULL,
        registration_method TEXT NOT NULL CHECK (registration_method IN ('managed', 'dcr')),
        client_secret_hash TEXT,
        traits TEXT NOT NULL,
        expires_at BIGINT,
        archived_at BIGINT,
        created_by TEXT, created_via_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_by TEXT, updated_via_operator BOOLEAN NOT NULL, updated_at BIGINT,
        PRIMARY KEY (zone_id, id),
        CHECK (registration_method <> 'dcr' OR expires_at IS NOT NULL)
    )",
    // The STS finds an application by its id alone, so ids are unique across zones.
    "CREATE UNIQUE INDEX applications_id ON applications (id)",
    "CREATE INDEX applications_live ON applications (zone_id, created_at, id) WHERE archived_at IS NULL",
    "CREATE INDEX applications_archived ON applications (zone_id, created_at, id) WHERE archived_at IS NOT NULL",
    "CREATE INDEX applications_name ON applications (zone_id, name_folded) WHERE archived_at IS NULL",
    "CREATE INDEX applications_expiry ON applications (zone_id, expires_at) WHERE expires_at IS NOT NULL",
    "CREATE TABLE providers (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        identifier TEXT NOT NULL,
        kind TEXT NOT NULL,
        config_json TEXT NOT NULL,
        secret_config_keys TEXT NOT NULL,
        connectivity_failed_at BIGINT,
        archived_at BIGINT,
        created_by TEXT, created_via_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_by TEXT, updated_via_operator BOOLEAN NOT NULL, updated_at BIGINT,
        PRIMARY KEY (zone_id, id)
    )",
    "CREATE UNIQUE INDEX providers_identifier ON providers (zone_id, identifier) WHERE archived_at IS NULL",
    "CREATE INDEX providers_listing ON providers (zone_id, created_at, id)",
    "CREATE TABLE resources (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        identifier TEXT NOT NULL,
        upstream_url TEXT,
        scopes TEXT NOT NULL,
        credential_provider_id TEXT NOT NULL,
        operations TEXT NOT NULL,
        operation_enforcement TEXT NOT NULL,
        upstream_timeout_seconds BIGINT,
        cookies BOOLEAN NOT NULL,
        archived_at BIGINT,
        created_by TEXT, created_via_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_by TEXT, updated_via_operator BOOLEAN NOT NULL, updated_at BIGINT,
        PRIMARY KEY (zone_id, id),
        FOREIGN KEY (zone_id, credential_provider_id) REFERENCES providers (zone_id, id)
    )",
    "CREATE UNIQUE INDEX resources_identifier ON resources (zone_id, identifier) WHERE archived_at IS NULL",
    "CREATE INDEX resources_any_identifier ON resources (zone_id, identifier)",
    "CREATE INDEX resources_listing ON resources (zone_id, created_at, id)",
    "CREATE INDEX resources_provider ON resources (zone_id, credential_provider_id)",
    "CREATE TABLE secret_store (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        reference TEXT NOT NULL,
        envelope {bytes} NOT NULL,
        version BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, reference)
    )",
    "CREATE TABLE signing_keys (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        version BIGINT NOT NULL,
        public_key {bytes} NOT NULL,
        envelope {bytes} NOT NULL,
        signs_from BIGINT NOT NULL,
        verifies_until BIGINT,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, id)
    )",
    "CREATE UNIQUE INDEX signing_keys_version ON signing_keys (zone_id, version)",
    "CREATE TABLE admin_tokens (
        id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        token_digest TEXT NOT NULL,
        digest_key TEXT NOT NULL,
        scope TEXT NOT NULL CHECK (scope IN ('global', 'zone')),
        capability TEXT NOT NULL CHECK (capability IN ('read', 'write', 'approve')),
        zone_id TEXT REFERENCES zones (id),
        created_by TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        last_used_at BIGINT,
        revoked_at BIGINT,
        CHECK ((scope = 'zone') = (zone_id IS NOT NULL))
    )",
    "CREATE UNIQUE INDEX admin_tokens_digest ON admin_tokens (token_digest) WHERE revoked_at IS NULL",
    "CREATE INDEX admin_tokens_listing ON admin_tokens (created_at, id)",
    // Which key-encryption keys this store was sealed under, by something that each of them opens.
    "CREATE TABLE key_checks (
        position BIGINT NOT NULL PRIMARY KEY,
        key_id TEXT NOT NULL,
        envelope {bytes} NOT NULL,
        created_at BIGINT NOT NULL,
        retired_at BIGINT
    )",
    "CREATE UNIQUE INDEX key_checks_key ON key_checks (key_id)",
    // Policy.
    "CREATE TABLE policies (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT,
        archived_at BIGINT,
        created_by TEXT, created_via_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_by TEXT, updated_via_operator BOOLEAN NOT NULL, updated_at BIGINT,
        PRIMARY KEY (zone_id, id)
    )",
    "CREATE UNIQUE INDEX policies_name ON policies (zone_id, name) WHERE archived_at IS NULL",
    "CREATE INDEX policies_listing ON policies (zone_id, created_at, id) WHERE archived_at IS NULL",
    "CREATE TABLE policy_versions (
        zone_id TEXT NOT NULL,
        id TEXT NOT NULL,
        policy_id TEXT NOT NULL,
        version BIGINT NOT NULL,
        content TEXT NOT NULL,
        content_sha256 TEXT NOT NULL,
        schema_version TEXT NOT NULL,
        created_by TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, id),
        FOREIGN KEY (zone_id, policy_id) REFERENCES policies (zone_id, id)
    )",
    "CREATE UNIQUE INDEX policy_versions_version ON policy_versions (zone_id, policy_id, version)",
    "CREATE TABLE policy_sets (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT,
        archived_at BIGINT,
        created_by TEXT, created_via_operator BOOLEAN NOT NULL, created_at BIGINT NOT NULL,
        updated_by TEXT, updated_via_operator BOOLEAN NOT NULL, updated_at BIGINT,
        PRIMARY KEY (zone_id, id)
    )",
    "CREATE UNIQUE INDEX policy_sets_name ON policy_sets (zone_id, name) WHERE archived_at IS NULL",
    "CREATE INDEX policy_sets_listing ON policy_sets (zone_id, created_at, id) WHERE archived_at IS NULL",
    "CREATE TABLE policy_set_versions (
        zone_id TEXT NOT NULL,
        id TEXT NOT NULL,
        policy_set_id TEXT NOT NULL,
        version BIGINT NOT NULL,
        manifest TEXT NOT NULL,
        manifest_sha256 TEXT NOT NULL,
        schema_version TEXT NOT NULL,
        created_by TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, id),
        FOREIGN KEY (zone_id, policy_set_id) REFERENCES policy_sets (zone_id, id)
    )",
    "CREATE UNIQUE INDEX policy_set_versions_version ON policy_set_versions (zone_id, policy_set_id, version)",
    "CREATE INDEX policy_set_versions_listing ON policy_set_versions (zone_id, policy_set_id, created_at, id)",
    // One row per zone: at most one set is in force. What its version evaluates to stands beside it, so that a zone is
    // loaded without its sources.
    "CREATE TABLE policy_set_bindings (
        zone_id TEXT NOT NULL PRIMARY KEY REFERENCES zones (id),
        policy_set_id TEXT NOT NULL,
        active_version_id TEXT NOT NULL,
        evaluated_manifest_sha256 TEXT,
        evaluated TEXT,
        updated_at BIGINT NOT NULL,
        FOREIGN KEY (zone_id, policy_set_id) REFERENCES policy_sets (zone_id, id),
        FOREIGN KEY (zone_id, active_version_id) REFERENCES policy_set_versions (zone_id, id)
    )",
    // Authority.
    "CREATE TABLE authority_records (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        subject_type TEXT NOT NULL CHECK (subject_type IN ('application', 'user')),
        subject_id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        parent_id TEXT,
        status TEXT NOT NULL CHECK (status IN ('active', 'revoked', 'expired')),
        expires_at BIGINT NOT NULL,
        authenticated_at BIGINT NOT NULL,
        issuer TEXT,
        created_at BIGINT NOT NULL,
        revoked_at BIGINT,
        revoked_reason TEXT,
        PRIMARY KEY (zone_id, id),
        FOREIGN KEY (zone_id, application_id) REFERENCES applications (zone_id, id),
        FOREIGN KEY (zone_id, parent_id) REFERENCES authority_records (zone_id, id)
    )",
    "CREATE INDEX authority_records_listing ON authority_records (zone_id, created_at, id)",
    "CREATE INDEX authority_records_subject ON authority_records (zone_id, subject_id)",
    "CREATE INDEX authority_records_parent ON authority_records (zone_id, parent_id) WHERE parent_id IS NOT NULL",
    "CREATE INDEX authority_records_expiry ON authority_records (zone_id, expires_at) WHERE status = 'active'",
    "CREATE INDEX authority_records_ended ON authority_records (zone_id, (COALESCE(revoked_at, expires_at)))
        WHERE status <> 'active'",
    "CREATE INDEX authority_records_revoked ON authority_records (revoked_at) WHERE status = 'revoked'",
    // `slot_until` is when the session frees its place by itself; absent once it has ended.
    "CREATE TABLE sessions (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        application_id TEXT NOT NULL,
        parent_id TEXT,
        subject_authority_record_id TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'terminated', 'expired')),
        lifecycle TEXT NOT NULL CHECK (lifecycle IN ('task', 'service')),
        depth BIGINT NOT NULL,
        labels TEXT NOT NULL,
        max_children BIGINT NOT NULL,
        child_count BIGINT NOT NULL CHECK (child_count >= 0),
        ttl_seconds BIGINT,
        last_heartbeat_at BIGINT,
        heartbeat_deadline_at BIGINT,
        lease_generation BIGINT NOT NULL CHECK (lease_generation >= 0),
        termination_reason TEXT,
        metadata_json TEXT NOT NULL,
        started_at BIGINT NOT NULL,
        last_active_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        terminated_at BIGINT,
        slot_until BIGINT,
        PRIMARY KEY (zone_id, id),
        FOREIGN KEY (zone_id, application_id) REFERENCES applications (zone_id, id),
        FOREIGN KEY (zone_id, parent_id) REFERENCES sessions (zone_id, id),
        FOREIGN KEY (zone_id, subject_authority_record_id) REFERENCES authority_records (zone_id, id),
        CHECK ((status IN ('terminated', 'expired')) = (slot_until IS NULL))
    )",
    "CREATE INDEX sessions_listing ON sessions (zone_id, started_at, id)",
    "CREATE INDEX sessions_parent ON sessions (zone_id, parent_id) WHERE parent_id IS NOT NULL",
    "CREATE INDEX sessions_record ON sessions (zone_id, subject_authority_record_id)",
    "CREATE INDEX sessions_slots ON sessions (zone_id, slot_until, application_id) WHERE slot_until IS NOT NULL",
    "CREATE INDEX sessions_overdue ON sessions (slot_until, zone_id) WHERE slot_until IS NOT NULL",
    "CREATE INDEX sessions_suspended ON sessions (zone_id, id) WHERE status = 'suspended'",
    "CREATE INDEX sessions_ended ON sessions (terminated_at, zone_id) WHERE terminated_at IS NOT NULL",
    "CREATE INDEX sessions_kept ON sessions (zone_id, terminated_at) WHERE terminated_at IS NOT NULL",
    // How many sessions have not ended, so that a start need not count them.
    "CREATE TABLE session_counts (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        application_id TEXT NOT NULL,
        unended BIGINT NOT NULL CHECK (unended >= 0),
        PRIMARY KEY (zone_id, application_id)
    )",
    // `changed_at` is the last change of state; for an ended delegation, its end.
    "CREATE TABLE delegations (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        source_session_id TEXT NOT NULL,
        target_session_id TEXT NOT NULL,
        issuer_application_id TEXT NOT NULL,
        receiver_application_id TEXT NOT NULL,
        parent_edge_id TEXT CHECK (parent_edge_id <> id),
        resource_id TEXT,
        scopes TEXT NOT NULL,
        constraints_json TEXT NOT NULL,
        constraints_expire_at BIGINT,
        status TEXT NOT NULL CHECK (status IN ('active', 'revoked', 'expired')),
        expires_at BIGINT NOT NULL,
        edge_version BIGINT NOT NULL,
        revoked_at BIGINT,
        created_at BIGINT NOT NULL,
        changed_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, id),
        CHECK (source_session_id <> target_session_id),
        FOREIGN KEY (zone_id, source_session_id) REFERENCES sessions (zone_id, id),
        FOREIGN KEY (zone_id, target_session_id) REFERENCES sessions (zone_id, id),
        FOREIGN KEY (zone_id, issuer_application_id) REFERENCES applications (zone_id, id),
        FOREIGN KEY (zone_id, receiver_application_id) REFERENCES applications (zone_id, id),
        FOREIGN KEY (zone_id, parent_edge_id) REFERENCES delegations (zone_id, id),
        FOREIGN KEY (zone_id, resource_id) REFERENCES resources (zone_id, id)
    )",
    "CREATE INDEX delegations_source ON delegations (zone_id, source_session_id, created_at, id)",
    "CREATE INDEX delegations_target ON delegations (zone_id, target_session_id, created_at, id)",
    "CREATE INDEX delegations_parent ON delegations (zone_id, parent_edge_id) WHERE parent_edge_id IS NOT NULL",
    "CREATE INDEX delegations_live ON delegations (zone_id, created_at, id) WHERE status = 'active'",
    "CREATE INDEX delegations_expiry ON delegations (expires_at, zone_id) WHERE status = 'active'",
    "CREATE INDEX delegations_ended ON delegations (changed_at) WHERE status <> 'active'",
    "CREATE INDEX delegations_kept ON delegations (zone_id, changed_at) WHERE status <> 'active'",
    "CREATE TABLE delegation_epochs (
        zone_id TEXT NOT NULL PRIMARY KEY REFERENCES zones (id),
        epoch BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE TABLE idempotency_receipts (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        operation TEXT NOT NULL,
        scope_id TEXT NOT NULL,
        key_digest TEXT NOT NULL,
        request_digest TEXT NOT NULL,
        resource_id TEXT NOT NULL,
        response_status BIGINT NOT NULL CHECK (response_status BETWEEN 200 AND 299),
        response_json TEXT NOT NULL CHECK (length(response_json) <= 65536),
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, operation, scope_id, key_digest)
    )",
    "CREATE INDEX idempotency_receipts_live ON idempotency_receipts (zone_id, operation, scope_id, expires_at)",
    "CREATE INDEX idempotency_receipts_expiry ON idempotency_receipts (zone_id, expires_at)",
    // Events to publish. No zone: the relay serves all of them, and messages carry their own.
    "CREATE TABLE event_outbox (
        id TEXT NOT NULL PRIMARY KEY,
        topic TEXT NOT NULL,
        dedupe_key TEXT,
        fields TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'dispatched', 'dead')),
        attempts BIGINT NOT NULL,
        available_at BIGINT NOT NULL,
        last_error TEXT,
        created_at BIGINT NOT NULL,
        dispatched_at BIGINT
    )",
    "CREATE UNIQUE INDEX event_outbox_dedupe ON event_outbox (topic, dedupe_key) WHERE dedupe_key IS NOT NULL",
    "CREATE INDEX event_outbox_pending ON event_outbox (created_at, id) WHERE state = 'pending'",
    "CREATE INDEX event_outbox_dead ON event_outbox (created_at, id) WHERE state = 'dead'",
    "CREATE INDEX event_outbox_dispatched ON event_outbox (dispatched_at) WHERE state = 'dispatched'",
    // Ends of the chains, so that an append reads one row.
    "CREATE TABLE audit_heads (
        zone_id TEXT NOT NULL PRIMARY KEY,
        chain_seq BIGINT NOT NULL,
        content_sha256 TEXT NOT NULL,
        head_hmac TEXT NOT NULL,
        chain_number BIGINT NOT NULL
    )",
    // `chain_key` is the zone, or `*` for the deployment's own chain.
    "CREATE TABLE admin_audit_heads (
        chain_key TEXT NOT NULL PRIMARY KEY,
        chain_seq BIGINT NOT NULL,
        content_sha256 TEXT NOT NULL,
        head_hmac TEXT NOT NULL,
        chain_number BIGINT NOT NULL
    )",
    // All chains in the order in which they began, so that one that is erased is missed. At most one row.
    "CREATE TABLE audit_chains (
        only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
        chains BIGINT NOT NULL,
        digest TEXT NOT NULL,
        digest_hmac TEXT NOT NULL
    )",
    "CREATE TABLE admin_audit_events (
        chain_key TEXT NOT NULL,
        id TEXT NOT NULL,
        actor_id TEXT,
        entity_type TEXT,
        entity_id TEXT,
        method TEXT NOT NULL,
        request_id TEXT NOT NULL,
        record_json TEXT NOT NULL,
        occurred_at BIGINT NOT NULL,
        chain_seq BIGINT NOT NULL,
        content_sha256 TEXT NOT NULL,
        prev_content_sha256 TEXT NOT NULL,
        chain_hmac TEXT NOT NULL,
        hash_version BIGINT NOT NULL,
        PRIMARY KEY (chain_key, id)
    )",
    // Where administrative chains begin whose oldest records were deleted because their time was over.
    "CREATE TABLE admin_audit_pruned (
        chain_key TEXT NOT NULL PRIMARY KEY,
        chain_seq BIGINT NOT NULL,
        content_sha256 TEXT NOT NULL,
        pruned_at BIGINT NOT NULL,
        checkpoint_hmac TEXT NOT NULL
    )",
    "CREATE UNIQUE INDEX admin_audit_events_chain ON admin_audit_events (chain_key, chain_seq)",
    "CREATE INDEX admin_audit_events_time ON admin_audit_events (chain_key, occurred_at, id)",
];

#[cfg(test)]
mod tests {
    use super::COMMON;

    /// A column of bytes either holds no secret or is an arm of `Place` in `caracal_service::key_rotation`, which
    /// seals it anew when the key-encryption key changes.
    #[test]
    fn every_column_of_bytes_is_known_to_the_change_of_keys_or_public() {
        let mut found = Vec::new();
        for statement in COMMON {
            let Some(rest) = statement.strip_prefix("CREATE TABLE ") else {
                continue;
            };
            let (table, columns) = rest.split_once(' ').unwrap();
            for line in columns.lines().filter(|line| line.contains("{bytes}")) {
                found.push(format!("{table}.{}", line.split_whitespace().next().unwrap()));
            }
        }
        let sealed = ["secret_store.envelope", "signing_keys.envelope"];
        let public = ["signing_keys.public_key", "key_checks.envelope"];
        let unknown: Vec<_> = found
            .iter()
            .filter(|column| !sealed.contains(&column.as_str()) && !public.contains(&column.as_str()))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert!(
            sealed
                .iter()
                .all(|column| found.iter().any(|known| known == column))
        );
    }
}
