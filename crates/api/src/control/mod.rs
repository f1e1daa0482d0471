//! Commands: what a control key does with a mandate that is good for one of them.
//!
//! A command is the very operation of a route of this API, run in this process for a principal that reaches nothing but
//! the mandate's zone and scopes: the same checks, the same transaction, the same administrative audit. There is no other
//! way from a command to the store, so what a command can do is what its line of the catalogue says. To add one: a line in
//! `catalog.rs`; a test holds each line to the table of routes.
//!
//! - `mandate`: who calls. `invocation`: what is recorded of it. `catalog`, `flags`, `dispatch`, `run`: from a command
//!   to a route.
//! - `document`: objects as they are to be, compared with what there is.

mod catalog;
mod dispatch;
mod document;
mod flags;
mod invocation;
mod mandate;
mod run;

pub(crate) use self::{
    catalog::allows,
    dispatch::dispatch,
    invocation::{Invocation, NamedCommand},
    mandate::{REFUSES, authenticate, may_be_good},
};
