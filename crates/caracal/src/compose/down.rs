//! `caracal down` where the home has a stack of containers.

use anyhow::{Context as _, bail};

use super::docker;
use crate::Outcome;
use crate::cli::Down;
use crate::containers::Containers;
use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::home::Home;
use crate::output::{Stopped, answer};

/// Stops and removes the containers; volumes and secrets stay.
///
/// # Errors
/// One sentence when Docker is missing, or says no.
pub(crate) fn down(
    environment: &Environment,
    home: &Home,
    containers: &Containers,
    options: &Down,
    json: bool,
) -> anyhow::Result<Outcome> {
    docker::require(environment)?;
    let status = docker::compose(environment, containers)
        .args(["--profile", "*", "down", "--remove-orphans", "--timeout"])
        .arg(options.timeout.to_string())
        // The answer is ours.
        .stdout(std::io::stderr())
        .status()
        .context("docker cannot be run")?;
    if !status.success() {
        bail!("docker compose down failed ({status})");
    }
    Endpoints::forget(home).context("cannot remove where the roles were")?;
    answer(&if json {
        serde_json::to_string(&Stopped {
            stopped: containers.kind,
        })?
    } else {
        "stopped the containers; their volumes stay".to_owned()
    })?;
    Ok(Outcome::Good)
}
