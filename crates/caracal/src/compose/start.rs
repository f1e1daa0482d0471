//! Starting the containers of a stack and waiting until every role takes traffic.

use std::process::{Command, ExitStatus, Stdio};

use anyhow::Context as _;

use super::{docker, runtime};
use crate::containers::{Containers, Kind};
use crate::environment::Environment;
use crate::home::Home;
use crate::output::note;

/// Starts them, or brings those that run to what the stack says; success means that every role is ready.
///
/// # Errors
/// When Docker cannot be run.
pub(super) fn start(
    environment: &Environment,
    home: &Home,
    containers: &Containers,
    timeout_seconds: u64,
) -> anyhow::Result<ExitStatus> {
    command(environment, home, containers, timeout_seconds)
        // The answer is ours.
        .stdout(std::io::stderr())
        .status()
        .context("docker cannot be run")
}

/// What starts them; says so.
pub(super) fn command(
    environment: &Environment,
    home: &Home,
    containers: &Containers,
    timeout_seconds: u64,
) -> Command {
    let mut command = docker::compose(environment, containers);
    if containers.kind == Kind::Runtime && runtime::own_stores(home) {
        command.args(["--profile", "stores"]);
    }
    command.args(["up", "--detach", "--remove-orphans", "--wait", "--wait-timeout"]);
    command.arg(timeout_seconds.to_string());
    if containers.kind == Kind::Development {
        command.arg("--build");
    }
    note(&format!(
        "starting the containers of {}",
        containers.file.display()
    ));
    command.stdin(Stdio::null());
    command
}
