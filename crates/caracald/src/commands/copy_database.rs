//! `caracald copy-database`.

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use caracal_service::config::Settings;

use crate::{config::Config, wire};

/// Writes a consistent copy of the embedded database to `target`, whether or not somebody serves it.
pub(crate) fn run(target: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), &[])?;
    super::block_on(async move {
        wire::copy_database(&config, target)
            .await
            .with_context(|| format!("cannot copy the database to {}", target.display()))?;
        super::say(&format!("the database was copied to {}", target.display()))?;
        Ok(ExitCode::SUCCESS)
    })
}
