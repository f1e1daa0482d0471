//! The Control API: zones, applications, providers, resources, policies, and what administrators read back.
//!
//! Every route is one entry of [`ROUTES`]: method, path, the capability it needs, how far it reaches and its
//! handler. The router is built from that table alone, so a route without a capability cannot exist, and one
//! layer authenticates, authorises and limits all of them by the matched entry and its decoded parameters.
//!
//! Every change is one transaction with its administrative audit row and its events (`change.rs`); a handler
//! has no other way to commit.
//!
//! It depends on `service`, `storage`, `events`, `crypto` and `authz`, never on another role. To add a route: a
//! file under `routes/`, an entry in [`ROUTES`], and a line in the walk of `tests/api/authorization.rs` if its path
//! has a new parameter.
#![deny(clippy::unwrap_used)]

mod answer;
mod auth;
mod call;
mod change;
mod csv;
mod deps;
mod dispatch;
mod events;
mod fields;
mod identifiers;
mod policy_work;
mod query;
mod redact;
mod route;
mod routes;
mod zone_names;

pub use auth::{seed::seed_bootstrap, token_key_name};
pub use deps::{ApiConfig, ApiDeps};
pub use dispatch::router;
pub use policy_work::PolicyWork;
pub use route::{Capability, Reach, RouteInfo, routes};
