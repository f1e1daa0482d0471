//! Stacks of containers: what `up`, `down` and `logs` do with Docker Compose.

mod docker;
mod down;
mod logs;
mod up;

pub(crate) use self::{down::down, logs::logs, up::up};
