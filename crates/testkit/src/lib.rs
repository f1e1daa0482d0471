//! What tests stand on.
//!
//! Private servers, started on first use and stopped whatever becomes of the test process: [`postgres`], [`redis`],
//! [`pgbouncer`], a token of keys ([`softhsm`]), an [`upstream`], a [`fault_proxy`] before any of them that cuts or freezes, a [`process`] of ours and what it is told to be one of one machine ([`embedded`]); what goes
//! wrong with them is a [`fault`], and what they come to is waited for by [`wait`]. With the
//! feature `parts` also what roles share (`parts`: clock, store, bus, spool, zones in memory, over no server or over
//! PostgreSQL and Redis) a caller of their routes (`client`), what their OpenAPI documents are held to (`document`), a client that proves a key (`key_holder`), a server over TLS (`tls`), walks over all texts (`texts`) and all members (`bodies`) that these take and a crowd of strangers around them (`crowd`); with the feature `processes` whole deployments of the
//! real binaries (`deployed`).
//!
//! Depends on no role: a role's own tests build the role from the parts. To add a server: a module of its own that
//! starts it on a free port of 127.0.0.1 or on a socket in a temporary directory, and lets it die with this process.

#[cfg(feature = "parts")]
pub mod asked;
#[cfg(feature = "parts")]
pub mod bodies;
#[cfg(feature = "parts")]
pub mod client;
#[cfg(feature = "parts")]
pub mod crowd;
#[cfg(feature = "parts")]
pub mod database;
#[cfg(feature = "processes")]
pub mod deployed;
#[cfg(feature = "parts")]
pub mod document;
pub mod embedded;
pub mod fault;
pub mod fault_proxy;
mod guard;
#[cfg(feature = "parts")]
pub mod key_holder;
#[cfg(feature = "parts")]
mod made_up;
#[cfg(feature = "parts")]
pub mod parts;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod redis;
pub mod softhsm;
pub mod sse;
#[cfg(feature = "parts")]
pub mod texts;
#[cfg(feature = "parts")]
pub mod tls;
pub mod upstream;
pub mod wait;
