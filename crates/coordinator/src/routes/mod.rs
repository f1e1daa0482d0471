//! Routes. The path of the file mirrors the URL.

pub(crate) mod delegations;
pub(crate) mod sessions;

use axum::{Router, routing::MethodFilter};

use crate::{
    CoordinatorDeps,
    call::{Route, mount},
    deps::App,
};

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
}

macro_rules! routes {
    ($($route:ty),+ $(,)?) => {
        /// The Coordinator's own routes.
        pub fn router(deps: CoordinatorDeps) -> Router {
            let router = Router::new();
            $(let router = mount::<$route>(router);)+
            router.with_state(App::new(deps))
        }

        /// Every route with what it demands.
        pub fn table() -> Vec<RouteInfo> {
            vec![$(info::<$route>()),+]
        }
    };
}

routes!(
    sessions::start::Start,
    sessions::list::List,
    sessions::get::Get,
    sessions::end::End,
    sessions::children::Children,
    sessions::suspend::Suspend,
    sessions::resume::Resume,
    sessions::lease::Lease,
    sessions::heartbeat::Heartbeat,
    sessions::effective_authority::EffectiveAuthority,
    delegations::create::Create,
    delegations::active::Active,
    delegations::inbound::Inbound,
    delegations::inbound_one::InboundOne,
    delegations::outbound::Outbound,
    delegations::traverse::Traverse,
    delegations::impact::Impact,
    delegations::revoke::Revoke,
);

fn info<R: Route>() -> RouteInfo {
    let method = match R::METHOD {
        MethodFilter::GET => "GET",
        MethodFilter::POST => "POST",
        MethodFilter::PATCH => "PATCH",
        MethodFilter::DELETE => "DELETE",
        _ => "OTHER",
    };
    RouteInfo {
        method,
        path: R::PATH,
        capability: R::CAPABILITY.name,
        operator: R::CAPABILITY.operator,
    }
}
