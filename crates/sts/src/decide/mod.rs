//! What a mint or a use is decided on.

mod actor;
mod call;
mod outcome;
mod reason;
mod resource;

pub(crate) use actor::{Actor, ActorError, resolve, thawed};
pub(crate) use outcome::{Denied, Granted, Outcome, Stage};
pub(crate) use resource::{
    MAX_UNDECLARED, UseScopes, conclude, decide_mint, decide_use, mint_input, not_the_control_api, use_input,
};
