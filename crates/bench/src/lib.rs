//! Measures a running stack from the outside, over the wire contracts that clients use.
//!
//! A **governed call** is one mint at the STS and one request with that mandate through the Gateway to an
//! upstream, which is part of this process ([`upstream`]). [`load`] makes many of them, [`governed`] puts them
//! next to the CPU time they cost, their evidence included ([`ledger`]), and to what the machine's ES256 rate
//! allows ([`es256`]); [`revocation`] measures how fast authority ends, [`start`] how fast the daemon starts,
//! [`command`] how long people wait for `caracal`,
//! [`isolation`] what one zone can do to another, [`ended`] what it takes to remember what has ended, [`sessions`] how many sessions the Coordinator starts and ends.
//! [`fixture`] sets up what all of them need; [`stack`] finds the daemon or starts one as tests start theirs.
//!
//! The generator shares the machine with what it measures, so it has to be cheap: one thread, a client of its
//! own over reused buffers ([`http`]), no JSON on the hot path. It never depends on a role and never reads the
//! daemon's state other than through `/proc` and `/metrics`. It talks to this machine only ([`address`]).
//!
//! To add a measurement: a file with a `run` that returns a serializable report, a subcommand in [`cli`], and a
//! row in [`markdown`].

pub mod address;
pub mod all;
pub mod cli;
pub mod command;
pub mod daemon;
pub mod ended;
pub mod endpoints;
pub mod es256;
pub mod fixture;
pub mod governed;
pub mod http;
pub mod isolation;
pub mod json_client;
pub mod latency;
pub mod ledger;
pub mod load;
pub mod markdown;
pub mod pace;
pub mod process;
pub mod prometheus;
pub mod revocation;
pub mod scan;
pub mod sessions;
mod span;
pub mod stack;
pub mod start;
pub mod upstream;
