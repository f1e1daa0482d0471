//! The table of routes: method, path, what is needed, name, handler, a sentence for the document, the code of a wrong
//! body, and after `!` what the handler refuses with: codes that several share, then its own.

mod access;
mod accounts;
mod admin_audit;
mod admin_tokens;
mod applications;
mod approvals;
mod audit;
mod authority_records;
mod authzen;
mod budgets;
mod caller;
mod console;
mod control;
mod delegations;
mod grants;
mod notification_sinks;
mod policies;
mod policy_sets;
mod provider_connections;
mod providers;
mod resources;
mod retention;
mod sessions;
mod subject_issuers;
mod subjects;
mod workloads;
mod zone_state;
mod zones;

use caracal_service::{front::Served, limits::LimitClass};
use caracal_wire::ErrorCode;

use crate::{
    access::{
        Capability::{Decide, Read, ReadEvidence, Release, Reveal, Stop, Write},
        Needs, Reach,
    },
    custody,
    deps::ApiDeps,
    policy_work,
};

type Route = caracal_service::front::Route<ApiDeps>;

const fn needs(capability: crate::access::Capability, reach: Reach) -> Needs {
    let changes = !matches!(capability, Read | ReadEvidence);
    Needs {
        capability,
        reach,
        changes,
        changes_zone: false,
        outlives_zone: matches!(capability, ReadEvidence | Release),
    }
}

const READ: Needs = needs(Read, Reach::Zone);
const WRITE: Needs = needs(Write, Reach::Zone);
const TRY: Needs = Needs {
    changes: false,
    ..WRITE
};
/// What is about evidence, which is kept longer than the zone.
const READ_KEPT: Needs = Needs {
    outlives_zone: true,
    ..READ
};
/// Done again until nothing is left.
const ARCHIVE: Needs = Needs {
    outlives_zone: true,
    ..WRITE
};
const DECIDE: Needs = needs(Decide, Reach::Zone);
const REVEAL: Needs = needs(Reveal, Reach::Zone);
const RELEASE: Needs = needs(Release, Reach::Zone);
const READ_ACCOUNTS: Needs = needs(Read, Reach::Deployment { accounts: true });
const WRITE_ACCOUNTS: Needs = needs(Write, Reach::Deployment { accounts: true });
const READ_TOKENS: Needs = needs(Read, Reach::Deployment { accounts: false });
const WRITE_TOKENS: Needs = needs(Write, Reach::Deployment { accounts: false });
const EVIDENCE: Needs = needs(ReadEvidence, Reach::Zone);
const EVIDENCE_NOW: Needs = Needs {
    outlives_zone: false,
    ..EVIDENCE
};
const STOP: Needs = needs(Stop, Reach::Zone);
/// Those that keep a receipt say that they change the zone itself.
const WRITE_ZONE: Needs = Needs {
    changes_zone: true,
    ..WRITE
};
const OWN: Needs = needs(Read, Reach::Own);
const CHANGE_OWN: Needs = Needs { changes: true, ..OWN };
const OPEN: Needs = needs(Read, Reach::Open);
const BECOME: Needs = Needs {
    changes: true,
    ..OPEN
};
const STATELESS: Needs = needs(Read, Reach::Stateless);
const ASK: Needs = needs(Read, Reach::Home);
const COMMAND: Needs = Needs {
    changes: true,
    ..needs(Read, Reach::Control)
};

macro_rules! table {
    ($($method:ident $path:literal $needs:ident $name:literal $handler:path, $summary:literal $($invalid:ident)? $([$($flag:ident $(($($argument:expr),+))?),+])? $(! $([$($shared:path),+])? $($code:ident)*)?;)+) => {
        vec![$(Route::$method($path, $name, $needs, $handler).summary($summary) $(.invalid(ErrorCode::$invalid))? $($(.$flag($($($argument),+)?))+)? $($($(.refuses(&$shared))+)? .refuses(&[$(ErrorCode::$code),*]))?,)+]
    };
}

/// The routes of the Control API.
pub fn router(deps: ApiDeps) -> Served {
    caracal_service::front::router(deps, table())
}

/// Every route of this role, as the router knows them.
pub fn table() -> Vec<Route> {
    table! {
        get "/v1/zones" READ_ACCOUNTS "zones.list" zones::list::handle, "List zones that the caller may see.";
        post "/v1/zones" WRITE_ACCOUNTS "zones.create" zones::create::handle, "Make a zone." InvalidZone [idempotent] ! ReservedNamespace ZoneSlugConflict;
        get "/v1/zones/{zoneId}" READ "zones.get" zones::get::handle, "Read a zone." ! ZoneNotFound;
        patch "/v1/zones/{zoneId}" WRITE "zones.update" zones::patch::handle, "Change a zone." InvalidZone ! RateLimitAboveCeiling NoFields ReservedNamespace DcrShutdownNotApplicable ZoneNotFound DcrShutdownRequired ZoneSlugConflict;
        delete "/v1/zones/{zoneId}" ARCHIVE "zones.archive" zones::archive::handle, "Archive a zone and end everything in it." ! ZoneNotFound;
        post "/v1/zones/{zoneId}/freeze" STOP "zones.freeze" zones::freeze::freeze, "Allow nothing in a zone until it is thawed." ! ZoneNotFound;
        post "/v1/zones/{zoneId}/thaw" WRITE_ZONE "zones.thaw" zones::freeze::thaw, "Allow again what is allowed in a zone." [idempotent] ! ZoneNotFound;
        get "/v1/zones/{zoneId}/dcr-status" READ "zones.dcr_status" zones::dcr_status::handle, "Tell whether short-lived applications are registered, and how many live." ! ZoneNotFound;
        get "/v1/zones/{zoneId}/overview" READ "zones.overview" zones::overview::handle, "Count what is in a zone." ! PolicyVerificationUnavailable;
        get "/v1/zones/{zoneId}/activity" EVIDENCE "zones.activity" zones::activity::handle, "Count what was decided in a zone of late: calls, latency, denials and their reasons." ! PolicyVerificationUnavailable;
        get "/v1/zones/{zoneId}/state" READ "zone_state.get" zone_state::get::handle, "Tell a whole zone as one document, without its secrets." ! [zone_state::REFUSES];
        put "/v1/zones/{zoneId}/state" WRITE "zone_state.apply" zone_state::put::handle, "Make a zone what a document says, or tell what that would change." InvalidZoneState [body_limit(zone_state::MAX_BYTES)] ! [zone_state::REFUSES, policy_work::REFUSES, custody::REFUSES] Conflict;
        get "/v1/zones/{zoneId}/applications" READ "applications.list" applications::list::handle, "List applications.";
        post "/v1/zones/{zoneId}/applications" WRITE "applications.create" applications::create::handle, "Make a managed application." InvalidApplication [secret] ! [applications::TRAITS, custody::REFUSES] ZoneNotFound ReservedNamespace ApplicationNameTaken;
        post "/v1/zones/{zoneId}/applications/dcr" WRITE "applications.register" applications::dcr::handle, "Register a short-lived application." InvalidApplication [secret, limited(LimitClass::Registration)] ! ZoneNotFound DcrDisabled ReservedNamespace DcrLimitExceeded DcrRateLimitExceeded Overloaded;
        get "/v1/zones/{zoneId}/applications/{id}" READ "applications.get" applications::get::handle, "Read an application." ! ApplicationNotFound;
        patch "/v1/zones/{zoneId}/applications/{id}" WRITE "applications.update" applications::patch::handle, "Change an application." InvalidApplication ! [applications::TRAITS, custody::REFUSES] NoFields ClientSecretNotConfigured ApplicationNotFound ReservedNamespace ApplicationNameTaken;
        delete "/v1/zones/{zoneId}/applications/{id}" STOP "applications.archive" applications::archive::handle, "Archive an application and end everything it holds." ! ApplicationNotFound;
        post "/v1/zones/{zoneId}/applications/{id}/rotate-secret" WRITE "applications.rotate_secret" applications::rotate::handle, "Give an application another secret." [secret] ! [custody::REFUSES] ApplicationNotFound;
        get "/v1/zones/{zoneId}/applications/{id}/client-secret" REVEAL "applications.reveal_secret" applications::reveal::handle, "Show the secret of a managed application." [refuses_with(500, &[ErrorCode::AuditUnavailable])] ! ApplicationNotFound ClientSecretNotStored SecretBackendUnavailable Conflict;
        get "/v1/zones/{zoneId}/workloads" READ "workloads.list" workloads::list::handle, "List workloads.";
        post "/v1/zones/{zoneId}/workloads" WRITE "workloads.create" workloads::create::handle, "Make a workload." InvalidWorkload [secret] ! [custody::REFUSES] ZoneNotFound WorkloadNameTaken;
        get "/v1/zones/{zoneId}/workloads/{id}" READ "workloads.get" workloads::get::handle, "Read a workload." ! WorkloadNotFound;
        put "/v1/zones/{zoneId}/workloads/{id}" WRITE "workloads.update" workloads::update::handle, "Change a workload." InvalidWorkload ! NoFields InvalidCredentialEnv DuplicateCredentialEnv WorkloadNotFound WorkloadNameTaken;
        delete "/v1/zones/{zoneId}/workloads/{id}" STOP "workloads.delete" workloads::delete::handle, "Delete a workload and refuse what it waits for." ! WorkloadNotFound;
        post "/v1/zones/{zoneId}/workloads/{id}/rotate-secret" WRITE "workloads.rotate_secret" workloads::rotate::handle, "Give a workload another secret." [secret] ! [custody::REFUSES] WorkloadNotFound;
        get "/v1/zones/{zoneId}/workloads/{id}/secret" REVEAL "workloads.reveal_secret" workloads::reveal::handle, "Show the secret of a workload." [refuses_with(500, &[ErrorCode::AuditUnavailable])] ! WorkloadNotFound WorkloadSecretNotStored SecretBackendUnavailable Conflict;
        get "/v1/zones/{zoneId}/resources" READ "resources.list" resources::list::handle, "List resources.";
        post "/v1/zones/{zoneId}/resources" WRITE "resources.create" resources::create::handle, "Make a resource." InvalidResource [idempotent] ! [resources::RULES] ZoneNotFound ResourceQuotaExceeded ProviderIdentifierConflict ResourceVerificationUnsupported ResourceCheckFailed ResourceTestRateLimited;
        get "/v1/zones/{zoneId}/resources/{id}" READ "resources.get" resources::get::handle, "Read a resource." ! ResourceNotFound;
        patch "/v1/zones/{zoneId}/resources/{id}" WRITE "resources.update" resources::patch::handle, "Change a resource." InvalidResource ! [resources::RULES] NoFields ResourceNotFound;
        delete "/v1/zones/{zoneId}/resources/{id}" WRITE "resources.archive" resources::archive::handle, "Archive a resource." ! ResourceNotFound ProtectedResource;
        post "/v1/zones/{zoneId}/resources/{id}/test" WRITE "resources.test" resources::test::handle, "Try out whether an upstream refuses mandates that nobody issued." ! ResourceNotFound ResourceVerificationUnsupported ResourceTestRateLimited;
        get "/v1/zones/{zoneId}/providers" READ "providers.list" providers::list::handle, "List providers.";
        post "/v1/zones/{zoneId}/providers" WRITE "providers.create" providers::create::handle, "Make a provider." InvalidProvider [idempotent] ! [providers::RULES] ZoneNotFound ProviderCheckUnsupported ProviderCheckFailed ProviderTestRateLimited;
        get "/v1/zones/{zoneId}/providers/{id}" READ "providers.get" providers::get::handle, "Read a provider." ! ProviderNotFound;
        patch "/v1/zones/{zoneId}/providers/{id}" WRITE "providers.update" providers::patch::handle, "Change a provider." InvalidProvider ! [providers::RULES] NoFields ProviderConfigRequired ProviderNotFound;
        delete "/v1/zones/{zoneId}/providers/{id}" WRITE "providers.archive" providers::archive::handle, "Archive a provider and forget its credential." ! ProviderNotFound;
        post "/v1/zones/{zoneId}/providers/discovery" TRY "providers.discover" providers::discover::handle, "Read what an issuer publishes, to make a provider of it." ! ZoneNotFound InvalidIssuer ProviderDiscoveryFailed ProviderDiscoveryRateLimited;
        post "/v1/zones/{zoneId}/providers/{id}/test" WRITE "providers.test" providers::test::handle, "Try out whether a provider's token endpoint takes the client." ! ProviderNotFound InvalidProviderConfig SecretBackendUnavailable ProviderCheckUnsupported ProviderTestRateLimited;
        get "/v1/zones/{zoneId}/grants" READ "grants.list" grants::list::handle, "List what people agreed to let applications do.";
        post "/v1/zones/{zoneId}/grants" WRITE "grants.create" grants::create::handle, "Note what a person agreed to let an application do at a resource." [idempotent] ! ZoneNotFound ApplicationNotFound ResourceNotFound ControlResourceNotGrantable GrantScopesExceedResource;
        get "/v1/zones/{zoneId}/grants/{id}" READ "grants.get" grants::get::handle, "Read a grant." ! GrantNotFound;
        get "/v1/zones/{zoneId}/grants/{id}/access" READ "grants.access" grants::access::handle, "Tell what the policy in force says to each scope of a grant." ! GrantNotFound ZoneNotFound PolicyVerificationUnavailable;
        delete "/v1/zones/{zoneId}/grants/{id}" STOP "grants.revoke" grants::revoke::handle, "Take a grant back, and end what its application holds for its person." ! GrantNotFound;
        get "/v1/zones/{zoneId}/provider-connections" READ "provider_connections.list" provider_connections::list::handle, "List accounts that are connected at upstreams' OAuth servers.";
        post "/v1/zones/{zoneId}/provider-connections" WRITE "provider_connections.create" provider_connections::create::handle, "Keep tokens of an account that somebody connected elsewhere." InvalidProviderConnection [idempotent] ! [provider_connections::PROVIDER] ZoneNotFound InvalidProviderConfig;
        post "/v1/zones/{zoneId}/provider-connections/oauth/authorize" WRITE "provider_connections.authorize" provider_connections::authorize::handle, "Begin to connect an account: tell where a person says yes." InvalidProviderOauthAuthorize [secret] ! [provider_connections::PROVIDER] ZoneNotFound InvalidProviderConfig SecretBackendUnavailable;
        get "/v1/zones/{zoneId}/provider-connections/oauth/callback" WRITE "provider_connections.finish" provider_connections::callback::handle, "Finish to connect an account with what the person came back with; for whoever began it." [any_query] ! [provider_connections::PROVIDER, provider_connections::callback::REFUSES];
        post "/v1/zones/{zoneId}/provider-connections/revoke" STOP "provider_connections.revoke" provider_connections::revoke::handle, "End a connection at once, then tell the upstream's server." InvalidProviderConnection ! ProviderConnectionNotFound;
        get "/v1/zones/{zoneId}/provider-connections/{id}" READ "provider_connections.get" provider_connections::get::handle, "Read a connection." ! ProviderConnectionNotFound;
        post "/v1/policies/validate" STATELESS "policies.validate" policies::validate::handle, "Check a policy without keeping it." ! [policy_work::REFUSES] InvalidRego;
        get "/v1/policy-templates" STATELESS "policies.templates" policies::templates::handle, "List policies to begin with.";
        get "/v1/zones/{zoneId}/policies" READ "policies.list" policies::list::handle, "List policies.";
        post "/v1/zones/{zoneId}/policies" WRITE "policies.create" policies::create::handle, "Make a policy with its first version." [idempotent] ! [policy_work::REFUSES] InvalidRego ZoneNotFound ReservedNamespace PolicyNameConflict;
        get "/v1/zones/{zoneId}/policies/{id}" READ "policies.get" policies::get::handle, "Read a policy with its versions." ! PolicyNotFound;
        delete "/v1/zones/{zoneId}/policies/{id}" WRITE "policies.archive" policies::archive::handle, "Archive a policy." ! PolicyNotFound;
        get "/v1/zones/{zoneId}/policies/{id}/versions" READ "policies.list_versions" policies::versions::list, "List the versions of a policy." ! PolicyNotFound;
        get "/v1/zones/{zoneId}/policies/{id}/versions/{versionId}" READ "policies.get_version" policies::versions::get, "Read a version of a policy." ! PolicyVersionNotFound;
        post "/v1/zones/{zoneId}/policies/{id}/versions" WRITE "policies.add_version" policies::add_version::handle, "Add a version to a policy." [idempotent] ! [policy_work::REFUSES] InvalidRego PolicyNotFound;
        get "/v1/zones/{zoneId}/policy-sets" READ "policy_sets.list" policy_sets::list::handle, "List policy sets.";
        post "/v1/zones/{zoneId}/policy-sets" WRITE "policy_sets.create" policy_sets::create::handle, "Make a policy set." [idempotent] ! ZoneNotFound PolicySetNameConflict;
        get "/v1/zones/{zoneId}/policy-sets/{id}" READ "policy_sets.get" policy_sets::get::handle, "Read a policy set." ! PolicySetNotFound;
        delete "/v1/zones/{zoneId}/policy-sets/{id}" WRITE "policy_sets.archive" policy_sets::archive::handle, "Archive a policy set." ! PolicySetNotFound;
        get "/v1/zones/{zoneId}/policy-sets/{id}/versions" READ "policy_sets.list_versions" policy_sets::versions::list, "List the versions of a policy set." ! PolicySetNotFound;
        post "/v1/zones/{zoneId}/policy-sets/{id}/versions" WRITE "policy_sets.add_version" policy_sets::add_version::handle, "Add a version to a policy set." [idempotent] ! [policy_work::REFUSES, policy_sets::BUNDLE] PolicySetNotFound;
        get "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}" READ "policy_sets.get_version" policy_sets::versions::get, "Read a version of a policy set." ! PolicySetVersionNotFound;
        get "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/diff" READ "policy_sets.diff" policy_sets::diff::handle, "Tell what would be different with a version: its policies, what they state, and who could be given what." ! [policy_work::REFUSES, policy_sets::BUNDLE] VersionNotFound;
        post "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/replay" TRY "policy_sets.replay" policy_sets::replay::handle, "Make recorded decisions again with a version that need not be in force, and tell what would change." ! [policy_work::REFUSES, policy_sets::BUNDLE] VersionNotFound InvalidCursor;
        post "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/least-privilege" TRY "policy_sets.least_privilege" policy_sets::least_privilege::handle, "Tell which grants of a version no recorded decision needs, and the policy without them." ! [policy_work::REFUSES, policy_sets::BUNDLE] VersionNotFound;
        post "/v1/zones/{zoneId}/policy-sets/{id}/activate" WRITE "policy_sets.activate" policy_sets::activate::handle, "Put a version in force." [idempotent] ! [policy_work::REFUSES, policy_sets::BUNDLE] VersionNotFound PolicySetBindingNotFound;
        get "/v1/zones/{zoneId}/policy-sets/{id}/activation-status" READ "policy_sets.activation_status" policy_sets::activation_status::handle, "Tell whether a version is in force everywhere." ! PolicySetBindingNotFound ActivePolicySetVersionNotFound;
        post "/v1/zones/{zoneId}/policy-sets/{id}/simulate" TRY "policy_sets.simulate" policy_sets::simulate::handle, "Decide a request with a version that need not be in force." ! [policy_work::REFUSES, policy_sets::BUNDLE] VersionNotFound;
        post "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/shadow" WRITE "policy_shadow.begin" policy_sets::shadow::begin, "Decide a version beside the one in force, and enforce nothing of it." [idempotent] ! [policy_work::REFUSES, policy_sets::BUNDLE] VersionNotFound ZoneNotFound Conflict;
        get "/v1/zones/{zoneId}/policy-shadow" EVIDENCE_NOW "policy_shadow.get" policy_sets::shadow::report, "Tell what the version decided beside the one in force would change." ! PolicyShadowNotFound;
        post "/v1/zones/{zoneId}/policy-sets/{id}/versions/{versionId}/canary" WRITE "policy_canary.begin" policy_sets::canary::begin, "Have a version decide for a share of the applications." [idempotent] ! [policy_work::REFUSES, policy_sets::BUNDLE] VersionNotFound ZoneNotFound Conflict;
        get "/v1/zones/{zoneId}/policy-canary" READ "policy_canary.get" policy_sets::canary::get, "Tell which version decides for a share of the applications, or last did, and what was counted of it." ! PolicyCanaryNotFound;
        patch "/v1/zones/{zoneId}/policy-canary" WRITE "policy_canary.update" policy_sets::canary::change, "Change for how many applications a version decides, and when it is taken back." ! NoFields PolicyCanaryNotFound;
        post "/v1/zones/{zoneId}/policy-canary/activate" WRITE "policy_canary.activate" policy_sets::canary::activate, "Put the version in force that decides for a share of the applications." [idempotent] ! [policy_work::REFUSES, policy_sets::BUNDLE] VersionNotFound PolicySetBindingNotFound PolicyCanaryNotFound;
        delete "/v1/zones/{zoneId}/policy-canary" WRITE "policy_canary.end" policy_sets::canary::end, "Have the version in force decide for every application again." ! PolicyCanaryNotFound;
        delete "/v1/zones/{zoneId}/policy-shadow" WRITE "policy_shadow.end" policy_sets::shadow::end, "Decide no version beside the one in force any more." ! PolicyShadowNotFound;
        get "/v1/zones/{zoneId}/access/who-can" READ "access.who_can" access::who_can::handle, "Tell who can be given a scope by the policy in force." ! ZoneNotFound ResourceNotFound PolicyVerificationUnavailable;
        get "/v1/zones/{zoneId}/access/what-can" READ "access.what_can" access::what_can::handle, "Tell what an application can be given by the policy in force." ! ZoneNotFound ApplicationNotFound PolicyVerificationUnavailable;
        get "/v1/zones/{zoneId}/authority-records" READ "authority_records.list" authority_records::handle, "List authority records.";
        get "/v1/zones/{zoneId}/sessions" READ "sessions.list" sessions::list::handle, "List sessions.";
        get "/v1/zones/{zoneId}/sessions/{id}" READ "sessions.get" sessions::get::handle, "Read a session." ! SessionNotFound;
        get "/v1/zones/{zoneId}/sessions/{id}/tree" READ "sessions.tree" sessions::tree::handle, "Read a session and the live ones below it." ! SessionNotFound;
        post "/v1/zones/{zoneId}/sessions/{id}/suspend" STOP "sessions.suspend" sessions::pause::suspend, "Pause a session and its descendants." ! SessionNotFound;
        post "/v1/zones/{zoneId}/sessions/{id}/resume" WRITE "sessions.resume" sessions::pause::resume, "Let a paused session and its descendants go on." [idempotent] ! SessionNotFound SessionNotFoundOrNotSuspended SessionNotLive SessionParentNotActive SessionSubjectInactive;
        post "/v1/zones/{zoneId}/sessions/{id}/terminate" STOP "sessions.terminate" sessions::terminate::handle, "End a session with everything below it." ! SessionNotFound;
        get "/v1/zones/{zoneId}/sessions/{id}/delegations/inbound" READ "sessions.inbound" sessions::delegations::inbound, "List what a session received." ! SessionNotFound;
        get "/v1/zones/{zoneId}/sessions/{id}/delegations/outbound" READ "sessions.outbound" sessions::delegations::outbound, "List what a session handed on." ! SessionNotFound;
        get "/v1/zones/{zoneId}/sessions/{id}/budgets" READ "sessions.budgets" budgets::of_session, "Read what a session used up of budgets." ! SessionNotFound;
        get "/v1/zones/{zoneId}/delegations" READ "delegations.list" delegations::list::handle, "List live delegations.";
        get "/v1/zones/{zoneId}/delegations/{id}/traverse" READ "delegations.traverse" delegations::traverse::handle, "Read a delegation and everything narrowed from it." ! DelegationNotFound;
        get "/v1/zones/{zoneId}/delegations/{id}/budgets" READ "delegations.budgets" budgets::of_delegation, "Read what a delegation used up of budgets." ! DelegationNotFound;
        post "/v1/zones/{zoneId}/delegations/{id}/revoke" STOP "delegations.revoke" delegations::revoke::handle, "Take a delegation back, with everything narrowed from it." ! DelegationNotFound;
        get "/v1/zones/{zoneId}/subjects" READ "subjects.list" subjects::list::handle, "List whoever holds, or held, authority.";
        get "/v1/zones/{zoneId}/subjects/overview" READ "subjects.overview" subjects::overview::handle, "Tell what a subject holds." ! SubjectNotFound;
        get "/v1/zones/{zoneId}/subjects/blocked" READ "subjects.list_blocked" subjects::blocked::list, "List subjects that are kept out.";
        post "/v1/zones/{zoneId}/subjects/unblock" WRITE "subjects.unblock" subjects::blocked::unblock, "Let a subject that is kept out in again." InvalidSubjectRevoke [idempotent] ! SubjectNotFound;
        post "/v1/zones/{zoneId}/subjects/revoke" STOP "subjects.revoke" subjects::revoke::revoke, "End everything a subject holds, and keep it out where that is asked." InvalidSubjectRevoke ! SubjectNotFound Conflict;
        get "/v1/zones/{zoneId}/subject-issuers" READ "subject_issuers.list" subject_issuers::list::handle, "List issuers of subjects.";
        post "/v1/zones/{zoneId}/subject-issuers" WRITE "subject_issuers.create" subject_issuers::create::handle, "Trust an issuer of subjects." InvalidSubjectIssuer [idempotent] ! ZoneNotFound SubjectIssuerExists SubjectIssuerLimitReached;
        get "/v1/zones/{zoneId}/subject-issuers/{id}" READ "subject_issuers.get" subject_issuers::get::handle, "Read an issuer of subjects." ! SubjectIssuerNotFound;
        patch "/v1/zones/{zoneId}/subject-issuers/{id}" WRITE "subject_issuers.update" subject_issuers::patch::handle, "Change an issuer of subjects." InvalidSubjectIssuer ! SubjectIssuerNotFound;
        delete "/v1/zones/{zoneId}/subject-issuers/{id}" WRITE "subject_issuers.archive" subject_issuers::archive::handle, "Trust an issuer of subjects no more." ! SubjectIssuerNotFound;
        get "/v1/zones/{zoneId}/approvals" READ "approvals.list" approvals::list::handle, "List requests that wait for a person, or did.";
        get "/v1/zones/{zoneId}/approvals/counts" READ "approvals.counts" approvals::counts::handle, "Count approvals by where they stand.";
        get "/v1/zones/{zoneId}/approvals/{id}" READ "approvals.get" approvals::get::handle, "Read an approval." ! ApprovalNotFound;
        post "/v1/zones/{zoneId}/approvals/{id}/approve" DECIDE "approvals.approve" approvals::decide::approve, "Say yes to a request that waits." [idempotent] ! ApprovalNotFound SubjectApprovalRequired ApprovalNotDecidable;
        post "/v1/zones/{zoneId}/approvals/{id}/reject" DECIDE "approvals.reject" approvals::decide::reject, "Say no to a request that waits." [idempotent] ! ApprovalNotFound SubjectApprovalRequired ApprovalNotDecidable;
        post "/v1/zones/{zoneId}/approvals/{id}/withdraw" DECIDE "approvals.withdraw" approvals::decide::withdraw, "Take back a yes that nobody has used." [idempotent] ! ApprovalNotFound ApprovalNotDecidable;
        get "/v1/zones/{zoneId}/notification-sinks" READ "notification_sinks.list" notification_sinks::list::handle, "List sinks of notifications.";
        post "/v1/zones/{zoneId}/notification-sinks" WRITE "notification_sinks.create" notification_sinks::create::handle, "Make a sink that is told what happens in the zone." InvalidSink [secret] ! [custody::REFUSES] InvalidSinkUrl ZoneNotFound SinkLimitReached;
        get "/v1/zones/{zoneId}/notification-sinks/{id}" READ "notification_sinks.get" notification_sinks::get::handle, "Read a sink of notifications." ! SinkNotFound;
        patch "/v1/zones/{zoneId}/notification-sinks/{id}" WRITE "notification_sinks.update" notification_sinks::patch::handle, "Change a sink of notifications." InvalidSink ! InvalidSinkUrl SinkNotFound;
        delete "/v1/zones/{zoneId}/notification-sinks/{id}" WRITE "notification_sinks.delete" notification_sinks::delete::handle, "Delete a sink of notifications with its deliveries." ! SinkNotFound;
        post "/v1/zones/{zoneId}/notification-sinks/{id}/rotate-secret" WRITE "notification_sinks.rotate_secret" notification_sinks::rotate::handle, "Sign what a sink is told with another secret." [secret] ! [custody::REFUSES] SinkNotFound;
        post "/v1/zones/{zoneId}/notification-sinks/{id}/test" WRITE "notification_sinks.test" notification_sinks::try_out::handle, "Send a sink a notification that tries it out." [idempotent] ! SinkNotFound SinkPaused;
        get "/v1/zones/{zoneId}/notification-sinks/{id}/deliveries" READ "notification_sinks.list_deliveries" notification_sinks::deliveries::list, "List what is on its way to a sink, or was." ! SinkNotFound;
        get "/v1/zones/{zoneId}/notification-sinks/{id}/deliveries/{deliveryId}" EVIDENCE_NOW "notification_sinks.get_delivery" notification_sinks::deliveries::get, "Read a delivery with what is sent." ! SinkNotFound DeliveryNotFound;
        post "/v1/zones/{zoneId}/notification-sinks/{id}/deliveries/{deliveryId}/redeliver" WRITE "notification_sinks.redeliver" notification_sinks::deliveries::redeliver, "Send a delivery again." [idempotent] ! SinkNotFound DeliveryNotFound;
        get "/v1/zones/{zoneId}/audit" EVIDENCE "audit.list" audit::list::handle, "Search the ledger." ! InvalidFields;
        get "/v1/zones/{zoneId}/audit/tail" EVIDENCE "audit.tail" audit::tail::handle, "Follow the ledger as server-sent events.";
        get "/v1/zones/{zoneId}/audit/by-request/{requestId}" EVIDENCE "audit.by_request" audit::by_request::handle, "Read the events of a request." ! RequestNotFound;
        get "/v1/zones/{zoneId}/audit/by-request/{requestId}/explain" EVIDENCE "audit.explain" audit::explain::handle, "Explain how a request ended." ! RequestNotFound;
        get "/v1/zones/{zoneId}/admin-audit" EVIDENCE "admin_audit.list" admin_audit::handle, "List what administrators did." ! InvalidFields;
        get "/v1/audit-retention" READ_ACCOUNTS "audit_retention.get" retention::get, "Tell how long events are kept.";
        put "/v1/audit-retention" WRITE_TOKENS "audit_retention.set" retention::put, "Say how long events are kept." ! RetentionAboveLimit;
        get "/v1/zones/{zoneId}/audit-retention" READ_KEPT "audit_retention.get_of_zone" retention::get_of_zone, "Tell how long a zone's events are kept.";
        put "/v1/zones/{zoneId}/audit-retention" WRITE "audit_retention.set_of_zone" retention::put_of_zone, "Say how long a zone's events are kept." ! ZoneNotFound RetentionAboveLimit;
        delete "/v1/zones/{zoneId}/audit-retention" WRITE "audit_retention.clear_of_zone" retention::delete_of_zone, "Keep a zone's events as long as the deployment keeps any.";
        get "/v1/zones/{zoneId}/audit-holds" READ_KEPT "audit_holds.list" retention::holds::list, "List what of a zone's events is held.";
        post "/v1/zones/{zoneId}/audit-holds" WRITE "audit_holds.place" retention::holds::place, "Hold a zone's events, or those that name a subject." [idempotent] ! ZoneNotFound Conflict;
        delete "/v1/zones/{zoneId}/audit-holds/{id}" RELEASE "audit_holds.lift" retention::holds::lift, "Lift a hold: for whoever reaches the whole deployment." ! AuditHoldNotFound;
        get "/v1/admin-tokens" READ_TOKENS "admin_tokens.list" admin_tokens::list::handle, "List admin tokens.";
        post "/v1/admin-tokens" WRITE_TOKENS "admin_tokens.create" admin_tokens::create::handle, "Make an admin token." InvalidAdminTokenRequest [secret] ! ZoneIdRequired ZoneIdNotAllowedForGlobal ApproveCapabilityRequired RevealCapabilityRequired ZoneNotFound;
        delete "/v1/admin-tokens/{id}" WRITE_TOKENS "admin_tokens.revoke" admin_tokens::revoke::handle, "Revoke an admin token." ! AdminTokenNotFound;
        get "/v1/accounts" READ_TOKENS "accounts.list" accounts::list, "List accounts of the console.";
        post "/v1/accounts" WRITE_TOKENS "accounts.create" accounts::create::handle, "Make an account and the link by which its holder sets a password." InvalidAccount [secret] ! AccountEmailTaken;
        get "/v1/accounts/{id}" READ_TOKENS "accounts.get" accounts::get, "Read an account of the console." ! AccountNotFound;
        patch "/v1/accounts/{id}" WRITE_TOKENS "accounts.update" accounts::change::patch, "Change or lock an account." InvalidAccount ! NoFields AccountNotFound LastOwner;
        delete "/v1/accounts/{id}" WRITE_TOKENS "accounts.delete" accounts::change::delete, "Delete an account and end its sessions." ! AccountNotFound LastOwner;
        post "/v1/accounts/{id}/link" WRITE_TOKENS "accounts.link" accounts::change::link, "Make a link by which the holder of an account sets another password." [secret] ! AccountNotFound;
        post "/v1/accounts/{id}/end-sessions" WRITE_TOKENS "accounts.end_sessions" accounts::change::end_sessions, "End the sessions of an account." ! AccountNotFound;
        delete "/v1/accounts/{id}/identity" WRITE_TOKENS "accounts.forget_identity" accounts::change::forget_identity, "Forget whom of the OpenID provider an account is of, and end its sessions." ! AccountNotFound LastOwner;
        delete "/v1/accounts/{id}/passkeys" WRITE_TOKENS "accounts.remove_passkeys" accounts::change::remove_passkeys, "Remove the passkeys of an account, and end its sessions." ! AccountNotFound;
        post "/v1/console/setup-links" WRITE_TOKENS "console.make_setup_link" console::links::make, "Make a link that makes an owner, once." [secret];
        get "/v1/console/setup" OPEN "console.setup" console::sign_in::setup, "Tell whether there is an owner yet." ! RateLimited;
        post "/v1/console/sign-in" BECOME "console.sign_in" console::sign_in::handle, "Sign in with a password." InvalidAccount ! SignInRefused RateLimited Overloaded;
        post "/v1/console/single-sign-on/begin" OPEN "console.begin_single_sign_on" console::single_sign_on::begin, "Tell where somebody signs in at the OpenID provider." ! [console::single_sign_on::PROVIDER] SignInWayNotConfigured RateLimited;
        post "/v1/console/single-sign-on/finish" BECOME "console.finish_single_sign_on" console::single_sign_on::finish, "Sign in whoever came back from the OpenID provider." InvalidAccount ! [console::single_sign_on::PROVIDER] SignInWayNotConfigured SignInExpired SignInRefused NotInvited OauthIssuerMismatch ProviderOauthDenied AuthorizationCodeRequired RateLimited;
        post "/v1/console/passkey/begin" OPEN "console.begin_passkey" console::passkeys::begin, "Tell what an authenticator is asked to sign somebody in." ! SignInWayNotConfigured RateLimited;
        post "/v1/console/passkey/finish" BECOME "console.finish_passkey" console::passkeys::finish, "Sign in with a passkey." InvalidAccount ! SignInWayNotConfigured SignInExpired SignInRefused RateLimited;
        post "/v1/console/email-code/begin" OPEN "console.begin_email_code" console::email_codes::begin, "Send a code to an address, if it has an account." InvalidAccount ! SignInWayNotConfigured SignInExpired RateLimited;
        post "/v1/console/email-code/finish" BECOME "console.finish_email_code" console::email_codes::finish, "Sign in with a code by e-mail." InvalidAccount ! SignInWayNotConfigured SignInExpired SignInRefused RateLimited;
        get "/v1/console/passkeys" OWN "console.passkeys" console::passkeys::list, "List one's own passkeys.";
        post "/v1/console/passkeys/registration" OWN "console.begin_passkey_registration" console::passkeys::begin_registration, "Tell what an authenticator is asked for a new passkey of one's own." ! SignInWayNotConfigured FreshSignInRequired PasskeyNotAllowed;
        post "/v1/console/passkeys" CHANGE_OWN "console.register_passkey" console::passkeys::register, "Add a passkey of one's own." InvalidPasskey ! SignInWayNotConfigured SignInExpired FreshSignInRequired PasskeyNotAllowed;
        delete "/v1/console/passkeys/{id}" CHANGE_OWN "console.remove_passkey" console::passkeys::remove, "Remove a passkey of one's own." ! FreshSignInRequired AccountNotFound;
        post "/v1/console/links/read" OPEN "console.read_link" console::links::read, "Tell what a link is for." ! LinkNotFound RateLimited;
        post "/v1/console/links/use" BECOME "console.use_link" console::links::take, "Set a password with a link, and sign in." InvalidAccount ! LinkNotFound AccountEmailTaken RateLimited Overloaded;
        get "/v1/console/me" OWN "console.me" console::own::me, "Tell who is signed in and what their role lets them do.";
        post "/v1/console/sign-out" CHANGE_OWN "console.sign_out" console::own::sign_out, "End the session that asks.";
        post "/v1/console/password" CHANGE_OWN "console.password" console::own::change_password, "Change one's own password, and end one's other sessions." InvalidAccount ! AccountNotFound Overloaded;
        get "/v1/console/sessions" OWN "console.sessions" console::own::sessions, "List one's own sessions.";
        delete "/v1/console/sessions" CHANGE_OWN "console.end_other_sessions" console::own::end_others, "End one's own sessions but the one that asks.";
        delete "/v1/console/sessions/{id}" CHANGE_OWN "console.end_session" console::own::end_one, "End one of one's own sessions." ! AccountNotFound;
        post "/v1/control/invoke" COMMAND "control.invoke" control::invoke::handle, "Carry out a command for a control key." Invalid [commands, body_limit(256 * 1024), refuses_with(401, &[ErrorCode::InvalidDpopProof]), refuses_with(409, &[ErrorCode::ZoneMismatch])] ! NotFound Upstream;
        post "/access/v1/evaluation" ASK "authzen.evaluate" authzen::evaluation::handle, "Tell whether the policy in force allows something." [body_limit(authzen::MAX_BYTES)] ! ZoneNotFound;
        post "/access/v1/evaluations" ASK "authzen.evaluate_several" authzen::evaluations::handle, "Tell of several things whether the policy in force allows them." ! [policy_work::REFUSES] ZoneNotFound;
        post "/access/v1/search/subject" ASK "authzen.search_subject" authzen::search::subject, "Tell who may do something by the policy in force." [body_limit(authzen::MAX_BYTES)] ! ZoneNotFound InvalidCursor;
        post "/access/v1/search/resource" ASK "authzen.search_resource" authzen::search::resource, "Tell to what somebody may do something by the policy in force." [body_limit(authzen::MAX_BYTES)] ! ZoneNotFound InvalidCursor;
        post "/access/v1/search/action" ASK "authzen.search_action" authzen::search::action, "Tell what somebody may do to something by the policy in force." [body_limit(authzen::MAX_BYTES)] ! ZoneNotFound InvalidCursor;
        get "/.well-known/authzen-configuration" OPEN "authzen.configuration" authzen::configuration::handle, "Tell where AuthZEN questions are asked." ! RateLimited;
        get "/v1/caller" STATELESS "caller.get" caller::handle, "Tell who asks, how far their token reaches and what it is good for.";
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn a_zone_route_names_its_zone_and_reads_need_no_more_than_read() {
        for route in table() {
            assert_eq!(
                route.needs.reach == Reach::Zone,
                route.path.starts_with("/v1/zones/{zoneId}"),
                "{route:?}"
            );
            let of_zones = matches!(route.needs.reach, Reach::Zone | Reach::Deployment { .. });
            let changes = route.method != Method::GET && of_zones;
            // A browser comes back from an OAuth server with a GET; it changes something for whoever sent it, and for nobody
            // without a token.
            let changes = changes || route.name == "provider_connections.finish";
            let may_change = matches!(route.needs.capability, Write | Stop | Decide | Release);
            assert_eq!(may_change, changes, "{route:?}");
        }
    }
}
