//! What a route is: an entry of one table, from which the router is built.

use std::pin::Pin;

use caracal_service::Refusal;
use http::Method;

use crate::{
    answer::Answer,
    call::{Call, ZoneCall},
    routes::ROUTES,
};

/// What a caller must be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Look. Every admin token can.
    Read,
    /// Change. Tokens with capability `write` can.
    Write,
    /// See a live credential. It changes nothing, but whoever reads it can act, so only `write` tokens can.
    Reveal,
}

/// How far a route reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// One zone, named in the path. Tokens of another zone and accounts that do not own it are refused.
    Zone,
    /// The whole deployment; tokens of a zone are refused.
    Deployment {
        /// Whether console accounts may call it.
        accounts: bool,
    },
    /// No stored state at all; every caller may.
    Stateless,
}

pub(crate) type Handling = Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send>>;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Handler {
    /// Handles one zone's request.
    Zone(fn(ZoneCall) -> Handling),
    /// Handles a request outside any zone.
    Global(fn(Call) -> Handling),
}

/// One route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Path template, for example `/v1/zones/{zoneId}/applications/{id}`.
    pub(crate) path: &'static str,
    pub(crate) capability: Capability,
    pub(crate) reach: Reach,
    pub(crate) handler: Handler,
}

/// Collections whose members administrative audit rows name.
const COLLECTIONS: [&str; 8] = [
    "zones",
    "applications",
    "resources",
    "providers",
    "policies",
    "policy-sets",
    "subjects",
    "admin-tokens",
];

/// Last segments that name what is done rather than what there is.
const VERBS: [&str; 5] = ["activate", "client-secret", "revoke", "rotate-secret", "simulate"];

impl Route {
    /// The innermost collection of the path and the name of the parameter that follows it, if one does.
    pub(crate) fn entity(&self) -> Option<(&'static str, Option<&'static str>)> {
        let mut found = None;
        let mut segments = self.path.split('/').peekable();
        while let Some(segment) = segments.next() {
            if COLLECTIONS.contains(&segment) {
                let parameter = segments
                    .peek()
                    .and_then(|next| next.strip_prefix('{')?.strip_suffix('}'));
                found = Some((segment, parameter));
            }
        }
        found
    }

    /// What is done to an object, such as `rotate-secret`, where the path says so.
    pub(crate) fn verb(&self) -> Option<&'static str> {
        let (_, last) = self.path.rsplit_once('/')?;
        VERBS.contains(&last).then_some(last)
    }
}

/// A route as tests and documentation see it.
#[derive(Debug, Clone)]
pub struct RouteInfo {
    /// Method.
    pub method: Method,
    /// Path template.
    pub path: &'static str,
    /// Capability it needs.
    pub capability: Capability,
    /// How far it reaches.
    pub reach: Reach,
}

/// Every route of this role, as the router knows them.
pub fn routes() -> Vec<RouteInfo> {
    ROUTES
        .iter()
        .map(|route| RouteInfo {
            method: route.method.clone(),
            path: route.path,
            capability: route.capability,
            reach: route.reach,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(method: &Method, path: &str) -> &'static Route {
        ROUTES
            .iter()
            .find(|route| route.method == method && route.path == path)
            .unwrap()
    }

    #[test]
    fn a_path_tells_the_object_and_the_verb() {
        let rotate = named(
            &Method::POST,
            "/v1/zones/{zoneId}/applications/{id}/rotate-secret",
        );
        assert_eq!(rotate.entity(), Some(("applications", Some("id"))));
        assert_eq!(rotate.verb(), Some("rotate-secret"));
        let create = named(&Method::POST, "/v1/zones/{zoneId}/applications");
        assert_eq!(
            (create.entity(), create.verb()),
            (Some(("applications", None)), None)
        );
        let zone = named(&Method::PATCH, "/v1/zones/{zoneId}");
        assert_eq!(
            (zone.entity(), zone.verb()),
            (Some(("zones", Some("zoneId"))), None)
        );
    }

    #[test]
    fn a_zone_route_names_its_zone_and_reads_need_no_more_than_read() {
        for route in ROUTES {
            assert_eq!(
                route.reach == Reach::Zone,
                route.path.starts_with("/v1/zones/{zoneId}"),
                "{}",
                route.path
            );
            let changes = route.method != Method::GET && route.reach != Reach::Stateless;
            assert_eq!(
                route.capability == Capability::Write,
                changes,
                "{} {}",
                route.method,
                route.path
            );
        }
    }
}
