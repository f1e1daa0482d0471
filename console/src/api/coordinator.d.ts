// Made by `npm run types` out of docs/openapi/coordinator.json.
export interface paths {
    "/zones/{zone}/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List sessions. */
        get: operations["session.list"];
        put?: never;
        /** Start a session. */
        post: operations["session.start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/agents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a session. */
        get: operations["session.get"];
        put?: never;
        post?: never;
        /** End a session and everything below it. */
        delete: operations["session.end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/agents/{id}/children": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the direct children of a session. */
        get: operations["session.children"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/agents/{id}/effective-authority": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell what a session holds by delegation. */
        get: operations["session.effective_authority"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/agents/{id}/heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Renew the lease of a service. */
        post: operations["session.heartbeat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/agents/{id}/lease": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take over a service. */
        post: operations["session.lease"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/agents/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Let a paused session and its descendants go on. */
        patch: operations["session.resume"];
        trace?: never;
    };
    "/zones/{zone}/agents/{id}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Pause a session and its descendants. */
        patch: operations["session.suspend"];
        trace?: never;
    };
    "/zones/{zone}/delegations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Hand authority from one session to another. */
        post: operations["delegation.create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/delegations/active": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List live delegations. */
        get: operations["delegation.active"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/delegations/inbound/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what a session received. */
        get: operations["delegation.inbound"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/delegations/inbound/{session}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether a session holds a delegation now. */
        get: operations["delegation.inbound_one"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/delegations/outbound/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List what a session handed on. */
        get: operations["delegation.outbound"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/delegations/{id}/impact": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell what revoking a delegation would reach. */
        get: operations["delegation.impact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/zones/{zone}/delegations/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Take a delegation back, with everything narrowed from it. */
        patch: operations["delegation.revoke"];
        trace?: never;
    };
    "/zones/{zone}/delegations/{id}/traverse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List a delegation and everything narrowed from it. */
        get: operations["delegation.traverse"];
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
        /** @description A live delegation as listed. */
        ActiveDelegation: components["schemas"]["DelegationItem"] & {
            /** @description Why it has no resource bound. */
            broad_reason?: string | null;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        ActiveDelegationListing: {
            items: components["schemas"]["ActiveDelegation"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /**
         * @description What let a delegation through.
         * @enum {string}
         */
        AllowReason: "same_zone_endpoints_active" | "resource_scope_checked" | "broad_delegation_elevated" | "parent_authority_narrowed" | "source_authority_root" | "typed_constraints_validated";
        ApplicationId: string;
        AuthorityRecordId: string;
        /** @description What a delegation allows beyond its scopes. A closed object: an unknown member is refused. */
        Constraints: {
            /** @description Why there is no resource bound; evidence only. */
            broad_reason?: string | null;
            /**
             * Format: int32
             * @description Most scopes a descendant may carry, 1 to 64.
             */
            budget?: number | null;
            expires_at?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int32
             * @description Alias of `max_hops`.
             */
            max_depth?: number | null;
            /**
             * Format: int32
             * @description Hops that may still follow this delegation plus itself: 1 means it cannot be handed on. Default 1.
             */
            max_hops?: number | null;
            /** @description Set by an administrator for a delegation without a resource bound; evidence only. */
            policy_approved?: boolean | null;
            /** @description Only these resources, by identifier; empty means no such bound. */
            resources?: string[];
            /**
             * Format: int32
             * @description Longest mandate lifetime, 1 to 86,400 seconds.
             */
            ttl_seconds?: number | null;
        };
        /** @description Body of a delegation. Unknown members are ignored, except inside the constraints. */
        CreateDelegation: {
            constraints?: components["schemas"]["Constraints"] | null;
            constraints_json?: components["schemas"]["Constraints"] | null;
            expires_at?: components["schemas"]["Timestamp"] | null;
            /** @description Application of the source. */
            issuer_application_id: components["schemas"]["ApplicationId"];
            parent_edge_id?: components["schemas"]["DelegationId"] | null;
            /** @description Application of the target. */
            receiver_application_id: components["schemas"]["ApplicationId"];
            /** @description The one resource it is for, by row or identifier. */
            resource_id?: string | null;
            /** @description Scopes handed on: at most 256. */
            scopes?: string[];
            /** @description Session that hands on. */
            source_session_id: components["schemas"]["SessionId"];
            /** @description Session that receives. */
            target_session_id: components["schemas"]["SessionId"];
            /**
             * Format: int32
             * @description End, counted from now: 1 to 86,400.
             */
            ttl_seconds?: number | null;
        };
        /** @description What a delegation allows, over its whole lineage. */
        DelegatedAuthority: {
            /** @description Whether it names no resource. */
            broad: boolean;
            /** @description End. */
            expires_at: components["schemas"]["Timestamp"];
            /**
             * Format: int32
             * @description Hops that may still follow, itself included.
             */
            max_hops: number;
            parent_edge_id?: components["schemas"]["DelegationId"] | null;
            /** @description The delegations it was narrowed against. */
            parent_edges_considered: components["schemas"]["DelegationId"][];
            resource_id?: components["schemas"]["ResourceId"] | null;
            /** @description Identifiers of the resources it is bound to; empty when to none. */
            resources: string[];
            /** @description Scopes. */
            scopes: components["schemas"]["ScopeSet"];
            /** @description Session that hands on. */
            source_session_id: components["schemas"]["SessionId"];
            /** @description Session that receives. */
            target_session_id: components["schemas"]["SessionId"];
            /**
             * Format: int32
             * @description Longest lifetime of mandates.
             */
            ttl_seconds?: number | null;
        };
        /** @description A delegation as just made. */
        DelegationCreated: components["schemas"]["DelegationState"] & {
            /** @description What let it through. */
            allow_reason: components["schemas"]["AllowReason"][];
            /** @description Id. */
            delegation_edge_id: components["schemas"]["DelegationId"];
            /** @description What it allows, over its whole lineage. */
            effective_authority: components["schemas"]["DelegatedAuthority"];
            /** @description What the caller should know. */
            warnings: components["schemas"]["Warning"][];
        };
        DelegationId: string;
        /** @description A delegation as read and listed. */
        DelegationItem: components["schemas"]["DelegationState"] & {
            /** @description Id. */
            id: components["schemas"]["DelegationId"];
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        DelegationItemListing: {
            items: components["schemas"]["DelegationItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A delegation in the graph below another. */
        DelegationNode: {
            /**
             * Format: int32
             * @description Steps below the one asked about, which is at 0.
             */
            depth: number;
            /** @description Id. */
            id: components["schemas"]["DelegationId"];
            parent_edge_id?: components["schemas"]["DelegationId"] | null;
            /** @description Session that hands on. */
            source_session_id: components["schemas"]["SessionId"];
            /** @description State. */
            status: components["schemas"]["DelegationStatus"];
            /** @description Session that receives. */
            target_session_id: components["schemas"]["SessionId"];
        };
        /** @description Answer to a revocation. */
        DelegationRevoked: {
            /** @description Sessions that held them. */
            affected_sessions: number;
            /** @description Delegations revoked, the one asked for included. */
            revoked_edges: number;
            /** @description Sessions that ended with them. */
            terminated_sessions: number;
        };
        /** @description What every answer about a delegation holds, but its id. */
        DelegationState: {
            /** @description Further bounds. */
            constraints_json: components["schemas"]["Constraints"];
            /** @description Creation. */
            created_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description Grows with each change of state.
             */
            edge_version: number;
            /** @description End. */
            expires_at: components["schemas"]["Timestamp"];
            /** @description Application of the source. */
            issuer_application_id: components["schemas"]["ApplicationId"];
            parent_edge_id?: components["schemas"]["DelegationId"] | null;
            /** @description Application of the target. */
            receiver_application_id: components["schemas"]["ApplicationId"];
            /**
             * Format: int32
             * @description Hops that may still follow, itself included.
             */
            remaining_hops: number;
            resource_id?: components["schemas"]["ResourceId"] | null;
            revoked_at?: components["schemas"]["Timestamp"] | null;
            /** @description Scopes handed on. */
            scopes: components["schemas"]["ScopeSet"];
            /** @description Session that hands on. */
            source_session_id: components["schemas"]["SessionId"];
            /** @description State. */
            status: components["schemas"]["DelegationStatus"];
            /** @description Session that receives. */
            target_session_id: components["schemas"]["SessionId"];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @enum {string} */
        DelegationStatus: "active" | "revoked" | "expired";
        /** @description What a session holds by delegation, over whole lineages. */
        EffectiveAuthority: {
            /** @description The session. */
            agent_session_id: components["schemas"]["SessionId"];
            earliest_expires_at?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int32
             * @description Fewest hops left in any of them.
             */
            effective_max_hops: number;
            /** @description Whether every one of them names resources. */
            effective_resource_constrained: boolean;
            /** @description The same by row. */
            effective_resource_ids: components["schemas"]["ResourceId"][];
            /** @description Identifiers of the resources that any of them names, sorted. */
            effective_resources: string[];
            /** @description Scopes that all of them allow. */
            effective_scopes: components["schemas"]["ScopeSet"];
            /**
             * Format: int32
             * @description Shortest lifetime of mandates in any of them.
             */
            effective_ttl_seconds?: number | null;
            /** @description The live delegations that it received. */
            inbound_edges: components["schemas"]["DelegationItem"][];
        };
        /** @description Body of a session's end, which tasks leave out. */
        EndSession: {
            /**
             * Format: int64
             * @description The lease that the caller holds.
             */
            lease_generation?: number | null;
        };
        /**
         * @description The code of an error answer: its member `error`, and what logs, metrics and evidence call it.
         *
         *     A code is never renamed and never means something else: published clients act on it.
         * @enum {string}
         */
        ErrorCode: "malformed_request" | "invalid_body" | "invalid_query" | "invalid_params" | "invalid_cursor" | "unauthorized" | "cross_site_request" | "route_not_found" | "zone_not_found" | "application_not_found" | "resource_not_found" | "reference_not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "rate_limited" | "request_header_fields_too_large" | "internal_error" | "storage_unavailable" | "audit_unavailable" | "too_many_connections" | "http_version_not_supported" | "invalid_request" | "invalid_grant" | "invalid_dpop_proof" | "use_dpop_nonce" | "invalid_scope" | "invalid_target" | "invalid_redirect_uri" | "invalid_client_metadata" | "invalid_token" | "unsupported_token_type" | "interaction_required" | "credential_expired_not_renewable" | "access_denied" | "zone_invalid" | "operation_not_permitted" | "approval_consumed" | "provider_rate_limited" | "http_request_failed" | "sts_unavailable" | "invalid_delegation_constraint" | "invalid_resources" | "invalid_max_depth" | "invalid_max_hops" | "invalid_budget" | "invalid_ttl_seconds" | "invalid_policy_approved" | "invalid_expires_at" | "invalid_broad_reason" | "self_delegation_denied" | "delegation_expired" | "delegation_expiry_required" | "delegation_resource_scope_mismatch" | "lease_generation_required" | "subject_session_id_required" | "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "missing_token" | "identity_revoked" | "invalid_subject_proof" | "authority_record_required" | "missing_scope" | "zone_mismatch" | "application_ownership_required" | "issuer_ownership_required" | "parent_ownership_required" | "coordinator_admin_required" | "subject_proof_required" | "subject_proof_application_mismatch" | "broad_delegation_permission_required" | "delegation_scopes_exceed_resource" | "delegation_exceeds_parent_authority" | "parent_delegation_not_active" | "session_not_found" | "agent_service_not_found" | "parent_not_found" | "delegation_not_found" | "delegation_endpoint_not_found" | "delegation_application_mismatch" | "delegation_cycle_denied" | "inherit_parent_edge_not_active" | "inherit_parent_edge_ambiguous" | "session_not_live" | "session_suspended" | "session_not_service" | "session_lease_fenced" | "session_lease_expired" | "session_subject_inactive" | "session_parent_not_active" | "session_not_found_or_not_active" | "session_not_found_or_not_suspended" | "task_session_cannot_start_service" | "dcr_application_already_bound" | "dcr_application_cannot_be_child" | "dcr_application_cannot_host_service" | "dcr_application_cannot_start_child" | "idempotency_key_conflict" | "idempotency_result_inactive" | "idempotency_receipt_limit_exceeded" | "session_limit_exceeded" | "session_zone_limit_exceeded" | "session_children_limit_exceeded" | "session_depth_limit_exceeded" | "revocation_state_unavailable" | "invalid_zone" | "invalid_application" | "invalid_resource" | "invalid_resource_identifier" | "invalid_provider" | "invalid_provider_identifier" | "invalid_provider_config" | "invalid_provider_connection" | "invalid_provider_oauth_authorize" | "invalid_issuer" | "provider_check_unsupported" | "resource_verification_unsupported" | "provider_connection_unsupported" | "oauth_state_expired" | "oauth_state_mismatch" | "oauth_issuer_mismatch" | "provider_oauth_denied" | "authorization_code_required" | "provider_token_endpoint_not_allowed" | "invalid_subject_revoke" | "invalid_admin_token_request" | "invalid_account" | "invalid_fields" | "no_fields" | "retention_above_limit" | "rate_limit_above_ceiling" | "zone_id_required" | "zone_id_not_allowed_for_global" | "dcr_shutdown_not_applicable" | "client_secret_not_configured" | "credential_provider_required" | "upstream_url_required" | "provider_config_required" | "operation_duplicate" | "operation_method_and_path_required" | "operation_method_unknown" | "operation_path_invalid" | "operation_path_must_be_absolute" | "operation_scope_not_in_resource_scopes" | "invalid_workload" | "invalid_credential_env" | "duplicate_credential_env" | "invalid_subject_issuer" | "invalid_zone_state" | "invalid_sink" | "invalid_sink_url" | "invalid_admin_token" | "invalid_account_assertion" | "invalid_passkey" | "sign_in_expired" | "sign_in_refused" | "account_role_forbidden" | "account_session_required" | "admin_token_read_only" | "admin_token_approve_only" | "reveal_capability_required" | "control_disabled" | "token_replay" | "denied" | "invalid" | "not_found" | "upstream" | "admin_token_zone_mismatch" | "approve_capability_required" | "trait_invalid" | "trait_duplicate" | "trait_forbidden" | "trait_count_exceeded" | "account_scope_required" | "system_zone_read_only" | "zone_forbidden" | "dcr_disabled" | "grant_scopes_exceed_resource" | "control_resource_not_grantable" | "oauth_initiator_mismatch" | "subject_approval_required" | "fresh_sign_in_required" | "passkey_not_allowed" | "not_invited" | "sign_in_way_not_configured" | "account_not_found" | "link_not_found" | "admin_token_not_found" | "approval_not_found" | "audit_hold_not_found" | "client_secret_not_stored" | "workload_not_found" | "workload_secret_not_stored" | "subject_issuer_not_found" | "grant_not_found" | "provider_not_found" | "provider_connection_not_found" | "policy_not_found" | "policy_version_not_found" | "policy_canary_not_found" | "policy_shadow_not_found" | "policy_set_not_found" | "policy_set_version_not_found" | "policy_set_binding_not_found" | "active_policy_set_version_not_found" | "version_not_found" | "subject_not_found" | "sink_not_found" | "delivery_not_found" | "request_not_found" | "approval_not_decidable" | "account_email_taken" | "last_owner" | "reserved_namespace" | "protected_resource" | "zone_state_inexpressible" | "zone_slug_conflict" | "application_name_taken" | "workload_name_taken" | "subject_issuer_exists" | "subject_issuer_limit_reached" | "sink_limit_reached" | "sink_paused" | "resource_identifier_conflict" | "resource_quota_exceeded" | "provider_identifier_conflict" | "policy_name_conflict" | "policy_set_name_conflict" | "dcr_shutdown_required" | "invalid_rego" | "invalid_policy_contract" | "invalid_policy_bundle" | "provider_check_failed" | "provider_discovery_failed" | "resource_check_failed" | "provider_test_rate_limited" | "provider_discovery_rate_limited" | "resource_test_rate_limited" | "dcr_limit_exceeded" | "dcr_rate_limit_exceeded" | "too_many_policy_checks" | "secret_backend_unavailable" | "provider_token_exchange_failed" | "provider_token_response_invalid" | "identity_provider_failed" | "identity_provider_unavailable" | "policy_verification_unavailable" | "overloaded" | "checkpoint_not_signed" | "log_unknown" | "entry_not_found" | "pack_too_large" | "checkpoint_inconsistent" | "evidence_contradicts" | "bus_unavailable";
        /** @description Body of a heartbeat. */
        Heartbeat: {
            /**
             * Format: int64
             * @description Echoed.
             */
            active_invocations?: number | null;
            /**
             * Format: int64
             * @description The lease that the caller holds.
             */
            lease_generation: number;
            /** @description Id of a service that is registered by itself; there are none. */
            service_id?: string | null;
            status?: components["schemas"]["ServiceHealth"] | null;
        };
        /** @description Answer to a heartbeat. */
        HeartbeatNoted: {
            /**
             * Format: int64
             * @description As sent, else 0.
             */
            active_invocations: number;
            /** @description The session. */
            agent: components["schemas"]["LeasedSession"];
            /** @description Always null: services are sessions. */
            service?: string | null;
        };
        JsonObject: Record<string, never>;
        /** @description A lease as just taken over. */
        LeaseTaken: {
            /** @description End of the lease. */
            heartbeat_deadline_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description What the holder names from now on.
             */
            lease_generation: number;
            /** @description State of the session. */
            status: components["schemas"]["SessionStatus"];
        };
        /** @description A session whose lease was renewed. */
        LeasedSession: {
            /** @description Whose run it is. */
            application_id: components["schemas"]["ApplicationId"];
            /** @description End of the lease. */
            heartbeat_deadline_at: components["schemas"]["Timestamp"];
            /** @description Id. */
            id: components["schemas"]["SessionId"];
            /** @description Last sign of life. */
            last_active_at: components["schemas"]["Timestamp"];
            /** @description This heartbeat. */
            last_heartbeat_at: components["schemas"]["Timestamp"];
            /**
             * Format: int64
             * @description The lease.
             */
            lease_generation: number;
            /** @description State. */
            status: components["schemas"]["SessionStatus"];
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @enum {string} */
        Lifecycle: "task" | "service";
        /** @description How many there are on all pages. */
        ListTotal: {
            /**
             * Format: int64
             * @description At most 10,000, and where a count would have to read too much, as many as were read.
             */
            count: number;
            /** @description Whether there are no more. */
            exact: boolean;
        };
        /**
         * @description Whether a child continues its parent's delegation.
         * @enum {string}
         */
        ParentAuthority: "inherit" | "none";
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
        ResourceId: string;
        /** @description Answer to a resumption. */
        Resumed: {
            /** @description Sessions that go on, the one asked for included. */
            resumed: number;
        };
        /** @description What revoking a delegation would reach. */
        RevocationImpact: {
            /** @description The same, for clients that read this name. */
            affected_agents: components["schemas"]["SessionId"][];
            /** @description The records of those sessions. */
            affected_authority_records: components["schemas"]["AuthorityRecordId"][];
            /** @description It and the live ones below it, nearest first, at most 5,000. */
            affected_edges: components["schemas"]["DelegationNode"][];
            /** @description The sessions that hold them. */
            affected_sessions: components["schemas"]["SessionId"][];
            /**
             * Format: int64
             * @description How many there are.
             */
            affected_total: number;
            /** @description The delegation. */
            edge_id: components["schemas"]["DelegationId"];
        };
        /** @description Options of a revocation, as query or as body. */
        RevokeDelegation: {
            /** @description Whether the sessions that received the authority end, too. */
            terminate_target?: boolean | null;
        };
        ScopeSet: string[];
        /**
         * @description How a service says it is; not kept.
         * @enum {string}
         */
        ServiceHealth: "starting" | "healthy" | "degraded" | "unhealthy";
        SessionId: string;
        /** @description A session as read and listed: also what its owner said about it, and how it ended. */
        SessionItem: components["schemas"]["SessionState"] & {
            /** @description What the application said about it. */
            metadata: components["schemas"]["JsonObject"];
            terminated_at?: components["schemas"]["Timestamp"] | null;
            /** @description Why it ended. */
            termination_reason?: string | null;
        };
        /** @description One page, newest first unless it was asked for otherwise. */
        SessionItemListing: {
            items: components["schemas"]["SessionItem"][];
            /** @description What to send as `cursor` for the next page; null on the last one. */
            next_cursor: string | null;
            total?: components["schemas"]["ListTotal"];
        };
        /** @description A session as just started. */
        SessionStarted: components["schemas"]["SessionState"] & {
            delegation_edge_id?: components["schemas"]["DelegationId"] | null;
            /** @description What the caller should know. */
            warnings: components["schemas"]["Warning"][];
        };
        /** @description What every answer about a session holds. */
        SessionState: {
            /** @description Id. */
            agent_session_id: components["schemas"]["SessionId"];
            /** @description Whose run it is. */
            application_id: components["schemas"]["ApplicationId"];
            /**
             * Format: int32
             * @description 0 for a root.
             */
            depth: number;
            heartbeat_deadline_at?: components["schemas"]["Timestamp"] | null;
            /** @description Labels that policy reads. */
            labels: string[];
            last_heartbeat_at?: components["schemas"]["Timestamp"] | null;
            /**
             * Format: int64
             * @description Fencing generation of a service's lease; 0 for a task.
             */
            lease_generation: number;
            /** @description Task or service. */
            lifecycle: components["schemas"]["Lifecycle"];
            parent_id?: components["schemas"]["SessionId"] | null;
            /** @description Start. */
            started_at: components["schemas"]["Timestamp"];
            /** @description State. */
            status: components["schemas"]["SessionStatus"];
            /** @description Authority record it is anchored on. */
            subject_authority_record_id: components["schemas"]["AuthorityRecordId"];
            /**
             * Format: int32
             * @description Time to live of a task.
             */
            ttl_seconds?: number | null;
            /** @description Zone. */
            zone_id: components["schemas"]["ZoneId"];
        };
        /** @enum {string} */
        SessionStatus: "active" | "suspended" | "terminated" | "expired";
        /** @description Body of a session start. Unknown members are ignored. */
        StartSession: {
            /** @description Whose run it is. */
            application_id: components["schemas"]["ApplicationId"];
            inherit_parent_edge_id?: components["schemas"]["DelegationId"] | null;
            /** @description Labels that policy reads: at most 32, of 1 to 64 characters. */
            labels?: string[] | null;
            lifecycle?: components["schemas"]["Lifecycle"] | null;
            metadata?: components["schemas"]["JsonObject"] | null;
            parent_authority?: components["schemas"]["ParentAuthority"] | null;
            parent_id?: components["schemas"]["SessionId"] | null;
            subject_session_id?: components["schemas"]["AuthorityRecordId"] | null;
            /** @description Proof of a person's record. */
            subject_token?: string | null;
            /**
             * Format: int32
             * @description Of a task: 1 to 86,400; 3,600 when absent.
             */
            ttl_seconds?: number | null;
        };
        /** @description Answer to a suspension. */
        Suspended: {
            /** @description Sessions paused, the one asked for included. */
            suspended: number;
        };
        /** Format: date-time */
        Timestamp: string;
        /**
         * @description Something the caller should know about what it got.
         * @enum {string}
         */
        Warning: "ttl_clamped_to_parent" | "expiry_clamped_to_parent" | "expiry_clamped_to_platform_limit" | "empty_scopes_carry_no_authority" | "resource_null_delegation_broadens_resource_matching";
        ZoneId: string;
    };
    responses: {
        /** @description The caller may not do this, or not here. */
        AccountRoleForbiddenOrApplicationOwnershipRequiredOrMissingScopeOrZoneForbiddenOrZoneMismatch403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_role_forbidden" | "application_ownership_required" | "missing_scope" | "zone_forbidden" | "zone_mismatch";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AccountRoleForbiddenOrCoordinatorAdminRequiredOrMissingScopeOrZoneForbiddenOrZoneMismatch403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_role_forbidden" | "coordinator_admin_required" | "missing_scope" | "zone_forbidden" | "zone_mismatch";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        AccountRoleForbiddenOrMissingScopeOrZoneForbiddenOrZoneMismatch403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_role_forbidden" | "missing_scope" | "zone_forbidden" | "zone_mismatch";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        AgentServiceNotFoundOrReferenceNotFoundOrSessionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "agent_service_not_found" | "reference_not_found" | "session_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        ApplicationNotFoundOrParentNotFoundOrReferenceNotFoundOrSessionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "application_not_found" | "parent_not_found" | "reference_not_found" | "session_not_found" | "zone_not_found";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        AuditUnavailableOrRevocationStateUnavailableOrStorageUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "audit_unavailable" | "revocation_state_unavailable" | "storage_unavailable";
                };
            };
        };
        /** @description Who calls is not proved. */
        AuthorityRecordRequiredOrIdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "authority_record_required" | "identity_revoked" | "invalid_dpop_proof" | "invalid_token" | "missing_token";
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
        /** @description The state of things does not allow it now. */
        ConflictOrDelegationApplicationMismatchOrDelegationCycleDeniedOrIdempotencyKeyConflictOrIdempotencyResultInactive409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "delegation_application_mismatch" | "delegation_cycle_denied" | "idempotency_key_conflict" | "idempotency_result_inactive";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrSessionLeaseFenced409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "session_lease_fenced";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrSessionNotFoundOrNotActive409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "session_not_found_or_not_active";
                };
            };
        };
        /** @description The state of things does not allow it now. */
        ConflictOrSessionNotFoundOrNotSuspendedOrSessionNotLiveOrSessionParentNotActiveOrSessionSubjectInactive409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "conflict" | "session_not_found_or_not_suspended" | "session_not_live" | "session_parent_not_active" | "session_subject_inactive";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        DelegationEndpointNotFoundOrReferenceNotFoundOrResourceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "delegation_endpoint_not_found" | "reference_not_found" | "resource_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        DelegationNotFoundOrReferenceNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "delegation_not_found" | "reference_not_found" | "zone_not_found";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        DelegationNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "delegation_not_found" | "zone_not_found";
                };
            };
        };
        /** @description The caller asks too often, or has as much as it may have. */
        IdempotencyReceiptLimitExceededOrRateLimited429: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "idempotency_receipt_limit_exceeded" | "rate_limited";
                };
            };
        };
        /** @description Who calls is not proved. */
        IdentityRevokedOrInvalidDpopProofOrInvalidSubjectProofOrInvalidTokenOrMissingToken401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "identity_revoked" | "invalid_dpop_proof" | "invalid_subject_proof" | "invalid_token" | "missing_token";
                };
            };
        };
        /** @description Who calls is not proved. */
        IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "identity_revoked" | "invalid_dpop_proof" | "invalid_token" | "missing_token";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidParams400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_params";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_params" | "invalid_query";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidBodyOrInvalidParamsOrInvalidQueryOrLeaseGenerationRequired400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_body" | "invalid_params" | "invalid_query" | "lease_generation_required";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidCursorOrInvalidParamsOrInvalidQuery400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_cursor" | "invalid_params" | "invalid_query";
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
        ReferenceNotFoundOrSessionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "reference_not_found" | "session_not_found" | "zone_not_found";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        RevocationStateUnavailableOrStorageUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "revocation_state_unavailable" | "storage_unavailable";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        SessionNotFoundOrZoneNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "session_not_found" | "zone_not_found";
                };
            };
        };
        /** @description The body is of another media type than the route reads. */
        UnsupportedMediaType415: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "unsupported_media_type";
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
    "session.list": {
        parameters: {
            query?: {
                application_id?: components["schemas"]["ApplicationId"];
                label?: string;
                lifecycle?: components["schemas"]["Lifecycle"];
                status?: components["schemas"]["SessionStatus"];
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                zone: string;
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
                    "application/json": components["schemas"]["SessionItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.start": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zone: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartSession"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionStarted"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_params" | "subject_session_id_required";
                    };
                };
            };
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidSubjectProofOrInvalidTokenOrMissingToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "application_ownership_required" | "delegation_exceeds_parent_authority" | "missing_scope" | "parent_delegation_not_active" | "parent_ownership_required" | "subject_proof_application_mismatch" | "subject_proof_required" | "zone_forbidden" | "zone_mismatch";
                    };
                };
            };
            404: components["responses"]["ApplicationNotFoundOrParentNotFoundOrReferenceNotFoundOrSessionNotFoundOrZoneNotFound404"];
            /** @description The state of things does not allow it now. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "conflict" | "dcr_application_already_bound" | "dcr_application_cannot_be_child" | "dcr_application_cannot_host_service" | "dcr_application_cannot_start_child" | "idempotency_key_conflict" | "idempotency_result_inactive" | "inherit_parent_edge_ambiguous" | "inherit_parent_edge_not_active" | "task_session_cannot_start_service";
                    };
                };
            };
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            /** @description The caller asks too often, or has as much as it may have. */
            429: {
                headers: {
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "idempotency_receipt_limit_exceeded" | "rate_limited" | "session_children_limit_exceeded" | "session_depth_limit_exceeded" | "session_limit_exceeded" | "session_zone_limit_exceeded";
                    };
                };
            };
            503: components["responses"]["AuditUnavailableOrRevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone: string;
                id: string;
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
                    "application/json": components["schemas"]["SessionItem"];
                };
            };
            400: components["responses"]["InvalidParams400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["SessionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.end": {
        parameters: {
            query?: {
                reason?: string;
            };
            header?: never;
            path: {
                zone: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": null | components["schemas"]["EndSession"];
            };
        };
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQueryOrLeaseGenerationRequired400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrApplicationOwnershipRequiredOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["ReferenceNotFoundOrSessionNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrSessionLeaseFenced409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["AuditUnavailableOrRevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.children": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                zone: string;
                id: string;
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
                    "application/json": components["schemas"]["SessionItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.effective_authority": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone: string;
                id: string;
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
                    "application/json": components["schemas"]["EffectiveAuthority"];
                };
            };
            400: components["responses"]["InvalidParams400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["SessionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.heartbeat": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Heartbeat"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeartbeatNoted"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParams400"];
            401: components["responses"]["AuthorityRecordRequiredOrIdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrApplicationOwnershipRequiredOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["AgentServiceNotFoundOrReferenceNotFoundOrSessionNotFoundOrZoneNotFound404"];
            /** @description The state of things does not allow it now. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "conflict" | "session_lease_expired" | "session_lease_fenced" | "session_not_live" | "session_not_service" | "session_subject_inactive";
                    };
                };
            };
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.lease": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone: string;
                id: string;
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
                    "application/json": components["schemas"]["LeaseTaken"];
                };
            };
            400: components["responses"]["InvalidParams400"];
            401: components["responses"]["AuthorityRecordRequiredOrIdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrApplicationOwnershipRequiredOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["ReferenceNotFoundOrSessionNotFoundOrZoneNotFound404"];
            /** @description The state of things does not allow it now. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "conflict" | "session_lease_expired" | "session_lease_fenced" | "session_not_live" | "session_not_service" | "session_subject_inactive" | "session_suspended";
                    };
                };
            };
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.resume": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone: string;
                id: string;
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
                    "application/json": components["schemas"]["Resumed"];
                };
            };
            400: components["responses"]["InvalidParams400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrApplicationOwnershipRequiredOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["ReferenceNotFoundOrSessionNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrSessionNotFoundOrNotSuspendedOrSessionNotLiveOrSessionParentNotActiveOrSessionSubjectInactive409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["AuditUnavailableOrRevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.suspend": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone: string;
                id: string;
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
                    "application/json": components["schemas"]["Suspended"];
                };
            };
            400: components["responses"]["InvalidParams400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrApplicationOwnershipRequiredOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["ReferenceNotFoundOrSessionNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrSessionNotFoundOrNotActive409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["AuditUnavailableOrRevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegation.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description Repeats the first answer instead of making another. */
                "Idempotency-Key"?: string;
            };
            path: {
                zone: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateDelegation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DelegationCreated"];
                };
            };
            /** @description Something sent is not what the route takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "delegation_expired" | "delegation_expiry_required" | "delegation_resource_scope_mismatch" | "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "invalid_body" | "invalid_broad_reason" | "invalid_budget" | "invalid_delegation_constraint" | "invalid_expires_at" | "invalid_max_depth" | "invalid_max_hops" | "invalid_params" | "invalid_policy_approved" | "invalid_resources" | "invalid_ttl_seconds" | "self_delegation_denied";
                    };
                };
            };
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "broad_delegation_permission_required" | "delegation_exceeds_parent_authority" | "delegation_scopes_exceed_resource" | "issuer_ownership_required" | "missing_scope" | "parent_delegation_not_active" | "zone_forbidden" | "zone_mismatch";
                    };
                };
            };
            404: components["responses"]["DelegationEndpointNotFoundOrReferenceNotFoundOrResourceNotFoundOrZoneNotFound404"];
            409: components["responses"]["ConflictOrDelegationApplicationMismatchOrDelegationCycleDeniedOrIdempotencyKeyConflictOrIdempotencyResultInactive409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["IdempotencyReceiptLimitExceededOrRateLimited429"];
            503: components["responses"]["AuditUnavailableOrRevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegation.active": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                zone: string;
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
                    "application/json": components["schemas"]["ActiveDelegationListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["ZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegation.inbound": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                zone: string;
                session: string;
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
                    "application/json": components["schemas"]["DelegationItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["SessionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegation.inbound_one": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone: string;
                session: string;
                id: string;
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
                    "application/json": components["schemas"]["DelegationItem"];
                };
            };
            400: components["responses"]["InvalidParams400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["DelegationNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegation.outbound": {
        parameters: {
            query?: {
                limit?: number;
                cursor?: string;
            };
            header?: never;
            path: {
                zone: string;
                session: string;
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
                    "application/json": components["schemas"]["DelegationItemListing"];
                };
            };
            400: components["responses"]["InvalidCursorOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["SessionNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegation.impact": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone: string;
                id: string;
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
                    "application/json": components["schemas"]["RevocationImpact"];
                };
            };
            400: components["responses"]["InvalidParams400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrCoordinatorAdminRequiredOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["DelegationNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegation.revoke": {
        parameters: {
            query?: {
                terminate_target?: boolean;
            };
            header?: never;
            path: {
                zone: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": null | components["schemas"]["RevokeDelegation"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DelegationRevoked"];
                };
            };
            400: components["responses"]["InvalidBodyOrInvalidParamsOrInvalidQuery400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            /** @description The caller may not do this, or not here. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        error?: "account_role_forbidden" | "application_ownership_required" | "issuer_ownership_required" | "missing_scope" | "zone_forbidden" | "zone_mismatch";
                    };
                };
            };
            404: components["responses"]["DelegationNotFoundOrReferenceNotFoundOrZoneNotFound404"];
            409: components["responses"]["Conflict409"];
            412: components["responses"]["PreconditionFailed412"];
            413: components["responses"]["PayloadTooLarge413"];
            415: components["responses"]["UnsupportedMediaType415"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["AuditUnavailableOrRevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "delegation.traverse": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                zone: string;
                id: string;
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
                    "application/json": {
                        /**
                         * Format: int32
                         * @description Steps below the one asked about, which is at 0.
                         */
                        depth: number;
                        /** @description Id. */
                        id: components["schemas"]["DelegationId"];
                        parent_edge_id?: components["schemas"]["DelegationId"] | null;
                        /** @description Session that hands on. */
                        source_session_id: components["schemas"]["SessionId"];
                        /** @description State. */
                        status: components["schemas"]["DelegationStatus"];
                        /** @description Session that receives. */
                        target_session_id: components["schemas"]["SessionId"];
                    }[];
                };
            };
            400: components["responses"]["InvalidParams400"];
            401: components["responses"]["IdentityRevokedOrInvalidDpopProofOrInvalidTokenOrMissingToken401"];
            403: components["responses"]["AccountRoleForbiddenOrCoordinatorAdminRequiredOrMissingScopeOrZoneForbiddenOrZoneMismatch403"];
            404: components["responses"]["DelegationNotFoundOrZoneNotFound404"];
            413: components["responses"]["PayloadTooLarge413"];
            429: components["responses"]["RateLimited429"];
            503: components["responses"]["RevocationStateUnavailableOrStorageUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
}
