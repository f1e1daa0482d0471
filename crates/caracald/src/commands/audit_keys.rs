//! `caracald audit keys`.

use std::process::ExitCode;

use anyhow::Context as _;
use caracal_ledger::note::NoteKey;
use caracal_service::config::Settings;

use super::say;
use crate::{config::Config, wire};

/// Prints the verifier keys of the deployment, or of one log of it.
pub(crate) fn run(log: Option<&str>) -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), &[])?;
    let keys = wire::log_keys(config)?.context("AUDIT_LOG_KEY is not set: checkpoints are not signed")?;
    let named = |key: &NoteKey| match log {
        Some(log) => key.renamed(&keys.origin(log)).context("--log cannot name a log"),
        None => Ok(key.clone()),
    };
    let lines: anyhow::Result<Vec<String>> = keys.public().map(|key| Ok(named(key)?.encode())).collect();
    say(&lines?.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}
