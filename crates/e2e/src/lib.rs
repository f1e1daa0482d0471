//! Drives a whole Caracal stack from outside: real binaries, real sockets, real files.
//!
//! Knows the wire and nothing of the inside: it depends on no crate of ours but `testkit`, so that what holds here
//! holds for every client. [`Stack`] is a running deployment; [`Fixture`] a zone in it with an application, a
//! resource, policy and a recording upstream; [`Agent`] two sessions and a delegation that may call.
//!
//! Every test is a function of `&Stack`, and [`on_every_deployment!`] runs it once for each way of deploying.

mod agent;
mod fixture;
mod ledger;
pub mod token;
mod zone;

pub use agent::{Agent, Call};
pub use caracal_testkit::{
    deployed::{
        Daemon, Deployment, Finished, Production, RawReply, Reply, Role, Stack, checkout, migrate, program,
        raw, run, service_password,
    },
    in_production, on_every_deployment,
};
pub use fixture::{Document, Fixture, GATE, KEY_HEADER, OTHER, READ, SCOPES, TICKETS, WRITE};
pub use zone::{Application, Zone};
