//! The routes of the STS, one file each.

mod jwks;
mod rotate;
mod token;

use axum::{
    Router,
    routing::{get, post},
};

use crate::StsDeps;

/// The STS's own routes; `service::assemble` adds what every role has.
pub fn router(deps: StsDeps) -> Router {
    let mut routes = Router::new()
        // One published client keeps a trailing slash of its configured base URL.
        .route("/oauth/2/token", post(token::post))
        .route("//oauth/2/token", post(token::post))
        .route("/.well-known/jwks.json", get(jwks::get));
    if deps.admin_token.is_some() {
        routes = routes.route("/internal/zones/{zone_id}/signing-key/rotate", post(rotate::post));
    }
    routes.with_state(deps)
}
