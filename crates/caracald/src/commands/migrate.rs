//! `caracald migrate`.

use std::process::ExitCode;

use caracal_service::config::Settings;

use crate::{config::Config, wire};

/// Brings the schema up to date.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), &[])?;
    super::block_on(async move {
        let version = wire::migrate(&config).await?;
        super::say(&format!("schema is at version {version}"))?;
        Ok(ExitCode::SUCCESS)
    })
}
