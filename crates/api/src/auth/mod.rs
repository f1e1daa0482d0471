//! Who calls, and what they may do.
//!
//! Tokens are looked up by a keyed digest, so a copy of the table proves nothing and a lookup reveals nothing by
//! its time. Every gate binds to the matched route and its decoded parameters.

mod gates;
mod principal;
mod seed;
mod tokens;

pub(crate) use gates::{admit_to_zone, check_capability, confine, refuses};
pub(crate) use principal::{AdminPrincipal, Power, Scope};
pub use seed::{seed_bootstrap, setup_link};
pub use tokens::token_key_name;
pub(crate) use tokens::{authenticate, digest, may_be_good};
