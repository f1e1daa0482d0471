//! What every HTTP service of Caracal shares.
//!
//! Configuration and secret files, the error envelope, request ids, health and readiness, metrics, limits,
//! shutdown, and the in-memory picture of zones that the hot path reads instead of SQL. It depends on storage,
//! events, crypto and authz, never on a role. A piece moves here when the second role needs it.

mod assemble;
pub mod background;
pub mod bearers;
pub mod body;
pub mod config;
pub mod contention;
pub mod cross_origin;
pub mod egress;
pub mod exchange;
pub mod fair;
pub mod files;
pub mod form;
pub mod front;
pub mod health;
pub mod issued;
pub mod issuer_keys;
pub mod key_check;
pub mod key_rotation;
pub mod known_tokens;
pub mod limits;
pub mod metrics;
pub mod oauth;
pub mod possession;
pub mod reasons;
pub mod refreshed;
pub mod refusal;
pub mod repeats;
pub mod request;
pub mod revocation;
pub mod rounds;
pub mod sampled;
pub mod scheme;
pub mod server;
pub mod signed_in;
pub mod tail;
pub mod trace;
pub mod turns;
pub mod waiting;
pub mod zone_keys;
pub mod zones;

pub use assemble::assemble;
pub use refusal::Refusal;

/// An error with its whole chain of causes, on one line, for logs.
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
