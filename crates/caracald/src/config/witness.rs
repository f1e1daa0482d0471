//! What `caracald witness` reads: nothing of the deployment that it watches.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use caracal_core::Secret;
use caracal_ledger::{
    log_keys::{OF_WITNESSES, signers},
    note::NoteSigner,
    witness::{KnownLogs, parse_keys},
};
use caracal_service::{
    bearers::Bearers,
    config::{ConfigError, Declared as _, KeyMaterial, Mode, Optional, SettingKind, Settings},
};

use super::{Serving, contract, declared, serving};
use crate::telemetry::Logging;

/// The configuration of a witness.
#[derive(Debug)]
pub(crate) struct WitnessConfig {
    pub(crate) mode: Mode,
    pub(crate) listen: SocketAddr,
    pub(crate) state: PathBuf,
    pub(crate) metrics_bearers: Bearers,
    pub(crate) logging: Logging,
    pub(crate) serving: Serving,
    /// Variables that look like settings and are none.
    pub(crate) unknown: Vec<String>,
    name: String,
    key: Option<Secret>,
    logs: PathBuf,
}

impl WitnessConfig {
    /// Reads the configuration.
    ///
    /// # Errors
    /// One message naming every problem.
    pub(crate) fn read(mut settings: Settings) -> Result<Self, ConfigError> {
        let settings = &mut settings;
        let mode = settings.get(&declared::MODE);
        let mut config = Self {
            mode,
            listen: settings.get(&declared::WITNESS_LISTEN),
            state: needed(settings, &declared::WITNESS_STATE_DIR).unwrap_or_default(),
            metrics_bearers: Bearers::new(
                settings.find(&declared::METRICS_BEARER).as_ref(),
                settings.find(&declared::METRICS_BEARER_PREVIOUS).as_ref(),
            ),
            logging: serving::logging(settings),
            serving: Serving::read(settings, false),
            unknown: Vec::new(),
            name: needed(settings, &declared::WITNESS_NAME).unwrap_or_default(),
            key: settings.find(&declared::WITNESS_KEY),
            logs: needed(settings, &declared::WITNESS_LOGS).unwrap_or_default(),
        };
        for setting in declared::all() {
            settings.declare(setting);
        }
        contract::refuse_unread(settings, mode);
        config.unknown = settings.unknown();
        settings.finish()?;
        Ok(config)
    }

    /// Whose checkpoints are cosigned.
    ///
    /// # Errors
    /// When the file cannot be read, holds something else than keys, or none.
    pub(crate) fn known_logs(&self) -> anyhow::Result<KnownLogs> {
        let path = self.logs.display();
        let text = std::fs::read_to_string(&self.logs)
            .with_context(|| format!("WITNESS_LOGS: cannot read {path}"))?;
        let keys = parse_keys(&text).with_context(|| format!("WITNESS_LOGS: {path}"))?;
        anyhow::ensure!(!keys.is_empty(), "WITNESS_LOGS: {path} names no log");
        Ok(KnownLogs::new(keys))
    }

    /// The keys that cosign. `generate` gives the secret where none was configured.
    ///
    /// # Errors
    /// When there is no usable secret.
    pub(crate) fn signers(
        &self,
        generate: impl FnOnce() -> anyhow::Result<Secret>,
    ) -> anyhow::Result<Vec<NoteSigner>> {
        let secret = self.key.clone().map_or_else(generate, Ok)?;
        // What was configured was checked; what was generated may have been written to.
        KeyMaterial::parse(secret.expose())
            .map_err(|problem| anyhow::anyhow!("the key of the witness{problem}"))?;
        let bytes = zeroize::Zeroizing::new(hex::decode(secret.expose()).context("WITNESS_KEY")?);
        signers(&self.name, OF_WITNESSES, &bytes).context("WITNESS_KEY and WITNESS_NAME")
    }
}

fn needed<K: SettingKind>(settings: &mut Settings, setting: &Optional<K>) -> Option<K::Value> {
    let found = settings.find(setting);
    if found.is_none() {
        settings.problem(format!(
            "{} is required by a witness: {}",
            setting.name(),
            setting.sentence()
        ));
    }
    found
}
