//! Stacks of containers: what `up`, `down`, `logs` and `upgrade` do with Docker Compose.

mod docker;
mod down;
mod finish;
mod logs;
mod runtime;
mod start;
mod up;
mod upgrade;

pub(crate) use self::docker::require;
pub(crate) use self::runtime::VERSION_VARIABLE;
pub(crate) use self::{down::down, logs::logs, up::up, upgrade::upgrade};
