//! The table of routes: method, path, who may call, name, type of the evidence where decisions are recorded, handler,
//! a sentence for the document, and after `!` what the handler refuses with. The path of a handler's file mirrors the URL.

pub(crate) mod delegations;
pub(crate) mod sessions;

use caracal_core::audit::EventType;
use caracal_service::front::{Evidence, Served, member_names};
use caracal_wire::ErrorCode;

use crate::{CoordinatorDeps, auth::Capability, deps::App, metrics};

type Route = caracal_service::front::Route<App>;

/// A route as documentation and tests see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteInfo {
    /// HTTP method.
    pub method: &'static str,
    /// Path template.
    pub path: &'static str,
    /// Name of the capability it needs.
    pub capability: &'static str,
    /// Whether the operator token may use it.
    pub operator: bool,
    /// What its calls leave.
    pub evidence: Evidence,
}

macro_rules! table {
    ($($method:ident $path:literal $who:ident $name:literal $($event:ident)? => $handler:path, $summary:literal $([$flag:ident])? $(! $($code:ident)+)?;)+) => {
        vec![$(
            Route::$method($path, $name, Capability::$who($name)$(.recorded(EventType::$event))?, $handler)
                .summary($summary)
                .refuses_with(401, &[ErrorCode::InvalidDpopProof])
                $(.$flag())?
                $(.refuses(&[$(ErrorCode::$code),+]))?,
        )+]
    };
}

fn routes() -> Vec<Route> {
    table! {
        post "/zones/{zone}/agents" mandate "session.start" SessionStart => sessions::start::handle, "Start a session." [idempotent]
            ! SubjectSessionIdRequired InvalidSubjectProof SubjectProofRequired SubjectProofApplicationMismatch
            ApplicationOwnershipRequired ParentOwnershipRequired ParentDelegationNotActive DelegationExceedsParentAuthority
            ZoneNotFound ApplicationNotFound SessionNotFound ParentNotFound
            InheritParentEdgeNotActive InheritParentEdgeAmbiguous TaskSessionCannotStartService IdempotencyResultInactive
            DcrApplicationAlreadyBound DcrApplicationCannotBeChild DcrApplicationCannotHostService DcrApplicationCannotStartChild
            SessionLimitExceeded SessionZoneLimitExceeded SessionChildrenLimitExceeded SessionDepthLimitExceeded;
        get "/zones/{zone}/agents" shared "session.list" => sessions::list::handle, "List sessions.";
        get "/zones/{zone}/agents/{id}" shared "session.get" => sessions::get::handle, "Read a session."
            ! SessionNotFound;
        delete "/zones/{zone}/agents/{id}" shared "session.end" SessionEnd => sessions::end::handle, "End a session and everything below it."
            ! LeaseGenerationRequired ApplicationOwnershipRequired SessionNotFound SessionLeaseFenced;
        get "/zones/{zone}/agents/{id}/children" shared "session.children" => sessions::children::handle, "List the direct children of a session.";
        patch "/zones/{zone}/agents/{id}/suspend" shared "session.suspend" SessionSuspend => sessions::suspend::handle, "Pause a session and its descendants."
            ! ApplicationOwnershipRequired SessionNotFound SessionNotFoundOrNotActive;
        patch "/zones/{zone}/agents/{id}/resume" shared "session.resume" SessionResume => sessions::resume::handle, "Let a paused session and its descendants go on."
            ! ApplicationOwnershipRequired SessionNotFound SessionNotFoundOrNotSuspended
            SessionNotLive SessionParentNotActive SessionSubjectInactive;
        post "/zones/{zone}/agents/{id}/lease" administered "session.lease" => sessions::lease::handle, "Take over a service."
            ! AuthorityRecordRequired IdentityRevoked ApplicationOwnershipRequired SessionNotFound SessionNotLive
            SessionSuspended SessionNotService SessionSubjectInactive SessionLeaseExpired SessionLeaseFenced;
        post "/zones/{zone}/agents/{id}/heartbeat" mandate "session.heartbeat" => sessions::heartbeat::handle, "Renew the lease of a service."
            ! AuthorityRecordRequired IdentityRevoked ApplicationOwnershipRequired SessionNotFound AgentServiceNotFound
            SessionNotLive SessionNotService SessionSubjectInactive SessionLeaseExpired SessionLeaseFenced;
        get "/zones/{zone}/agents/{id}/effective-authority" shared "session.effective_authority" => sessions::effective_authority::handle, "Tell what a session holds by delegation."
            ! ZoneNotFound SessionNotFound;
        post "/zones/{zone}/delegations" mandate "delegation.create" DelegationCreate => delegations::create::handle, "Hand authority from one session to another." [idempotent]
            ! InvalidDelegationConstraint InvalidResources InvalidMaxDepth InvalidMaxHops InvalidBudget InvalidTtlSeconds
            InvalidPolicyApproved InvalidExpiresAt InvalidBroadReason SelfDelegationDenied DelegationExpired DelegationExpiryRequired
            DelegationResourceScopeMismatch IssuerOwnershipRequired BroadDelegationPermissionRequired
            DelegationScopesExceedResource DelegationExceedsParentAuthority ParentDelegationNotActive
            ZoneNotFound ResourceNotFound DelegationEndpointNotFound
            DelegationApplicationMismatch DelegationCycleDenied IdempotencyResultInactive;
        get "/zones/{zone}/delegations/active" shared "delegation.active" => delegations::active::handle, "List live delegations.";
        get "/zones/{zone}/delegations/inbound/{session}" shared "delegation.inbound" => delegations::inbound::handle, "List what a session received."
            ! SessionNotFound;
        get "/zones/{zone}/delegations/inbound/{session}/{id}" shared "delegation.inbound_one" => delegations::inbound_one::handle, "Tell whether a session holds a delegation now."
            ! DelegationNotFound;
        get "/zones/{zone}/delegations/outbound/{session}" shared "delegation.outbound" => delegations::outbound::handle, "List what a session handed on."
            ! SessionNotFound;
        get "/zones/{zone}/delegations/{id}/traverse" shared "delegation.traverse" => delegations::traverse::handle, "List a delegation and everything narrowed from it."
            ! CoordinatorAdminRequired DelegationNotFound;
        get "/zones/{zone}/delegations/{id}/impact" shared "delegation.impact" => delegations::impact::handle, "Tell what revoking a delegation would reach."
            ! CoordinatorAdminRequired DelegationNotFound;
        patch "/zones/{zone}/delegations/{id}/revoke" shared "delegation.revoke" DelegationRevoke => delegations::revoke::handle, "Take a delegation back, with everything narrowed from it."
            ! IssuerOwnershipRequired ApplicationOwnershipRequired DelegationNotFound;
    }
}

/// The Coordinator's own routes.
pub fn router(deps: CoordinatorDeps) -> Served {
    metrics::describe();
    let routes = routes();
    caracal_service::front::router(App::new(deps, member_names(&routes)), routes)
}

/// Every route with what it demands.
pub fn table() -> Vec<RouteInfo> {
    let info = |route: &Route| RouteInfo {
        method: match route.method {
            http::Method::POST => "POST",
            http::Method::PATCH => "PATCH",
            http::Method::DELETE => "DELETE",
            _ => "GET",
        },
        path: route.path,
        capability: route.needs.name,
        operator: route.needs.operator,
        evidence: route.evidence(),
    };
    routes().iter().map(info).collect()
}

/// The OpenAPI document of these routes.
pub fn document() -> String {
    caracal_service::front::document(&routes())
}
