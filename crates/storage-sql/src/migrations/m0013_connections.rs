//! Accounts at upstreams' OAuth servers, and people on the way there and back; and mandates that are given back.

/// Both dialects.
pub(super) const COMMON: &[&str] = &[
    "CREATE TABLE provider_connections (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        id TEXT NOT NULL,
        provider_id TEXT NOT NULL,
        subject_id TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('active', 'reauthorization_required', 'expired', 'revoked')),
        token_endpoint TEXT NOT NULL,
        client_id TEXT NOT NULL,
        access_token {bytes},
        refresh_token {bytes},
        scope TEXT,
        issued_at BIGINT NOT NULL,
        expires_at BIGINT,
        refreshed_at BIGINT,
        revoked_at BIGINT,
        upstream_revocation TEXT NOT NULL
            CHECK (upstream_revocation IN ('not_asked', 'revoked', 'unsupported', 'failed')),
        renewal_claimed_until BIGINT,
        created_by TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        version BIGINT NOT NULL CHECK (version >= 1),
        PRIMARY KEY (zone_id, id),
        FOREIGN KEY (zone_id, provider_id) REFERENCES providers (zone_id, id),
        CHECK (status <> 'revoked' OR (access_token IS NULL AND refresh_token IS NULL)),
        CHECK (status = 'revoked' OR access_token IS NOT NULL)
    )",
    "CREATE UNIQUE INDEX provider_connections_subject
        ON provider_connections (zone_id, provider_id, subject_id) WHERE status <> 'revoked'",
    "CREATE INDEX provider_connections_created ON provider_connections (zone_id, created_at, id)",
    "CREATE INDEX provider_connections_of_subject ON provider_connections (zone_id, subject_id)",
    // Of the state there is a digest alone, so that nothing of a row can be used to finish.
    "CREATE TABLE connection_attempts (
        zone_id TEXT NOT NULL REFERENCES zones (id),
        state_digest TEXT NOT NULL,
        provider_id TEXT NOT NULL,
        provider_version BIGINT NOT NULL,
        subject_id TEXT NOT NULL,
        initiator TEXT NOT NULL,
        challenge TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        PRIMARY KEY (zone_id, state_digest),
        FOREIGN KEY (zone_id, provider_id) REFERENCES providers (zone_id, id)
    )",
    "CREATE INDEX connection_attempts_expires ON connection_attempts (zone_id, expires_at)",
];

/// PostgreSQL's own: who may do what, and in which zone.
pub(super) const POSTGRES: &[&str] = &[
    r"DO $$
        DECLARE name TEXT;
        BEGIN
            FOREACH name IN ARRAY ARRAY['provider_connections', 'connection_attempts'] LOOP
                EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
                EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
                EXECUTE format('CREATE POLICY zone_isolation ON %I
                    USING (zone_id = current_setting(''caracal.zone_id'', TRUE))
                    WITH CHECK (zone_id = current_setting(''caracal.zone_id'', TRUE))', name);
            END LOOP;
        END $$",
    // The Control API connects and revokes; the STS uses and renews.
    "GRANT SELECT, INSERT, UPDATE ON provider_connections TO caracalapi",
    "GRANT SELECT, UPDATE ON provider_connections TO caracalsts",
    "GRANT SELECT, INSERT, DELETE ON connection_attempts TO caracalapi",
    // Whoever gives a mandate back at the STS (RFC 7009) ends what hangs on it there, in the one transaction.
    "GRANT UPDATE ON sessions, delegations TO caracalsts",
    "GRANT INSERT, UPDATE ON session_counts, delegation_epochs TO caracalsts",
];
