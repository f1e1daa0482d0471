//! The Control API: zones, applications, providers, resources, policies, and what administrators read back.
//!
//! Every route is one entry of the table in `routes/mod.rs`: method, path, the capability it needs and how far it
//! reaches, its name and its handler, whose types say what is read and answered. The front of `service` serves that
//! table alone: it authenticates, authorises and limits by the entry and its decoded parameters (`role.rs`).
//!
//! Every change is one transaction with its administrative audit row and its events (`change.rs`); a handler
//! has no other way to commit.
//!
//! It depends on `service`, `storage`, `events`, `crypto` and `authz`, never on another role. To add a route: a
//! file under `routes/`, an entry in the table, and a line in the walk of `tests/api/authorization.rs` if its path
//! has a new parameter.
#![deny(clippy::unwrap_used)]

mod access;
mod acting;
mod activity;
mod answer;
mod auth;
mod call;
mod change;
mod checks;
mod control;
mod counting;
mod csv;
mod custody;
mod deps;
mod evidence_window;
mod fields;
mod identifiers;
mod links;
mod long_reads;
mod mail;
mod metrics;
mod notifier;
mod payload;
mod policy_work;
mod receipts;
mod record;
mod redact;
mod role;
mod routes;
mod sign_in_state;
mod single_sign_on;
mod zone_names;

pub use access::{Capability, Needs, Reach};
pub use activity::Activity;
pub use auth::{seed_bootstrap, setup_link, token_key_name};
pub use deps::{ApiConfig, ApiDeps, Forbidden, RelyingParty};
pub use mail::{MailConfig, MailError, Mailer};
pub use metrics::{METRICS, describe as describe_metrics};
pub use notifier::Notifier;
pub use policy_work::PolicyWork;
pub use routes::{router, table};
pub use single_sign_on::{RoleMapping, SingleSignOn, SingleSignOnConfig};
