//! Drives a whole Caracal stack from outside: real binaries, real sockets, real files.
//!
//! Knows the wire and nothing of the inside: it depends on no crate of ours but `testkit`, so that what holds here
//! holds for every client. [`Stack`] is a running deployment; [`Scene`] a zone in it with an application, a
//! resource, policy and a recording upstream; [`Agent`] two sessions and a delegation that may call.
//!
//! Every test is a function of `&Stack`, and [`on_every_deployment!`] runs it once for each way of deploying
//! ([`Deployment`]). To add a deployment: a variant, its processes in `stack/launch.rs`, and a line in the macro.

mod agent;
mod daemon;
mod deployment;
mod ledger;
mod production;
mod programs;
mod raw;
mod reply;
mod scene;
mod stack;
pub mod token;
mod zone;

pub use agent::{Agent, Call};
pub use daemon::{Daemon, Finished};
pub use deployment::{Deployment, run};
pub use production::{Production, migrate, service_password};
pub use programs::{checkout, program};
pub use raw::{RawReply, raw};
pub use reply::Reply;
pub use scene::{Document, GATE, KEY_HEADER, OTHER, READ, SCOPES, Scene, TICKETS, WRITE};
pub use stack::{Role, Stack};
pub use zone::{Application, Zone};
