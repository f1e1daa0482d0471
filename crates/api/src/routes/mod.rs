//! The table of routes.

mod admin_audit;
mod admin_tokens;
mod applications;
mod audit;
mod authority_records;
mod policies;
mod policy_sets;
mod providers;
mod resources;
mod sessions;
mod subjects;
mod zones;

use http::Method;

use crate::route::{
    Capability::{Read, Reveal, Write},
    Handler, Reach, Route,
};

/// A route of one zone.
macro_rules! zone {
    ($method:ident $path:literal $capability:ident $handler:path) => {
        Route {
            method: Method::$method,
            path: concat!("/v1/zones/{zoneId}", $path),
            capability: $capability,
            reach: Reach::Zone,
            handler: Handler::Zone(|call| Box::pin($handler(call))),
        }
    };
}

/// A route outside any zone.
macro_rules! global {
    ($method:ident $path:literal $capability:ident $reach:expr, $handler:path) => {
        Route {
            method: Method::$method,
            path: $path,
            capability: $capability,
            reach: $reach,
            handler: Handler::Global(|call| Box::pin($handler(call))),
        }
    };
}

const ACCOUNTS: Reach = Reach::Deployment { accounts: true };
const TOKENS: Reach = Reach::Deployment { accounts: false };

pub(crate) static ROUTES: &[Route] = &[
    global!(GET "/v1/zones" Read ACCOUNTS, zones::list::handle),
    global!(POST "/v1/zones" Write ACCOUNTS, zones::create::handle),
    zone!(GET "" Read zones::get::handle),
    zone!(PATCH "" Write zones::patch::handle),
    zone!(DELETE "" Write zones::archive::handle),
    zone!(GET "/dcr-status" Read zones::dcr_status::handle),
    zone!(GET "/overview" Read zones::overview::handle),
    zone!(GET "/applications" Read applications::list::handle),
    zone!(POST "/applications" Write applications::create::handle),
    zone!(POST "/applications/dcr" Write applications::dcr::handle),
    zone!(GET "/applications/{id}" Read applications::get::handle),
    zone!(PATCH "/applications/{id}" Write applications::patch::handle),
    zone!(DELETE "/applications/{id}" Write applications::archive::handle),
    zone!(POST "/applications/{id}/rotate-secret" Write applications::rotate::handle),
    zone!(GET "/applications/{id}/client-secret" Reveal applications::reveal::handle),
    zone!(GET "/resources" Read resources::list::handle),
    zone!(POST "/resources" Write resources::create::handle),
    zone!(GET "/resources/{id}" Read resources::get::handle),
    zone!(PATCH "/resources/{id}" Write resources::patch::handle),
    zone!(DELETE "/resources/{id}" Write resources::archive::handle),
    zone!(GET "/providers" Read providers::list::handle),
    zone!(POST "/providers" Write providers::create::handle),
    zone!(GET "/providers/{id}" Read providers::get::handle),
    zone!(PATCH "/providers/{id}" Write providers::patch::handle),
    zone!(DELETE "/providers/{id}" Write providers::archive::handle),
    global!(POST "/v1/policies/validate" Read Reach::Stateless, policies::validate::handle),
    global!(GET "/v1/policy-templates" Read Reach::Stateless, policies::templates::handle),
    zone!(GET "/policies" Read policies::list::handle),
    zone!(POST "/policies" Write policies::create::handle),
    zone!(GET "/policies/{id}" Read policies::get::handle),
    zone!(DELETE "/policies/{id}" Write policies::archive::handle),
    zone!(GET "/policies/{id}/versions" Read policies::versions::list),
    zone!(GET "/policies/{id}/versions/{versionId}" Read policies::versions::get),
    zone!(POST "/policies/{id}/versions" Write policies::add_version::handle),
    zone!(GET "/policy-sets" Read policy_sets::list::handle),
    zone!(POST "/policy-sets" Write policy_sets::create::handle),
    zone!(GET "/policy-sets/{id}" Read policy_sets::get::handle),
    zone!(DELETE "/policy-sets/{id}" Write policy_sets::archive::handle),
    zone!(GET "/policy-sets/{id}/versions" Read policy_sets::versions::list),
    zone!(POST "/policy-sets/{id}/versions" Write policy_sets::add_version::handle),
    zone!(GET "/policy-sets/{id}/versions/{versionId}" Read policy_sets::versions::get),
    zone!(POST "/policy-sets/{id}/activate" Write policy_sets::activate::handle),
    zone!(GET "/policy-sets/{id}/activation-status" Read policy_sets::activation_status::handle),
    zone!(POST "/policy-sets/{id}/simulate" Write policy_sets::simulate::handle),
    zone!(GET "/authority-records" Read authority_records::handle),
    zone!(GET "/sessions" Read sessions::handle),
    zone!(POST "/subjects/revoke" Write subjects::revoke),
    zone!(GET "/audit" Read audit::list::handle),
    zone!(GET "/audit/by-request/{requestId}" Read audit::by_request::handle),
    zone!(GET "/audit/by-request/{requestId}/explain" Read audit::explain::handle),
    zone!(GET "/admin-audit" Read admin_audit::handle),
    global!(GET "/v1/admin-tokens" Read TOKENS, admin_tokens::list::handle),
    global!(POST "/v1/admin-tokens" Write TOKENS, admin_tokens::create::handle),
    global!(DELETE "/v1/admin-tokens/{id}" Write TOKENS, admin_tokens::revoke::handle),
];
