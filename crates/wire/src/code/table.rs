//! Every error code: variant, wire code, usual status, and what it says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Area;

macro_rules! codes {
    ($($area:ident { $($variant:ident $wire:literal $status:literal $sentence:literal;)+ })+) => {
        /// The code of an error answer: its member `error`, and what logs, metrics and evidence call it.
        ///
        /// A code is never renamed and never means something else: published clients act on it.
        // The wire codes below are the same by a test: the schema's derive does not see a name from a macro.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorCode {
            $($(#[doc = $sentence] $variant,)+)+
        }

        impl ErrorCode {
            /// All of them, in the order of the handbook.
            pub const ALL: &'static [Self] = &[$($(Self::$variant,)+)+];

            /// The code as it is sent.
            pub const fn as_str(self) -> &'static str {
                match self { $($(Self::$variant => $wire,)+)+ }
            }

            /// The HTTP status it usually comes with. The sentence names the exceptions.
            pub const fn status(self) -> u16 {
                match self { $($(Self::$variant => $status,)+)+ }
            }

            /// What it says, for a reader of the handbook.
            pub const fn sentence(self) -> &'static str {
                match self { $($(Self::$variant => $sentence,)+)+ }
            }

            /// Whose answers it is found in: the section of the handbook's page on error codes.
            pub const fn area(self) -> Area {
                match self { $($(Self::$variant => Area::$area,)+)+ }
            }
        }
    };
}

codes! {
    Everywhere {
        MalformedRequest "malformed_request" 400
            "The bytes received are not one HTTP request, or could be read as two different ones.";
        InvalidBody "invalid_body" 400
            "The body is not what the route takes; `details.issues` names each field and its rule.";
        InvalidQuery "invalid_query" 400 "A parameter of the query string is unknown or out of its range.";
        InvalidParams "invalid_params" 400 "An id in the path cannot be read or has the wrong form.";
        InvalidCursor "invalid_cursor" 400 "The cursor was not given out by this listing.";
        Unauthorized "unauthorized" 401 "The operator's token is missing or wrong.";
        CrossSiteRequest "cross_site_request" 403 "The console takes changes from its own pages only.";
        RouteNotFound "route_not_found" 404 "There is no such route.";
        ZoneNotFound "zone_not_found" 404 "There is no such zone, or it is archived.";
        ApplicationNotFound "application_not_found" 404 "There is no such application in the zone, or it has ended.";
        ResourceNotFound "resource_not_found" 404 "There is no such resource in the zone, or it is archived.";
        ReferenceNotFound "reference_not_found" 404 "Something the request refers to does not exist.";
        MethodNotAllowed "method_not_allowed" 405 "The path exists, but not with this method.";
        RequestTimeout "request_timeout" 408 "The request did not arrive in time.";
        Conflict "conflict" 409 "It breaks a rule that others keep already; `constraint` names the rule.";
        PreconditionFailed "precondition_failed" 412
            "It is not what the caller read, as `If-Match` says; read it again before changing it.";
        PayloadTooLarge "payload_too_large" 413 "The body is larger than the route takes.";
        UnsupportedMediaType "unsupported_media_type" 415 "The body is not of a content type that the route takes.";
        RateLimited "rate_limited" 429 "Too many requests; `Retry-After` says when to try again.";
        RequestHeaderFieldsTooLarge "request_header_fields_too_large" 431
            "The request has too many header fields, or they are too long.";
        InternalError "internal_error" 500
            "The service failed. The Gateway uses it for every failed exchange with an upstream, with status 400, 408, 502, 503 or 504 and a `reason`.";
        StorageUnavailable "storage_unavailable" 503 "The store does not answer, or others changed the same; try again.";
        AuditUnavailable "audit_unavailable" 503
            "The decision cannot be recorded, so it does not take effect; try again. Revealing a secret answers 500.";
        TooManyConnections "too_many_connections" 503 "Every connection of the service is taken; try again.";
        HttpVersionNotSupported "http_version_not_supported" 505 "The protocol is not HTTP/1.1.";
    }
    Mandates {
        InvalidRequest "invalid_request" 400 "The request lacks a parameter, can be read in more than one way, or overrides its own method.";
        InvalidGrant "invalid_grant" 400
            "The code or the refresh token is unknown, was used, is of another client, or what it stands on has ended.";
        InvalidDpopProof "invalid_dpop_proof" 400
            "The proof that a key is held does not hold, is of another request, was used, or binds nothing. 401 where a token is presented.";
        UseDpopNonce "use_dpop_nonce" 400
            "The proof that a key is held lacks the nonce of `DPoP-Nonce`, or has one that is too old; make another with it.";
        InvalidScope "invalid_scope" 400 "More scopes are asked for than the person agreed to.";
        InvalidTarget "invalid_target" 400 "Another resource is asked for than the person agreed to.";
        InvalidRedirectUri "invalid_redirect_uri" 400 "People cannot be sent back to what the client names.";
        InvalidClientMetadata "invalid_client_metadata" 400 "The client says of itself what is not taken.";
        InvalidToken "invalid_token" 401
            "A token is missing, malformed, ended or not valid here. A malformed request for a token answers 400, one of the wrong media type 415.";
        UnsupportedTokenType "unsupported_token_type" 400 "Nothing is kept of a mandate of this class that could be revoked.";
        InteractionRequired "interaction_required" 401
            "A person has to approve first; `approval_id` names what is waiting. 400 for a renewal after a call that lacked a scope: the person has to agree to it.";
        CredentialExpiredNotRenewable "credential_expired_not_renewable" 401
            "The mandate ends too soon to be used; mint another.";
        AccessDenied "access_denied" 403
            "The policy, the session or the delegation does not allow it; `reason` says which rule. 401 when the caller is not proven.";
        ZoneInvalid "zone_invalid" 403 "The secret is right, but the application lives in another zone.";
        OperationNotPermitted "operation_not_permitted" 403
            "The resource does not declare this operation, or the mandate lacks its scope.";
        ApprovalConsumed "approval_consumed" 409 "The approval was used already; what it released is answered again for two minutes.";
        ProviderRateLimited "provider_rate_limited" 429
            "Too many mandates were asked for, or too many logins failed; `Retry-After` says when to try again.";
        HttpRequestFailed "http_request_failed" 502 "The credential of the upstream could not be had.";
        StsUnavailable "sts_unavailable" 503
            "Nothing can be decided now; try again. 502 when the Gateway cannot read the answer of the STS.";
    }
    Coordinator {
        InvalidDelegationConstraint "invalid_delegation_constraint" 400 "The constraints are not an object of known members.";
        InvalidResources "invalid_resources" 400 "The constraint `resources` is not a list of 1 to 64 identifiers.";
        InvalidMaxDepth "invalid_max_depth" 400 "The constraint `max_depth` is not 1 to 10.";
        InvalidMaxHops "invalid_max_hops" 400 "The constraint `max_hops` is not 1 to 10, or differs from `max_depth`.";
        InvalidBudget "invalid_budget" 400 "The constraint `budget` is not 1 to 64.";
        InvalidTtlSeconds "invalid_ttl_seconds" 400 "The constraint `ttl_seconds` is not 1 to 86400.";
        InvalidPolicyApproved "invalid_policy_approved" 400 "The constraint `policy_approved` is not true or false.";
        InvalidExpiresAt "invalid_expires_at" 400 "The constraint `expires_at` is not an RFC 3339 date-time.";
        InvalidBroadReason "invalid_broad_reason" 400 "The constraint `broad_reason` is not 1 to 256 printable characters.";
        SelfDelegationDenied "self_delegation_denied" 400 "A session cannot delegate to itself.";
        DelegationExpired "delegation_expired" 400 "The end asked for has passed.";
        DelegationExpiryRequired "delegation_expiry_required" 400 "A delegation needs an end: `ttl_seconds` or `expires_at`.";
        DelegationResourceScopeMismatch "delegation_resource_scope_mismatch" 400
            "The resource named is not among the resources of the constraints.";
        LeaseGenerationRequired "lease_generation_required" 400 "A service session is ended by naming the lease generation.";
        SubjectSessionIdRequired "subject_session_id_required" 400
            "The caller has no authority record of its own, so it must name one.";
        IdempotencyKeyInvalid "idempotency_key_invalid" 400 "`Idempotency-Key` is not 1 to 255 printable bytes.";
        IdempotencyKeyMultiple "idempotency_key_multiple" 400 "`Idempotency-Key` was sent more than once.";
        IdempotencyResponseTooLarge "idempotency_response_too_large" 400 "The answer is too large to be remembered for repeats.";
        MissingToken "missing_token" 401 "There is no bearer token.";
        IdentityRevoked "identity_revoked" 401 "What the mandate stands for has been revoked.";
        InvalidSubjectProof "invalid_subject_proof" 401 "The `subject_token` proves nobody.";
        AuthorityRecordRequired "authority_record_required" 401 "The mandate names no authority record.";
        MissingScope "missing_scope" 403 "The mandate lacks the scope that this route needs.";
        ZoneMismatch "zone_mismatch" 403 "The mandate is of another zone; 409 where a document names another zone.";
        ApplicationOwnershipRequired "application_ownership_required" 403 "It belongs to another application.";
        IssuerOwnershipRequired "issuer_ownership_required" 403 "The delegation was given by another application.";
        ParentOwnershipRequired "parent_ownership_required" 403 "The parent session belongs to another application.";
        CoordinatorAdminRequired "coordinator_admin_required" 403 "Only an operator may do this.";
        SubjectProofRequired "subject_proof_required" 403 "A session for a person needs that person's `subject_token`.";
        SubjectProofApplicationMismatch "subject_proof_application_mismatch" 403
            "The `subject_token` was issued to another application.";
        BroadDelegationPermissionRequired "broad_delegation_permission_required" 403
            "Delegating without naming a resource needs a permission of its own.";
        DelegationScopesExceedResource "delegation_scopes_exceed_resource" 403
            "The resource does not declare these scopes.";
        DelegationExceedsParentAuthority "delegation_exceeds_parent_authority" 403
            "More was asked for than the parent holds; `details` says which rule and its limit.";
        ParentDelegationNotActive "parent_delegation_not_active" 403
            "The source session does not hold the parent delegation, or it has ended.";
        SessionNotFound "session_not_found" 404 "There is no such session, or it is not the caller's.";
        AgentServiceNotFound "agent_service_not_found" 404 "There is no such service session.";
        ParentNotFound "parent_not_found" 404 "There is no such parent session, or it is about to end.";
        DelegationNotFound "delegation_not_found" 404 "There is no such delegation.";
        DelegationEndpointNotFound "delegation_endpoint_not_found" 404 "A session that the delegation names does not exist.";
        DelegationApplicationMismatch "delegation_application_mismatch" 409 "A session is not of the application named with it.";
        DelegationCycleDenied "delegation_cycle_denied" 409 "The delegation would hand authority back to where it came from.";
        InheritParentEdgeNotActive "inherit_parent_edge_not_active" 409 "There is no active delegation of the parent to inherit.";
        InheritParentEdgeAmbiguous "inherit_parent_edge_ambiguous" 409
            "The parent holds several delegations; name the one to inherit.";
        SessionNotLive "session_not_live" 409 "The session has ended.";
        SessionSuspended "session_suspended" 409 "The session is suspended.";
        SessionNotService "session_not_service" 409 "The session is a task, which has no lease.";
        SessionLeaseFenced "session_lease_fenced" 409 "Another holder took the lease since; this one must stop.";
        SessionLeaseExpired "session_lease_expired" 409 "The lease ran out, and the session with it.";
        SessionSubjectInactive "session_subject_inactive" 409 "The authority record of the session's person has ended.";
        SessionParentNotActive "session_parent_not_active" 409 "The parent session is not active.";
        SessionNotFoundOrNotActive "session_not_found_or_not_active" 409 "There is no such active session.";
        SessionNotFoundOrNotSuspended "session_not_found_or_not_suspended" 409 "There is no such suspended session.";
        TaskSessionCannotStartService "task_session_cannot_start_service" 409 "A task session cannot have a service as its child.";
        DcrApplicationAlreadyBound "dcr_application_already_bound" 409 "The short-lived application has its one session already.";
        DcrApplicationCannotBeChild "dcr_application_cannot_be_child" 409 "A short-lived application has no parent session.";
        DcrApplicationCannotHostService "dcr_application_cannot_host_service" 409
            "A short-lived application runs tasks, not services.";
        DcrApplicationCannotStartChild "dcr_application_cannot_start_child" 409
            "The session of a short-lived application has no children.";
        IdempotencyKeyConflict "idempotency_key_conflict" 409 "This `Idempotency-Key` was used for a different request.";
        IdempotencyResultInactive "idempotency_result_inactive" 409 "What this `Idempotency-Key` made is no longer active.";
        IdempotencyReceiptLimitExceeded "idempotency_receipt_limit_exceeded" 429
            "The application has too many remembered requests.";
        SessionLimitExceeded "session_limit_exceeded" 429 "The application has as many live sessions as it may have.";
        SessionZoneLimitExceeded "session_zone_limit_exceeded" 429 "The zone has as many live sessions as it may have.";
        SessionChildrenLimitExceeded "session_children_limit_exceeded" 429 "The parent has as many children as it may have.";
        SessionDepthLimitExceeded "session_depth_limit_exceeded" 429 "The parent is as deep as sessions may be.";
        RevocationStateUnavailable "revocation_state_unavailable" 503 "Whether the mandate was revoked cannot be known now; try again.";
    }
    Control {
        InvalidZone "invalid_zone" 400 "A field of the zone breaks its rule.";
        InvalidApplication "invalid_application" 400 "A field of the application breaks its rule.";
        InvalidResource "invalid_resource" 400 "A field of the resource breaks its rule.";
        InvalidResourceIdentifier "invalid_resource_identifier" 400 "The identifier is not a URI that a resource may have.";
        InvalidProvider "invalid_provider" 400 "A field of the provider breaks its rule.";
        InvalidProviderIdentifier "invalid_provider_identifier" 400 "The identifier is not `provider://` and lower-case words.";
        InvalidProviderConfig "invalid_provider_config" 400 "A setting of the provider breaks its rule.";
        InvalidProviderConnection "invalid_provider_connection" 400
            "The body names no connection, or a field of it breaks a rule.";
        InvalidProviderOauthAuthorize "invalid_provider_oauth_authorize" 400
            "The body does not say which account is to be connected.";
        InvalidIssuer "invalid_issuer" 400 "The issuer is not an https URL without user, query and fragment.";
        ProviderCheckUnsupported "provider_check_unsupported" 400
            "Providers of this kind have no token endpoint that could be tried.";
        ResourceVerificationUnsupported "resource_verification_unsupported" 400
            "Only a resource that is called with mandates and has an upstream can be verified.";
        ProviderConnectionUnsupported "provider_connection_unsupported" 400
            "Nobody connects accounts at a provider of this kind.";
        OauthStateExpired "oauth_state_expired" 400 "The `state` was used, has run out, or was never given out here.";
        OauthStateMismatch "oauth_state_mismatch" 400
            "The provider became another since the person was sent away; begin again.";
        OauthIssuerMismatch "oauth_issuer_mismatch" 400
            "The answer is not of the server that the person was sent to.";
        ProviderOauthDenied "provider_oauth_denied" 400
            "The server did not authorize; `details.error` says why, where its word is a known one.";
        AuthorizationCodeRequired "authorization_code_required" 400 "The answer has neither a code nor an error.";
        ProviderTokenEndpointNotAllowed "provider_token_endpoint_not_allowed" 400
            "The provider's token endpoint is not at a host that tokens may be asked of.";
        InvalidSubjectRevoke "invalid_subject_revoke" 400 "The subject to revoke is not named as it must be.";
        InvalidAdminTokenRequest "invalid_admin_token_request" 400 "A field of the admin token breaks its rule.";
        InvalidAccount "invalid_account" 400 "A field of the account breaks its rule, or does not go with another.";
        InvalidFields "invalid_fields" 400 "`fields` names a column that the listing does not have.";
        NoFields "no_fields" 400 "The change names no field.";
        RetentionAboveLimit "retention_above_limit" 400 "Events would be kept longer than the deployment keeps any; `max_days` tells how long that is.";
        RateLimitAboveCeiling "rate_limit_above_ceiling" 400 "The zone would allow more mints a minute than the deployment; `max_per_minute` tells how many that allows.";
        ZoneIdRequired "zone_id_required" 400 "A token of one zone needs `zone_id`.";
        ZoneIdNotAllowedForGlobal "zone_id_not_allowed_for_global" 400 "A token for every zone has no `zone_id`.";
        DcrShutdownNotApplicable "dcr_shutdown_not_applicable" 400
            "`dcr_shutdown` only goes with switching off the registration of short-lived applications.";
        ClientSecretNotConfigured "client_secret_not_configured" 400 "The application logs in without a secret.";
        CredentialProviderRequired "credential_provider_required" 400 "A governed resource needs a provider of its credential.";
        UpstreamUrlRequired "upstream_url_required" 400 "A governed resource needs the URL of its upstream.";
        ProviderConfigRequired "provider_config_required" 400 "Another kind of provider needs its own settings.";
        OperationDuplicate "operation_duplicate" 400 "Two operations have the same method and path.";
        OperationMethodAndPathRequired "operation_method_and_path_required" 400 "An operation has a method and a path.";
        OperationMethodUnknown "operation_method_unknown" 400 "The method is none that operations may have.";
        OperationPathInvalid "operation_path_invalid" 400 "The path is neither literal nor a plain template.";
        OperationPathMustBeAbsolute "operation_path_must_be_absolute" 400 "The path does not begin with a slash.";
        OperationScopeNotInResourceScopes "operation_scope_not_in_resource_scopes" 400
            "The scope of an operation is none of the resource's.";
        InvalidWorkload "invalid_workload" 400 "The body is no workload, or a field of it breaks a rule.";
        InvalidCredentialEnv "invalid_credential_env" 400
            "A variable has no name that a credential may have; `details.env` names it.";
        DuplicateCredentialEnv "duplicate_credential_env" 400 "Two bindings are of the same variable; `details.env` names it.";
        InvalidSubjectIssuer "invalid_subject_issuer" 400 "The body is no issuer of subjects, or a field of it breaks a rule.";
        InvalidZoneState "invalid_zone_state" 400
            "The document is no state that the zone can have; `details.issues` names everything that is wrong with it.";
        InvalidSink "invalid_sink" 400 "The body is no sink of notifications, or a field of it breaks a rule.";
        InvalidSinkUrl "invalid_sink_url" 400 "Notifications are not sent to that URL; the issue says why.";
        InvalidAdminToken "invalid_admin_token" 401 "The admin token is missing, wrong, revoked or expired.";
        InvalidAccountAssertion "invalid_account_assertion" 401 "The assertion of a console account is not valid.";
        InvalidPasskey "invalid_passkey" 400 "The passkey is not one that can be added; the description says why.";
        SignInExpired "sign_in_expired" 400
            "The sign-in was not begun in this browser, was finished, or has run out; begin again.";
        SignInRefused "sign_in_refused" 401 "What was presented proves no account, or the account is locked.";
        AccountRoleForbidden "account_role_forbidden" 403 "The role of the account does not let it do this.";
        AccountSessionRequired "account_session_required" 403 "Only somebody who is signed in at the console can call this.";
        AdminTokenReadOnly "admin_token_read_only" 403 "The token can only read.";
        AdminTokenApproveOnly "admin_token_approve_only" 403 "The token can only read and decide approvals.";
        RevealCapabilityRequired "reveal_capability_required" 403 "The token may not see live credentials, or make a token that may.";
        ControlDisabled "control_disabled" 503 "Commands are not taken: the deployment has not opened their endpoint, or closed it.";
        TokenReplay "token_replay" 401 "The mandate was used for a command already; mint another one.";
        Denied "denied" 403 "There is no such command, or the mandate does not let its holder run it; `cause` names what the operation refused with.";
        Invalid "invalid" 400 "A flag of the command is wrong; `cause` and `details` are those of the operation.";
        NotFound "not_found" 404 "What the command is about does not exist; `cause` says what.";
        Upstream "upstream" 502 "The operation failed for a reason that lies neither with the command nor with its caller.";
        AdminTokenZoneMismatch "admin_token_zone_mismatch" 403 "The token of one zone reaches that zone only.";
        ApproveCapabilityRequired "approve_capability_required" 403 "Approvals are decided by tokens that are for it; nor may the caller make a token of this capability.";
        TraitInvalid "trait_invalid" 403 "A trait has the wrong form.";
        TraitDuplicate "trait_duplicate" 403 "A trait is named twice.";
        TraitForbidden "trait_forbidden" 403 "The trait is not for this caller to give.";
        TraitCountExceeded "trait_count_exceeded" 403 "There are more traits than an application may have.";
        AccountScopeRequired "account_scope_required" 403 "Console accounts cannot call this.";
        SystemZoneReadOnly "system_zone_read_only" 403 "The zone belongs to the platform.";
        ZoneForbidden "zone_forbidden" 403 "The console account does not own the zone.";
        DcrDisabled "dcr_disabled" 403 "The zone does not register short-lived applications.";
        GrantScopesExceedResource "grant_scopes_exceed_resource" 403 "The resource does not declare every scope of the grant.";
        ControlResourceNotGrantable "control_resource_not_grantable" 403
            "What may be asked of the Control API is said by the traits of control keys, not by people.";
        OauthInitiatorMismatch "oauth_initiator_mismatch" 403
            "Only whoever began to connect the account can finish it.";
        SubjectApprovalRequired "subject_approval_required" 403 "Only the person the request is made for can decide.";
        FreshSignInRequired "fresh_sign_in_required" 403 "Sign in again first: ten minutes after that it is refused again.";
        PasskeyNotAllowed "passkey_not_allowed" 403 "Whom the identity provider's claims let in signs in there alone.";
        NotInvited "not_invited" 403 "Nobody invited the person to the console, or their address is not verified.";
        SignInWayNotConfigured "sign_in_way_not_configured" 404 "The deployment does not let anybody sign in this way.";
        AccountNotFound "account_not_found" 404 "There is no such account, or no such session of it.";
        LinkNotFound "link_not_found" 404 "The link was used, has run out, or another took its place.";
        AdminTokenNotFound "admin_token_not_found" 404 "There is no such admin token.";
        ApprovalNotFound "approval_not_found" 404 "There is no such approval in the zone, or it ended a day ago.";
        AuditHoldNotFound "audit_hold_not_found" 404 "There is no such hold on evidence, or it was lifted.";
        ClientSecretNotStored "client_secret_not_stored" 404 "No copy of the secret is kept that could be shown.";
        WorkloadNotFound "workload_not_found" 404 "There is no such workload.";
        WorkloadSecretNotStored "workload_secret_not_stored" 404 "No copy of the secret is kept that could be shown.";
        SubjectIssuerNotFound "subject_issuer_not_found" 404 "There is no such issuer of subjects, or it is archived.";
        GrantNotFound "grant_not_found" 404 "There is no such grant.";
        ProviderNotFound "provider_not_found" 404 "There is no such provider, or it is archived.";
        ProviderConnectionNotFound "provider_connection_not_found" 404
            "There is no such connection.";
        PolicyNotFound "policy_not_found" 404 "There is no such policy, or it is archived.";
        PolicyVersionNotFound "policy_version_not_found" 404 "The policy has no such version.";
        PolicyCanaryNotFound "policy_canary_not_found" 404 "No version decides for some applications.";
        PolicyShadowNotFound "policy_shadow_not_found" 404 "No version is decided beside the one in force.";
        PolicySetNotFound "policy_set_not_found" 404 "There is no such policy set, or it is archived.";
        PolicySetVersionNotFound "policy_set_version_not_found" 404 "The policy set has no such version.";
        PolicySetBindingNotFound "policy_set_binding_not_found" 404 "There is no such policy set to activate or to ask about.";
        ActivePolicySetVersionNotFound "active_policy_set_version_not_found" 404 "No version of the policy set is active.";
        VersionNotFound "version_not_found" 404 "The policy set has no such version to activate or check.";
        SubjectNotFound "subject_not_found" 404 "The subject never held authority in this zone.";
        SinkNotFound "sink_not_found" 404 "There is no such sink of notifications.";
        DeliveryNotFound "delivery_not_found" 404 "The sink has no such delivery, or it ended a week ago.";
        RequestNotFound "request_not_found" 404 "The ledger has no events of this request.";
        ApprovalNotDecidable "approval_not_decidable" 409
            "It was decided, used, or has ended, or the caller has had its say; `state` tells how it stands.";
        AccountEmailTaken "account_email_taken" 409 "Another account has this address.";
        LastOwner "last_owner" 409 "Nobody would be left who could manage accounts.";
        ReservedNamespace "reserved_namespace" 409 "The name begins like those of the platform.";
        ProtectedResource "protected_resource" 409 "The resource belongs to the platform.";
        ZoneStateInexpressible "zone_state_inexpressible" 409
            "The zone cannot be told as one document: it is too large, or two of its objects have one name.";
        ZoneSlugConflict "zone_slug_conflict" 409 "Another zone has this slug.";
        ApplicationNameTaken "application_name_taken" 409 "Another application of the zone has this name.";
        WorkloadNameTaken "workload_name_taken" 409 "Another workload of the zone has this name.";
        SubjectIssuerExists "subject_issuer_exists" 409 "The zone trusts this issuer already.";
        SubjectIssuerLimitReached "subject_issuer_limit_reached" 409 "The zone trusts as many issuers as it may.";
        SinkLimitReached "sink_limit_reached" 409 "The zone has as many sinks of notifications as it may have.";
        SinkPaused "sink_paused" 409 "The sink is told nothing while it is not active.";
        ResourceIdentifierConflict "resource_identifier_conflict" 409 "Another resource of the zone has this identifier.";
        ResourceQuotaExceeded "resource_quota_exceeded" 409 "The zone has as many resources as it may have.";
        ProviderIdentifierConflict "provider_identifier_conflict" 409 "Another provider of the zone has this identifier.";
        PolicyNameConflict "policy_name_conflict" 409 "Another policy of the zone has this name.";
        PolicySetNameConflict "policy_set_name_conflict" 409 "Another policy set of the zone has this name.";
        DcrShutdownRequired "dcr_shutdown_required" 409
            "Short-lived applications still run; say with `dcr_shutdown` what becomes of them.";
        InvalidRego "invalid_rego" 422 "The policy is not a data document; `details.issues` names each problem and its place.";
        InvalidPolicyContract "invalid_policy_contract" 422 "The policy set breaks a rule of policy sets.";
        InvalidPolicyBundle "invalid_policy_bundle" 422 "The policies do not work together.";
        ProviderCheckFailed "provider_check_failed" 422
            "The provider was tried and not made; `details.check` tells each step.";
        ProviderDiscoveryFailed "provider_discovery_failed" 422
            "The issuer publishes no metadata that can be used; `details.steps` tells each step.";
        ResourceCheckFailed "resource_check_failed" 422
            "The upstream was tried and the resource not made; `details.check` tells each step.";
        ProviderTestRateLimited "provider_test_rate_limited" 429
            "Too many providers of the zone were tried; `Retry-After` says when to try again.";
        ProviderDiscoveryRateLimited "provider_discovery_rate_limited" 429
            "Too many issuers were asked for the zone; `Retry-After` says when to try again.";
        ResourceTestRateLimited "resource_test_rate_limited" 429
            "Too many upstreams of the zone were tried; `Retry-After` says when to try again.";
        DcrLimitExceeded "dcr_limit_exceeded" 429 "The zone has as many short-lived applications as it may have.";
        DcrRateLimitExceeded "dcr_rate_limit_exceeded" 429
            "Too many short-lived applications were made at once; `Retry-After` says when to try again.";
        TooManyPolicyChecks "too_many_policy_checks" 429
            "The caller has too many policies being checked; `Retry-After` says when to try again.";
        SecretBackendUnavailable "secret_backend_unavailable" 502 "The store of secrets does not answer; try again.";
        ProviderTokenExchangeFailed "provider_token_exchange_failed" 502
            "The provider's token endpoint did not give a token for the code; `details.error` is its word.";
        ProviderTokenResponseInvalid "provider_token_response_invalid" 502
            "The answer of the provider's token endpoint cannot be used.";
        IdentityProviderFailed "identity_provider_failed" 502
            "The identity provider's answer cannot be used; whoever runs the deployment finds why in the log.";
        IdentityProviderUnavailable "identity_provider_unavailable" 503 "The identity provider does not answer; try again.";
        PolicyVerificationUnavailable "policy_verification_unavailable" 503 "Policies cannot be checked now; try again.";
        Overloaded "overloaded" 503 "Too many secrets are being hashed; try again.";
    }
    Audit {
        CheckpointNotSigned "checkpoint_not_signed" 403 "No known key of the log signed the checkpoint.";
        LogUnknown "log_unknown" 404 "There is no such log, or the witness knows no key of it.";
        EntryNotFound "entry_not_found" 404 "The log has no such entry, tile, or event of this request.";
        PackTooLarge "pack_too_large" 400
            "There are more such events than a pack that is answered may hold; narrow it, or use `caracald audit pack`.";
        CheckpointInconsistent "checkpoint_inconsistent" 422
            "The proof does not lead from the checkpoint cosigned last to this one.";
        EvidenceContradicts "evidence_contradicts" 500
            "The log is not what was signed of it before, so nothing is proved with it; somebody should look.";
        BusUnavailable "bus_unavailable" 503 "The event bus does not answer; try again.";
    }
}
