// Made by `npm run types` out of docs/openapi/audit.json.
export interface paths {
    "/api/audit/deployment/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the newest checkpoint of the deployment's own administrative records (C2SP tlog-checkpoint). */
        get: operations["deployment_checkpoints.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/deployment/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prove that the log of the deployment's own administrative records only grew. */
        get: operations["deployment_consistency.prove"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/deployment/inclusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prove that an entry is in the log of the deployment's own administrative records. */
        get: operations["deployment_inclusion.prove"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/deployment/prune": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the newest prune checkpoint of the deployment's own administrative records. */
        get: operations["deployment_prunes.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/deployment/receipts/{chain_seq}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the receipt of an administrative record of the deployment (C2SP tlog-proof). */
        get: operations["deployment_receipts.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/deployment/tile/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a tile of the log of the deployment's own administrative records (C2SP tlog-tiles). */
        get: operations["deployment_tiles.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/dlq": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List events that could not join the ledger. */
        get: operations["dead_letters.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/dlq/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Store dead letters after all, where that can be done. */
        post: operations["dead_letters.replay"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the public keys that checkpoints are signed with. */
        get: operations["log_keys.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/logs/{zone_id}/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the newest checkpoint of a zone's log (C2SP tlog-checkpoint). */
        get: operations["checkpoints.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/logs/{zone_id}/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prove that a zone's log only grew. */
        get: operations["consistency.prove"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/logs/{zone_id}/inclusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prove that an entry is in a zone's log. */
        get: operations["inclusion.prove"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/logs/{zone_id}/pack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Make an evidence pack of a session, an authority record or a time span (tar). */
        get: operations["packs.make"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/logs/{zone_id}/prune": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the newest prune checkpoint of a zone's log. */
        get: operations["prunes.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/logs/{zone_id}/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the receipts of a request's events (C2SP tlog-proof). */
        get: operations["receipts.list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/logs/{zone_id}/receipts/{event_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the receipt of an event (C2SP tlog-proof). */
        get: operations["receipts.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/logs/{zone_id}/tile/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a tile of a zone's log (C2SP tlog-tiles). */
        get: operations["tiles.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/records/{zone_id}/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the newest checkpoint of a zone's administrative records (C2SP tlog-checkpoint). */
        get: operations["record_checkpoints.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/records/{zone_id}/consistency": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prove that the log of a zone's administrative records only grew. */
        get: operations["record_consistency.prove"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/records/{zone_id}/inclusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prove that an entry is in the log of a zone's administrative records. */
        get: operations["record_inclusion.prove"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/records/{zone_id}/prune": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the newest prune checkpoint of a zone's administrative records. */
        get: operations["record_prunes.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/records/{zone_id}/receipts/{chain_seq}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the receipt of an administrative record (C2SP tlog-proof). */
        get: operations["record_receipts.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/records/{zone_id}/tile/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a tile of the log of a zone's administrative records (C2SP tlog-tiles). */
        get: operations["record_tiles.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search a zone's chain, oldest first. */
        get: operations["events.search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/tail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Follow a zone's chain as server-sent events. */
        get: operations["events.tail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/audit/verify/{zone_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Recompute a zone's chain and tell what of it does not hold. */
        get: operations["chains.verify"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description One decision or outcome (the value of `data` on `caracal.audit.events`).
         *
         *     `occurred_at` travels with microseconds, so that it round-trips through the ledger unchanged.
         */
        AuditEvent: {
            /** @description `allow`, `deny`, or the state of an approval. */
            decision?: string;
            /** @description `[{"policy": "<name>"}]`. */
            determining_policies_json?: unknown;
            /** @description Diagnostics of the decision, such as `[{"reason": "…"}]`. */
            diagnostics_json?: unknown;
            /** @description `complete`, or the reason a request ended before policy. */
            evaluation_status?: string;
            /** @description For example `token_exchange`, `gateway_resource_request`, `replay_detected`. */
            event_type?: string;
            /** @description UUIDv7, the idempotency key of the ledger. */
            id: string;
            /** @description Manifest digest of that version. */
            manifest_sha?: string | null;
            /** @description What the decision was about. Never tokens, secrets or bodies. */
            metadata_json?: unknown;
            /** @description When it happened. */
            occurred_at: components["schemas"]["Timestamp"];
            /** @description Policy set in force. */
            policy_set_id?: string | null;
            /** @description Version of the policy set in force. */
            policy_set_version_id?: string | null;
            /** @description A [`DecisionRecord`], where policy was asked; kept as it was written. */
            record?: unknown;
            /** @description Correlates the events of one request. */
            request_id?: string;
            /** @description Zone whose chain it joins. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @description Something that does not hold. */
        ChainFault: {
            /**
             * Format: int64
             * @description Position in the chain.
             */
            chain_seq: number;
            /** @description Id of the event or record. */
            event_id: string;
            /** @description What does not hold. */
            kind: components["schemas"]["FaultKind"];
        };
        /** @description What verification of a chain found. */
        ChainReport: {
            /**
             * Format: int64
             * @description Entries of the chain, those among them that were deleted because their time was over.
             */
            entries: number;
            /**
             * Format: int64
             * @description Faults found.
             */
            fault_count: number;
            /** @description The first faults. */
            faults: components["schemas"]["ChainFault"][];
            /** @description Root of the log's tree, lower-case hex. */
            head: string;
            pruned?: components["schemas"]["Pruned"] | null;
            zone_id?: components["schemas"]["ZoneId"] | null;
        };
        /** @description That a tree is the beginning of another (RFC 9162, section 2.1.4). */
        ConsistencyProof: {
            /**
             * Format: int64
             * @description Size of the older one.
             */
            from: number;
            /** @description The proof, in base64. */
            hashes: string[];
            /**
             * Format: int64
             * @description Size of the newer one.
             */
            to: number;
        };
        /** @description An event that could not join the ledger, with the reason among its fields. */
        DeadLetterEntry: {
            /** @description What arrived, and why it was put aside. */
            fields: {
                [key: string]: string;
            };
            /** @description Id of the letter. */
            id: string;
            /** @description When it was put aside. */
            received_at: components["schemas"]["Timestamp"];
        };
        /** @description Events that could not join the ledger, oldest first. */
        DeadLetters: {
            /** @description The letters. */
            entries: components["schemas"]["DeadLetterEntry"][];
            /** @description What to send as `after` for the next page; empty at the end. */
            next_cursor: string;
        };
        /**
         * @description The code of an error answer: its member `error`, and what logs, metrics and evidence call it.
         *
         *     A code is never renamed and never means something else: published clients act on it.
         * @enum {string}
         */
        ErrorCode: "malformed_request" | "invalid_body" | "invalid_query" | "invalid_params" | "invalid_cursor" | "unauthorized" | "cross_site_request" | "route_not_found" | "zone_not_found" | "application_not_found" | "resource_not_found" | "reference_not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "rate_limited" | "request_header_fields_too_large" | "internal_error" | "storage_unavailable" | "audit_unavailable" | "too_many_connections" | "http_version_not_supported" | "invalid_request" | "invalid_grant" | "invalid_dpop_proof" | "use_dpop_nonce" | "invalid_scope" | "invalid_target" | "invalid_redirect_uri" | "invalid_client_metadata" | "invalid_token" | "unsupported_token_type" | "interaction_required" | "credential_expired_not_renewable" | "access_denied" | "zone_invalid" | "operation_not_permitted" | "approval_consumed" | "provider_rate_limited" | "http_request_failed" | "sts_unavailable" | "invalid_delegation_constraint" | "invalid_resources" | "invalid_max_depth" | "invalid_max_hops" | "invalid_budget" | "invalid_ttl_seconds" | "invalid_policy_approved" | "invalid_expires_at" | "invalid_broad_reason" | "self_delegation_denied" | "delegation_expired" | "delegation_expiry_required" | "delegation_resource_scope_mismatch" | "lease_generation_required" | "subject_session_id_required" | "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "missing_token" | "identity_revoked" | "invalid_subject_proof" | "authority_record_required" | "missing_scope" | "zone_mismatch" | "application_ownership_required" | "issuer_ownership_required" | "parent_ownership_required" | "coordinator_admin_required" | "subject_proof_required" | "subject_proof_application_mismatch" | "broad_delegation_permission_required" | "delegation_scopes_exceed_resource" | "delegation_exceeds_parent_authority" | "parent_delegation_not_active" | "session_not_found" | "agent_service_not_found" | "parent_not_found" | "delegation_not_found" | "delegation_endpoint_not_found" | "delegation_application_mismatch" | "delegation_cycle_denied" | "inherit_parent_edge_not_active" | "inherit_parent_edge_ambiguous" | "session_not_live" | "session_suspended" | "session_not_service" | "session_lease_fenced" | "session_lease_expired" | "session_subject_inactive" | "session_parent_not_active" | "session_not_found_or_not_active" | "session_not_found_or_not_suspended" | "task_session_cannot_start_service" | "dcr_application_already_bound" | "dcr_application_cannot_be_child" | "dcr_application_cannot_host_service" | "dcr_application_cannot_start_child" | "idempotency_key_conflict" | "idempotency_result_inactive" | "idempotency_receipt_limit_exceeded" | "session_limit_exceeded" | "session_zone_limit_exceeded" | "session_children_limit_exceeded" | "session_depth_limit_exceeded" | "revocation_state_unavailable" | "invalid_zone" | "invalid_application" | "invalid_resource" | "invalid_resource_identifier" | "invalid_provider" | "invalid_provider_identifier" | "invalid_provider_config" | "invalid_provider_connection" | "invalid_provider_oauth_authorize" | "invalid_issuer" | "provider_check_unsupported" | "resource_verification_unsupported" | "provider_connection_unsupported" | "oauth_state_expired" | "oauth_state_mismatch" | "oauth_issuer_mismatch" | "provider_oauth_denied" | "authorization_code_required" | "provider_token_endpoint_not_allowed" | "invalid_subject_revoke" | "invalid_admin_token_request" | "invalid_account" | "invalid_fields" | "no_fields" | "retention_above_limit" | "rate_limit_above_ceiling" | "zone_id_required" | "zone_id_not_allowed_for_global" | "dcr_shutdown_not_applicable" | "client_secret_not_configured" | "credential_provider_required" | "upstream_url_required" | "provider_config_required" | "operation_duplicate" | "operation_method_and_path_required" | "operation_method_unknown" | "operation_path_invalid" | "operation_path_must_be_absolute" | "operation_scope_not_in_resource_scopes" | "invalid_workload" | "invalid_credential_env" | "duplicate_credential_env" | "invalid_subject_issuer" | "invalid_zone_state" | "invalid_sink" | "invalid_sink_url" | "invalid_admin_token" | "invalid_account_assertion" | "invalid_passkey" | "sign_in_expired" | "sign_in_refused" | "account_role_forbidden" | "account_session_required" | "admin_token_read_only" | "admin_token_approve_only" | "reveal_capability_required" | "control_disabled" | "token_replay" | "denied" | "invalid" | "not_found" | "upstream" | "admin_token_zone_mismatch" | "approve_capability_required" | "trait_invalid" | "trait_duplicate" | "trait_forbidden" | "trait_count_exceeded" | "account_scope_required" | "system_zone_read_only" | "zone_forbidden" | "dcr_disabled" | "grant_scopes_exceed_resource" | "control_resource_not_grantable" | "oauth_initiator_mismatch" | "subject_approval_required" | "fresh_sign_in_required" | "passkey_not_allowed" | "not_invited" | "sign_in_way_not_configured" | "account_not_found" | "link_not_found" | "admin_token_not_found" | "approval_not_found" | "audit_hold_not_found" | "client_secret_not_stored" | "workload_not_found" | "workload_secret_not_stored" | "subject_issuer_not_found" | "grant_not_found" | "provider_not_found" | "provider_connection_not_found" | "policy_not_found" | "policy_version_not_found" | "policy_canary_not_found" | "policy_shadow_not_found" | "policy_set_not_found" | "policy_set_version_not_found" | "policy_set_binding_not_found" | "active_policy_set_version_not_found" | "version_not_found" | "subject_not_found" | "sink_not_found" | "delivery_not_found" | "request_not_found" | "approval_not_decidable" | "account_email_taken" | "last_owner" | "reserved_namespace" | "protected_resource" | "zone_state_inexpressible" | "zone_slug_conflict" | "application_name_taken" | "workload_name_taken" | "subject_issuer_exists" | "subject_issuer_limit_reached" | "sink_limit_reached" | "sink_paused" | "resource_identifier_conflict" | "resource_quota_exceeded" | "provider_identifier_conflict" | "policy_name_conflict" | "policy_set_name_conflict" | "dcr_shutdown_required" | "invalid_rego" | "invalid_policy_contract" | "invalid_policy_bundle" | "provider_check_failed" | "provider_discovery_failed" | "resource_check_failed" | "provider_test_rate_limited" | "provider_discovery_rate_limited" | "resource_test_rate_limited" | "dcr_limit_exceeded" | "dcr_rate_limit_exceeded" | "too_many_policy_checks" | "secret_backend_unavailable" | "provider_token_exchange_failed" | "provider_token_response_invalid" | "identity_provider_failed" | "identity_provider_unavailable" | "policy_verification_unavailable" | "overloaded" | "checkpoint_not_signed" | "log_unknown" | "entry_not_found" | "pack_too_large" | "checkpoint_inconsistent" | "evidence_contradicts" | "bus_unavailable";
        /** @description The receipt of one event. */
        EventReceipt: {
            /** @description Id of the event. */
            event_id: string;
            /** @description Its type. */
            event_type: string;
            /**
             * Format: int64
             * @description Where it stands in its log, from 0.
             */
            index: number;
            /** @description The receipt (C2SP tlog-proof). */
            receipt: string;
        };
        /** @description A page of a zone's chain, oldest first. */
        EventsFound: {
            /** @description What matched; fewer than `limit`, or none, where they are large or far apart. */
            events: components["schemas"]["LedgerRow"][];
            /** @description What to send as `cursor` for the next page; empty at the end of the chain. */
            next_cursor: string;
        };
        /** @enum {string} */
        FaultKind: "sequence_gap" | "unknown_hash_version" | "content_mismatch" | "copy_mismatch" | "broken_link" | "wrong_tile" | "wrong_link_key" | "wrong_head" | "wrong_head_key" | "wrong_prune_key" | "prune_differs" | "kept_head_differs" | "kept_head_missing" | "keeping_differs";
        /** @description That an entry is in a tree (RFC 9162, section 2.1.3). */
        InclusionProof: {
            /** @description The proof from the leaf up, in base64. */
            hashes: string[];
            /**
             * Format: int64
             * @description Its index, from 0.
             */
            index: number;
            /** @description Hash of its leaf, in base64. */
            leaf: string;
            /**
             * Format: int64
             * @description Size of the tree.
             */
            size: number;
        };
        /** @description An event with its place in the chain. */
        LedgerRow: {
            /** @description Always empty: what is keyed is the root of the tree. */
            chain_hmac: string;
            /**
             * Format: int64
             * @description Position in the zone's log, from 1: one more than its index.
             */
            chain_seq: number;
            /**
             * @description Content hash of the entry: the event as it arrived, where it stands, `ingested_at` and its producer's key;
             *     lower-case hex.
             */
            content_sha256: string;
            /** @description The event. */
            event: components["schemas"]["AuditEvent"];
            /** @description When the ledger took it. */
            ingested_at: components["schemas"]["Timestamp"];
            /** @description Always empty: entries are held together by their tree. */
            prev_content_sha256: string;
        };
        LetterPosition: string;
        /** @description What became of dead letters that were to be stored after all. */
        LettersReplayed: {
            /** @description In the ledger now. */
            replayed: number;
            /** @description Letters looked at. */
            scanned: number;
            /** @description Left, because they are forged, not whole, or still cannot be stored. */
            skipped: number;
        };
        /** @description The public keys of the deployment's logs. */
        LogKeyList: {
            /** @description Verifier keys (C2SP signed-note): those that sign, then those that signed before. */
            keys: string[];
            /** @description What the deployment calls itself. With a slash and the name of a log it is the log's origin. */
            origin: string;
        };
        /** @default 100 */
        PageLimit: number;
        /** @description An error answer of the Control API, the Coordinator and the Audit service. */
        Problem: Record<string, never> & {
            /** @description What was wrong, for a program: `issues` on every 400 that names fields, the rule and its limit on others. */
            details?: Record<string, never> | null;
            /** @description The code. As text, because a client may be older than the service that it asks. */
            error: components["schemas"]["ErrorCode"];
            /** @description For a person: what was wrong and what to do. */
            error_description?: string | null;
            /** @description What to name when asking an operator; the same as the header `X-Request-Id`. */
            requestId?: string;
            /** @description The same again, for clients that read this name. */
            request_id?: string;
        };
        /** @description Entries at the beginning of a chain that were deleted because their time was over. */
        Pruned: {
            /** @description When it was deleted. */
            at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Position of the last of them.
             */
            up_to: number;
        };
        /** @description Receipts of the events of a request, in the order of the log. */
        Receipts: {
            /** @description Whether these are all; where not, ask for the others by event. */
            complete: boolean;
            /** @description The receipts. */
            receipts: components["schemas"]["EventReceipt"][];
        };
        /** Format: date-time */
        Timestamp: string;
        ZoneId: string;
    };
    responses: {
        /** @description The caller may not do this, or not here. */
        AccountRoleForbiddenOrZoneForbidden403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_role_forbidden" | "zone_forbidden";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        BusUnavailableOrStorageUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "bus_unavailable" | "storage_unavailable";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        Conflict409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        EntryNotFoundOrLogUnknown404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "entry_not_found" | "log_unknown";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        EntryNotFoundOrLogUnknownOrRouteNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "entry_not_found" | "log_unknown" | "route_not_found";
                };
            };
        };
        /** @description Internal Server Error */
        EvidenceContradicts500: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "evidence_contradicts";
                };
            };
        };
        /** @description Internal Server Error */
        EvidenceContradictsOrInternalError500: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "evidence_contradicts" | "internal_error";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParams400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidParamsOrInvalidQueryOrPackTooLarge400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_params" | "invalid_query" | "pack_too_large";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_query";
                };
            };
        };
        /** @description Refused for a reason that has nothing to do with the route. */
        Otherwise: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is larger than the route reads. */
        PayloadTooLarge413: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "payload_too_large";
                };
            };
        };
        /** @description It is not what `If-Match` says any more, or has no version that it could name. */
        PreconditionFailed412: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "precondition_failed";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        RateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "rate_limited";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ReferenceNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        StorageUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "storage_unavailable";
                };
            };
        };
        /** @description Who calls is not proved. */
        Unauthorized401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "unauthorized";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "zone_not_found";
                };
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "deployment_checkpoints.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "deployment_consistency.prove": {
        parameters: {
            query: {
                from: number;
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsistencyProof"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "deployment_inclusion.prove": {
        parameters: {
            query: {
                index: number;
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InclusionProof"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "deployment_prunes.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "deployment_receipts.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                chain_seq: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "deployment_tiles.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknownOrRouteNotFound404"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "dead_letters.list": {
        parameters: {
            query?: {
                after?: components["schemas"]["LetterPosition"];
                limit?: components["schemas"]["PageLimit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetters"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["BusUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "dead_letters.replay": {
        parameters: {
            query?: {
                after?: components["schemas"]["LetterPosition"];
                limit?: components["schemas"]["PageLimit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LettersReplayed"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["ReferenceNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["BusUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "log_keys.list": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogKeyList"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            403: components["responses"]["AccountRoleForbiddenOrZoneForbidden403"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "checkpoints.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "consistency.prove": {
        parameters: {
            query: {
                from: number;
                to?: number;
            };
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsistencyProof"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "inclusion.prove": {
        parameters: {
            query: {
                index: number;
                size?: number;
            };
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InclusionProof"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "packs.make": {
        parameters: {
            query?: {
                authority_record_id?: string;
                session_id?: string;
                since?: components["schemas"]["Timestamp"];
                until?: components["schemas"]["Timestamp"];
            };
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-tar": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQueryOrPackTooLarge400"];
            401: components["responses"]["Unauthorized401"];
            403: components["responses"]["AccountRoleForbiddenOrZoneForbidden403"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradictsOrInternalError500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "prunes.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "receipts.list": {
        parameters: {
            query: {
                request_id: string;
            };
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipts"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            403: components["responses"]["AccountRoleForbiddenOrZoneForbidden403"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "receipts.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone_id: string;
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            403: components["responses"]["AccountRoleForbiddenOrZoneForbidden403"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "tiles.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone_id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknownOrRouteNotFound404"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "record_checkpoints.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "record_consistency.prove": {
        parameters: {
            query: {
                from: number;
                to?: number;
            };
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConsistencyProof"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "record_inclusion.prove": {
        parameters: {
            query: {
                index: number;
                size?: number;
            };
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InclusionProof"];
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "record_prunes.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "record_receipts.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone_id: string;
                chain_seq: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknown404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "record_tiles.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone_id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["InvalidParamsOrInvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["EntryNotFoundOrLogUnknownOrRouteNotFound404"];
            500: components["responses"]["EvidenceContradicts500"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "events.search": {
        parameters: {
            query: {
                cursor?: number;
                decision?: string;
                limit?: components["schemas"]["PageLimit"];
                request_id?: string;
                since?: components["schemas"]["Timestamp"];
                until?: components["schemas"]["Timestamp"];
                zone_id: components["schemas"]["ZoneId"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventsFound"];
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "events.tail": {
        parameters: {
            query: {
                cursor?: number;
                decision?: string;
                request_id?: string;
                since?: components["schemas"]["Timestamp"];
                until?: components["schemas"]["Timestamp"];
                zone_id: components["schemas"]["ZoneId"];
            };
            header?: {
                /** @description The id of the last event that was seen: the stream goes on behind it. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["InvalidQuery400"];
            401: components["responses"]["Unauthorized401"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "chains.verify": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChainReport"];
                };
            };
            400: components["responses"]["InvalidParams400"];
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["StorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
}
