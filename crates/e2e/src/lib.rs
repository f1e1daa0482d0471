//! Drives a whole Caracal stack from outside: real binaries, real sockets, real files.
//!
//! Knows the wire and nothing of the inside, so that what holds here holds for every client. Only what makes decisions
//! again from their evidence ([`replay`]) is the code that made them: that is what it is for.
//! [`Stack`] is a running deployment; [`Fixture`] a zone in it with an application, a
//! resource, policy and a recording upstream; [`Agent`] two sessions and a delegation that may call.
//!
//! Every test is a function of `&Stack`, and [`on_every_deployment!`] runs it once for each way of deploying. At its end
//! every decision that is in the ledger is replayed.

pub mod account;
mod agent;
mod deployments;
mod fixture;
mod installed;
mod ledger;
pub mod oauth;
pub mod replay;
pub mod token;
mod zone;

pub use agent::{Agent, Call};
pub use caracal_testkit::deployed::{
    Daemon, Deployment, Finished, Production, RawReply, Reply, Role, Stack, checkout, migrate, program, raw,
    service_password,
};
pub use deployments::run;
pub use fixture::{Document, Fixture, GATE, KEY_HEADER, OTHER, READ, SCOPES, TICKETS, WRITE};
pub use installed::installed;
pub use zone::{Application, Zone, provider};
