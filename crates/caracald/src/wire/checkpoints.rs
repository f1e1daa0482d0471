//! What signs the logs: in the Audit role, and in commands that prove something.

use std::sync::Arc;

use anyhow::Context as _;
use caracal_audit::{Checkpoints, Directory, WitnessClient};
use caracal_core::World;
use caracal_crypto::{HmacRing, system_world};
use caracal_ledger::log_keys::LogKeys;
use caracal_service::egress::EgressPolicy;
use caracal_storage::Store;

use super::{egress::guard, ledger, log_keys};
use crate::config::Config;

pub(super) fn checkpoints(
    config: &Config,
    store: Arc<dyn Store>,
    world: &World,
    audit: HmacRing,
    keys: LogKeys,
) -> anyhow::Result<Arc<Checkpoints>> {
    let directory = config.checkpoint_dir.as_deref().map(Directory::open);
    let directory = directory.transpose().context("AUDIT_CHECKPOINT_DIR")?;
    let witnesses = witnesses(config)?;
    let signing = Checkpoints::new(store, world.clone(), Some(audit), keys, directory, witnesses);
    #[cfg(feature = "export")]
    let signing = match super::export::checkpoint_bucket(config)? {
        Some(bucket) => signing.copied_to(Arc::new(bucket)),
        None => signing,
    };
    #[cfg(not(feature = "export"))]
    anyhow::ensure!(
        config.checkpoint_url.is_none(),
        "AUDIT_CHECKPOINT_URL: this build knows no buckets (feature `export`)"
    );
    Ok(Arc::new(signing))
}

/// The witnesses that the configuration names.
///
/// # Errors
/// When their file cannot be read, or says nothing that can be used.
pub(super) fn witnesses(config: &Config) -> anyhow::Result<Vec<WitnessClient>> {
    let Some(path) = &config.witnesses else {
        return Ok(Vec::new());
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("AUDIT_WITNESSES: cannot read {}", path.display()))?;
    // The operator names them, no caller does.
    let egress = guard(config, EgressPolicy::provisioned())?;
    WitnessClient::read(&egress, &text).with_context(|| format!("AUDIT_WITNESSES: {}", path.display()))
}

/// The ledger's store, and what signs it, for a command.
///
/// # Errors
/// When the deployment signs nothing, or its stores cannot be opened.
pub(crate) async fn signed_ledger(config: Config) -> anyhow::Result<(Arc<dyn Store>, Arc<Checkpoints>)> {
    let keys = log_keys(config.clone())?.context("AUDIT_LOG_KEY is not set: nothing is signed")?;
    let (store, audit) = Box::pin(ledger(config.clone())).await?;
    let audit = audit.context("AUDIT_HMAC_KEY is not set")?;
    let signing = checkpoints(&config, store.clone(), &system_world(), audit, keys)?;
    Ok((store, signing))
}
