//! The Coordinator: starts and ends governed sessions, keeps their leases, hands authority on between them, and
//! tells every enforcement point when authority ended.
//!
//! - [`router`] serves the table in `routes/mod.rs` through the front of `service`; each handler has a file under
//!   `routes/`, and its signature says what it reads and answers. A route without a capability does not compile.
//! - Authentication happens on the request head, before a byte of the body is read (`auth/`).
//! - What a request changes is done by `caracal_lifecycle`: it holds the rules, the locks and the events. A handler
//!   here parses, calls it once, and answers.
//! - [`run_jobs`] ends what ran out of time.
//!
//! Every change, its receipt, its events and its administrative record commit together; the audit event is in the
//! spool before they do. The crate depends on `service` and below, never on another role. To add a route: a file
//! with a handler, and one line of the table.

mod auth;
mod call;
mod canonical;
mod config;
mod deps;
mod evidence;
mod idempotent;
mod jobs;
mod metrics;
mod paging;
mod quoting;
mod routes;

pub use caracal_lifecycle::Capacity;
pub use config::CoordinatorConfig;
pub use deps::CoordinatorDeps;
pub use jobs::run_jobs;
pub use metrics::{METRICS, describe as describe_metrics};
pub use routes::{RouteInfo, document, router, table};
