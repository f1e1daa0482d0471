//! Zone keys in a PKCS#11 token (OASIS PKCS #11 v2.40, and what later versions keep of it).
//!
//! A key is made in the token, signs there and is destroyed there; what leaves it is the public half and signatures.
//! Modules are C and may block for as long as they like, so each session has a thread of its own ([`pool`]), and whoever
//! waits for one waits for a bounded time. What a lost session, login or module costs is one more try ([`worker`]).
//!
//! It implements the traits of `caracal_service::zone_keys` and depends on no role. A crate of its own, since it loads code
//! at run time, which a build may want to be without. To add another kind of token: see there.

mod fault;
mod metrics;
mod module;
mod pool;
mod reference;
mod session;
mod settings;
mod token;
mod worker;

pub use self::{
    metrics::{METRICS, describe as describe_metrics},
    module::TokenOpenError,
    settings::TokenSettings,
    token::Pkcs11Token,
};
