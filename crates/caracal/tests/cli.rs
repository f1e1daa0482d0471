//! The binary as people meet it: what it prints, how it ends, what it leaves.
//!
//! `caracald` is played by `examples/fake_daemon.rs`; the real one is met in the end-to-end tests.

#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/containers.rs"]
mod containers;
#[path = "cli/doctor.rs"]
mod doctor;
#[path = "cli/gateway.rs"]
mod gateway;
#[path = "cli/interrupts.rs"]
mod interrupts;
#[path = "cli/launch.rs"]
mod launch;
#[path = "cli/lifecycle.rs"]
mod lifecycle;
#[path = "cli/manners.rs"]
mod manners;
#[path = "cli/pty.rs"]
mod pty;
#[path = "cli/refusals.rs"]
mod refusals;
#[path = "cli/reports.rs"]
mod reports;
#[path = "cli/screens.rs"]
mod screens;
#[path = "cli/state.rs"]
mod state;
#[path = "cli/sts.rs"]
mod sts;
#[path = "cli/terminal.rs"]
mod terminal;
#[path = "cli/upgrade.rs"]
mod upgrade;
