//! Whole deployments as processes: the real binaries, real sockets, real files.
//!
//! [`Stack`] is a running deployment, embedded or over PostgreSQL and Redis, whose processes and servers a test kills,
//! freezes, replicates and starts again; [`Daemon`] one process in a given environment. Knows the wire and nothing of
//! the inside, so that what holds here holds for every client.
//!
//! Every end-to-end test is a function of `&Stack`, and runs once for each way of deploying ([`Deployment`]). To add one: a
//! variant, its processes in `stack/launch.rs`, and a line in the macro of the end-to-end suite.

mod daemon;
mod deployment;
#[cfg(target_os = "linux")]
mod faulty_machine;
mod production;
mod programs;
mod raw;
mod reply;
mod role;
mod run;
mod stack;

pub use daemon::{Daemon, Finished, ServingDaemon};
pub use deployment::Deployment;
#[cfg(target_os = "linux")]
pub use faulty_machine::FaultyMachine;
pub use production::{Production, migrate, service_password};
pub use programs::{checkout, program};
pub use raw::{RawReply, raw};
pub use reply::Reply;
pub use role::Role;
pub use run::run;
pub use stack::Stack;
