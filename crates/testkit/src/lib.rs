//! Private servers for tests, started on first use and stopped whatever becomes of the test process.
//!
//! Depends on no role and on no backend. To add a server: a module of its own that starts it on a free port of
//! 127.0.0.1 or on a socket in a temporary directory, and lets it die with this process.

#[cfg(feature = "embedded")]
pub mod embedded;
mod guard;
pub mod pgbouncer;
pub mod postgres;
pub mod process;
pub mod redis;
pub mod upstream;
pub mod way;
