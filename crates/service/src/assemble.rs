//! Puts a role's routes together with what every role has.

use axum::{Router, middleware};
use caracal_core::World;

use crate::{
    front::Served,
    health::{self, Operational},
    request::{self, Finish},
};

/// The complete router of a role: its own routes, each of them declared, the operational ones, precise 404 and 405, and the outermost
/// layer that gives requests their id and renders refusals.
pub fn assemble(role: &'static str, routes: Served, operational: Operational, world: World) -> Router {
    Router::from(routes)
        .merge(health::routes(operational))
        .fallback(request::not_found)
        .method_not_allowed_fallback(request::method_not_allowed)
        .layer(middleware::from_fn_with_state(
            Finish { role, world },
            request::finish,
        ))
}
