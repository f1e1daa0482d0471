//! `caracald check-config`.

use std::process::ExitCode;

use anyhow::bail;
use caracal_service::config::Settings;

use crate::{
    config::{Backend, Config, Role},
    wire,
};

/// Reads the configuration and says what it comes to.
pub(crate) fn run(roles: &[Role]) -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), roles)?;
    if !config.unknown.is_empty() {
        // A start only warns of them: a variable of a neighbour must not keep a service down.
        bail!("{}", config.unknown.join("; "));
    }
    wire::check_files(&config)?;
    super::block_on(wire::check_upstreams(&config))?;
    let backend = match config.backend {
        Backend::Embedded => "embedded",
        Backend::Production { .. } => "PostgreSQL and Redis",
    };
    super::say(&format!(
        "configuration is usable: mode {}, {backend}",
        config.mode
    ))?;
    Ok(ExitCode::SUCCESS)
}
