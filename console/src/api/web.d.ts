// Made by `npm run types` out of docs/openapi/web.json.
export interface paths {
    "/api/roles/{role}/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether a role is ready, and how soon it hears of ended authority. */
        get: operations["roles.ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with a password. */
        post: operations["session.sign_in"];
        /** End the session, and forget it. */
        delete: operations["session.sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/email-code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with a code by e-mail. */
        post: operations["session.finish_email_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/email-code/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a code to an address, if it has an account. */
        post: operations["session.begin_email_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Set a password with a link, and sign in. */
        post: operations["session.use_link"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in with a passkey. */
        post: operations["session.finish_passkey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/passkey/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell what an authenticator is asked to sign somebody in. */
        post: operations["session.begin_passkey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/single-sign-on": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sign in whoever came back from the OpenID provider. */
        post: operations["session.finish_single_sign_on"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/single-sign-on/begin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell where somebody signs in at the OpenID provider. */
        post: operations["session.begin_single_sign_on"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether the process lives. */
        get: operations["health.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the metrics of the process. */
        get: operations["metrics.get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether to send traffic. */
        get: operations["ready.get"];
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
        /** @description An account; never its password. */
        AccountItem: {
            /** @description When. */
            created_at: components["schemas"]["Timestamp"];
            /** @description Who made it. */
            created_by: string;
            /** @description Address. */
            email: string;
            /** @description Whether a password was set. */
            has_password: boolean;
            /** @description Id. */
            id: string;
            /** @description The `OpenID` provider whose word signs its holder in; null until it did once. */
            identity_issuer?: string | null;
            last_sign_in_at?: components["schemas"]["Timestamp"] | null;
            locked_at?: components["schemas"]["Timestamp"] | null;
            /** @description Display name. */
            name: string;
            /** @description What it may do. */
            role: components["schemas"]["AccountRole"];
            /** @description Where; null for every zone. */
            zones?: components["schemas"]["ZoneId"][] | null;
        };
        /** @enum {string} */
        AccountRole: "owner" | "admin" | "operator" | "approver" | "auditor" | "viewer";
        /** @description Answer of `/health`: the process lives. */
        Alive: {
            /** @description True. */
            ok: boolean;
        };
        Base64Url: string;
        Email: string;
        /** @description Body that asks for a code by e-mail. */
        EmailCodeRequest: {
            /** @description Address of the account. */
            email: components["schemas"]["Email"];
        };
        /** @description Body that signs in with a code by e-mail. */
        EmailCodeSignIn: {
            /** @description The code. Blanks in it do not count. */
            code: components["schemas"]["Line32"];
            /** @description The address that the code was sent to. */
            email: components["schemas"]["Email"];
            /** @description The state that was given out. */
            state: components["schemas"]["Line256"];
        };
        /** @description What is answered whether or not there is an account: if there is, a code is on its way. */
        EmailCodeState: {
            /** @description The state to hand in with the code. */
            state: string;
        };
        /**
         * @description The code of an error answer: its member `error`, and what logs, metrics and evidence call it.
         *
         *     A code is never renamed and never means something else: published clients act on it.
         * @enum {string}
         */
        ErrorCode: "malformed_request" | "invalid_body" | "invalid_query" | "invalid_params" | "invalid_cursor" | "unauthorized" | "cross_site_request" | "route_not_found" | "zone_not_found" | "application_not_found" | "resource_not_found" | "reference_not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "rate_limited" | "request_header_fields_too_large" | "internal_error" | "storage_unavailable" | "audit_unavailable" | "too_many_connections" | "http_version_not_supported" | "invalid_request" | "invalid_grant" | "invalid_dpop_proof" | "use_dpop_nonce" | "invalid_scope" | "invalid_target" | "invalid_redirect_uri" | "invalid_client_metadata" | "invalid_token" | "unsupported_token_type" | "interaction_required" | "credential_expired_not_renewable" | "access_denied" | "zone_invalid" | "operation_not_permitted" | "approval_consumed" | "provider_rate_limited" | "http_request_failed" | "sts_unavailable" | "invalid_delegation_constraint" | "invalid_resources" | "invalid_max_depth" | "invalid_max_hops" | "invalid_budget" | "invalid_ttl_seconds" | "invalid_policy_approved" | "invalid_expires_at" | "invalid_broad_reason" | "self_delegation_denied" | "delegation_expired" | "delegation_expiry_required" | "delegation_resource_scope_mismatch" | "lease_generation_required" | "subject_session_id_required" | "idempotency_key_invalid" | "idempotency_key_multiple" | "idempotency_response_too_large" | "missing_token" | "identity_revoked" | "invalid_subject_proof" | "authority_record_required" | "missing_scope" | "zone_mismatch" | "application_ownership_required" | "issuer_ownership_required" | "parent_ownership_required" | "coordinator_admin_required" | "subject_proof_required" | "subject_proof_application_mismatch" | "broad_delegation_permission_required" | "delegation_scopes_exceed_resource" | "delegation_exceeds_parent_authority" | "parent_delegation_not_active" | "session_not_found" | "agent_service_not_found" | "parent_not_found" | "delegation_not_found" | "delegation_endpoint_not_found" | "delegation_application_mismatch" | "delegation_cycle_denied" | "inherit_parent_edge_not_active" | "inherit_parent_edge_ambiguous" | "session_not_live" | "session_suspended" | "session_not_service" | "session_lease_fenced" | "session_lease_expired" | "session_subject_inactive" | "session_parent_not_active" | "session_not_found_or_not_active" | "session_not_found_or_not_suspended" | "task_session_cannot_start_service" | "dcr_application_already_bound" | "dcr_application_cannot_be_child" | "dcr_application_cannot_host_service" | "dcr_application_cannot_start_child" | "idempotency_key_conflict" | "idempotency_result_inactive" | "idempotency_receipt_limit_exceeded" | "session_limit_exceeded" | "session_zone_limit_exceeded" | "session_children_limit_exceeded" | "session_depth_limit_exceeded" | "revocation_state_unavailable" | "invalid_zone" | "invalid_application" | "invalid_resource" | "invalid_resource_identifier" | "invalid_provider" | "invalid_provider_identifier" | "invalid_provider_config" | "invalid_provider_connection" | "invalid_provider_oauth_authorize" | "invalid_issuer" | "provider_check_unsupported" | "resource_verification_unsupported" | "provider_connection_unsupported" | "oauth_state_expired" | "oauth_state_mismatch" | "oauth_issuer_mismatch" | "provider_oauth_denied" | "authorization_code_required" | "provider_token_endpoint_not_allowed" | "invalid_subject_revoke" | "invalid_admin_token_request" | "invalid_account" | "invalid_fields" | "no_fields" | "retention_above_limit" | "rate_limit_above_ceiling" | "zone_id_required" | "zone_id_not_allowed_for_global" | "dcr_shutdown_not_applicable" | "client_secret_not_configured" | "credential_provider_required" | "upstream_url_required" | "provider_config_required" | "operation_duplicate" | "operation_method_and_path_required" | "operation_method_unknown" | "operation_path_invalid" | "operation_path_must_be_absolute" | "operation_scope_not_in_resource_scopes" | "invalid_workload" | "invalid_credential_env" | "duplicate_credential_env" | "invalid_subject_issuer" | "invalid_zone_state" | "invalid_sink" | "invalid_sink_url" | "invalid_admin_token" | "invalid_account_assertion" | "invalid_passkey" | "sign_in_expired" | "sign_in_refused" | "account_role_forbidden" | "account_session_required" | "admin_token_read_only" | "admin_token_approve_only" | "reveal_capability_required" | "control_disabled" | "token_replay" | "denied" | "invalid" | "not_found" | "upstream" | "admin_token_zone_mismatch" | "approve_capability_required" | "trait_invalid" | "trait_duplicate" | "trait_forbidden" | "trait_count_exceeded" | "account_scope_required" | "system_zone_read_only" | "zone_forbidden" | "dcr_disabled" | "grant_scopes_exceed_resource" | "control_resource_not_grantable" | "oauth_initiator_mismatch" | "subject_approval_required" | "fresh_sign_in_required" | "passkey_not_allowed" | "not_invited" | "sign_in_way_not_configured" | "account_not_found" | "link_not_found" | "admin_token_not_found" | "approval_not_found" | "audit_hold_not_found" | "client_secret_not_stored" | "workload_not_found" | "workload_secret_not_stored" | "subject_issuer_not_found" | "grant_not_found" | "provider_not_found" | "provider_connection_not_found" | "policy_not_found" | "policy_version_not_found" | "policy_canary_not_found" | "policy_shadow_not_found" | "policy_set_not_found" | "policy_set_version_not_found" | "policy_set_binding_not_found" | "active_policy_set_version_not_found" | "version_not_found" | "subject_not_found" | "sink_not_found" | "delivery_not_found" | "request_not_found" | "approval_not_decidable" | "account_email_taken" | "last_owner" | "reserved_namespace" | "protected_resource" | "zone_state_inexpressible" | "zone_slug_conflict" | "application_name_taken" | "workload_name_taken" | "subject_issuer_exists" | "subject_issuer_limit_reached" | "sink_limit_reached" | "sink_paused" | "resource_identifier_conflict" | "resource_quota_exceeded" | "provider_identifier_conflict" | "policy_name_conflict" | "policy_set_name_conflict" | "dcr_shutdown_required" | "invalid_rego" | "invalid_policy_contract" | "invalid_policy_bundle" | "provider_check_failed" | "provider_discovery_failed" | "resource_check_failed" | "provider_test_rate_limited" | "provider_discovery_rate_limited" | "resource_test_rate_limited" | "dcr_limit_exceeded" | "dcr_rate_limit_exceeded" | "too_many_policy_checks" | "secret_backend_unavailable" | "provider_token_exchange_failed" | "provider_token_response_invalid" | "identity_provider_failed" | "identity_provider_unavailable" | "policy_verification_unavailable" | "overloaded" | "checkpoint_not_signed" | "log_unknown" | "entry_not_found" | "pack_too_large" | "checkpoint_inconsistent" | "evidence_contradicts" | "bus_unavailable";
        Line128: string;
        Line2048: string;
        Line256: string;
        Line32: string;
        Line4096: string;
        Name120: string;
        NewPassword: string;
        /** @enum {string} */
        NotReady: "draining" | "timeout" | "postgres_unreachable" | "schema_mismatch" | "redis_unreachable" | "misconfigured" | "revocation_snapshot_stale" | "audit_replay_unavailable" | "bootstrap_pending" | "sts_unreachable" | "api_unreachable" | "consumer_unhealthy" | "storage_unreachable" | "zone_keys_unreachable";
        /** @description What an authenticator is asked to sign in. */
        PasskeyChallenge: {
            /** @description The challenge, in base64url. */
            challenge: string;
            /** @description The domain whose passkeys are asked for. */
            relying_party: string;
        };
        /** @description Body that signs in with a passkey. */
        PasskeySignIn: {
            /** @description Authenticator data. */
            authenticator_data: components["schemas"]["Base64Url"];
            /** @description The challenge that was given out. */
            challenge: components["schemas"]["Line256"];
            /** @description `clientDataJSON`. */
            client_data: components["schemas"]["Base64Url"];
            /** @description The passkey. */
            credential_id: components["schemas"]["Base64Url"];
            /** @description The signature over both. */
            signature: components["schemas"]["Base64Url"];
            user_handle?: components["schemas"]["Base64Url"] | null;
        };
        /** @description Body that signs in with a password. */
        PasswordSignIn: {
            /** @description Address of the account. */
            email: components["schemas"]["Email"];
            /** @description Its password. */
            password: components["schemas"]["Line256"];
        };
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
        /** @description Answer of `/ready`. */
        Readiness: {
            error?: components["schemas"]["NotReady"] | null;
            /** @description As `ready`. */
            ok: boolean;
            /** @description Whether to send traffic. */
            ready: boolean;
            reason?: components["schemas"]["NotReady"] | null;
            revocations?: components["schemas"]["RevocationHealth"] | null;
        };
        /** @description How well a role that enforces knows what ended. */
        RevocationHealth: {
            /** @description Whether it may decide on what it knows. Where it may not, it refuses everything. */
            fresh: boolean;
            /**
             * Format: int64
             * @description Milliseconds that the last end of authority took to be in force here; absent where none was heard.
             */
            last_lag_ms?: number | null;
            /**
             * Format: int64
             * @description The longest that any of the last 100 took.
             */
            longest_lag_ms?: number | null;
            /**
             * Format: int64
             * @description Milliseconds since it last asked storage what ended; absent before the first time.
             */
            read_ago_ms?: number | null;
        };
        /** @description Where somebody signs in at the `OpenID` provider. */
        SignInRedirect: {
            /** @description Where the browser goes. */
            authorization_url: string;
        };
        /** @description Somebody is signed in, and their session is in a cookie. */
        SignedInAccount: {
            /** @description Who. */
            account: components["schemas"]["AccountItem"];
            /** @description When the session ends however much it is used. */
            expires_at: components["schemas"]["Timestamp"];
        };
        /** @description A session has ended. */
        SignedOut: {
            /** @description Where the browser goes on to be signed out at the `OpenID` provider too; null where there is no such place. */
            continue_at?: string | null;
        };
        /** @description What somebody came back with from the `OpenID` provider. Not printable: it holds a code. */
        SingleSignOnReturn: {
            code?: components["schemas"]["Line4096"] | null;
            error?: components["schemas"]["Line256"] | null;
            iss?: components["schemas"]["Line2048"] | null;
            /** @description The state that the provider was given. */
            state: components["schemas"]["Line256"];
        };
        /** Format: date-time */
        Timestamp: string;
        /** @description Body that uses a link. */
        UseLink: {
            email?: components["schemas"]["Email"] | null;
            /** @description The text in the link. */
            link: components["schemas"]["Line128"];
            name?: components["schemas"]["Name120"] | null;
            /** @description The password from now on. */
            password: components["schemas"]["NewPassword"];
            /** @description What the browser says it is. */
            user_agent?: string | null;
        };
        ZoneId: string;
    };
    responses: {
        /** @description The state of things does not allow it now. */
        AccountEmailTaken409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "account_email_taken";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        AuthorizationCodeRequiredOrInvalidAccountOrOauthIssuerMismatchOrProviderOauthDeniedOrSignInExpired400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "authorization_code_required" | "invalid_account" | "oauth_issuer_mismatch" | "provider_oauth_denied" | "sign_in_expired";
                };
            };
        };
        /** @description Bad Gateway */
        IdentityProviderFailed502: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "identity_provider_failed";
                };
            };
        };
        /** @description Something that the answer needs is away, or there is too much to do. */
        IdentityProviderUnavailable503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "identity_provider_unavailable";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidAccount400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_account";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        InvalidAccountOrSignInExpired400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "invalid_account" | "sign_in_expired";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        LinkNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "link_not_found";
                };
            };
        };
        /** @description Something sent is not what the route takes. */
        MalformedRequest400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "malformed_request";
                };
            };
        };
        /** @description Misdirected Request */
        MalformedRequest421: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "malformed_request";
                };
            };
        };
        /** @description The caller may not do this, or not here. */
        NotInvited403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "not_invited";
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
        /** @description Something that the answer needs is away, or there is too much to do. */
        Overloaded503: {
            headers: {
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "overloaded";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        RouteNotFound404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "route_not_found";
                };
            };
        };
        /** @description Who calls is not proved. */
        SignInRefused401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "sign_in_refused";
                };
            };
        };
        /** @description There is no such thing, or not for this caller. */
        SignInWayNotConfigured404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    error?: "sign_in_way_not_configured";
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
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "roles.ready": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                role: string;
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
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            401: components["responses"]["Unauthorized401"];
            404: components["responses"]["RouteNotFound404"];
            421: components["responses"]["MalformedRequest421"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            default: components["responses"]["Otherwise"];
        };
    };
    "session.sign_in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordSignIn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedInAccount"];
                };
            };
            400: components["responses"]["InvalidAccount400"];
            401: components["responses"]["SignInRefused401"];
            421: components["responses"]["MalformedRequest421"];
            503: components["responses"]["Overloaded503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.sign_out": {
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
                    "application/json": components["schemas"]["SignedOut"];
                };
            };
            421: components["responses"]["MalformedRequest421"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.finish_email_code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailCodeSignIn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedInAccount"];
                };
            };
            400: components["responses"]["InvalidAccountOrSignInExpired400"];
            401: components["responses"]["SignInRefused401"];
            404: components["responses"]["SignInWayNotConfigured404"];
            421: components["responses"]["MalformedRequest421"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.begin_email_code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmailCodeRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailCodeState"];
                };
            };
            400: components["responses"]["InvalidAccount400"];
            404: components["responses"]["SignInWayNotConfigured404"];
            421: components["responses"]["MalformedRequest421"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.use_link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UseLink"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedInAccount"];
                };
            };
            400: components["responses"]["InvalidAccount400"];
            404: components["responses"]["LinkNotFound404"];
            409: components["responses"]["AccountEmailTaken409"];
            421: components["responses"]["MalformedRequest421"];
            503: components["responses"]["Overloaded503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.finish_passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeySignIn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedInAccount"];
                };
            };
            400: components["responses"]["InvalidAccountOrSignInExpired400"];
            401: components["responses"]["SignInRefused401"];
            404: components["responses"]["SignInWayNotConfigured404"];
            421: components["responses"]["MalformedRequest421"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.begin_passkey": {
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
                    "application/json": components["schemas"]["PasskeyChallenge"];
                };
            };
            404: components["responses"]["SignInWayNotConfigured404"];
            421: components["responses"]["MalformedRequest421"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.finish_single_sign_on": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SingleSignOnReturn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedInAccount"];
                };
            };
            400: components["responses"]["AuthorizationCodeRequiredOrInvalidAccountOrOauthIssuerMismatchOrProviderOauthDeniedOrSignInExpired400"];
            401: components["responses"]["SignInRefused401"];
            403: components["responses"]["NotInvited403"];
            404: components["responses"]["SignInWayNotConfigured404"];
            421: components["responses"]["MalformedRequest421"];
            502: components["responses"]["IdentityProviderFailed502"];
            503: components["responses"]["IdentityProviderUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "session.begin_single_sign_on": {
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
                    "application/json": components["schemas"]["SignInRedirect"];
                };
            };
            404: components["responses"]["SignInWayNotConfigured404"];
            421: components["responses"]["MalformedRequest421"];
            502: components["responses"]["IdentityProviderFailed502"];
            503: components["responses"]["IdentityProviderUnavailable503"];
            default: components["responses"]["Otherwise"];
        };
    };
    "health.get": {
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
                    "application/json": components["schemas"]["Alive"];
                };
            };
            400: components["responses"]["MalformedRequest400"];
            default: components["responses"]["Otherwise"];
        };
    };
    "metrics.get": {
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
            401: components["responses"]["Unauthorized401"];
            default: components["responses"]["Otherwise"];
        };
    };
    "ready.get": {
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
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            400: components["responses"]["MalformedRequest400"];
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Readiness"];
                };
            };
            default: components["responses"]["Otherwise"];
        };
    };
}
