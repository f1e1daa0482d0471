//! The scheduled export of the Audit role, and the bucket of its checkpoints.

use std::sync::Arc;

use anyhow::Context as _;
use caracal_audit::{AuditDeps, Checkpoints};
use caracal_export::{Export, ExportTarget, PartFormat, PartLimits};

use crate::config::{Config, declared::ExportForm};

fn form(form: ExportForm) -> PartFormat {
    match form {
        ExportForm::Parquet => PartFormat::Parquet,
        ExportForm::Ndjson => PartFormat::Ndjson,
        ExportForm::Ocsf => PartFormat::Ocsf,
    }
}

/// Where exports go, when they go anywhere.
///
/// # Errors
/// When nothing can be kept there.
pub(super) fn target(config: &Config) -> anyhow::Result<Option<ExportTarget>> {
    let Some((url, _)) = &config.export else {
        return Ok(None);
    };
    let roots = config.extra_ca()?;
    let target = ExportTarget::open(url, roots.as_deref(), &config.bucket).context("AUDIT_EXPORT_URL")?;
    Ok(Some(target))
}

/// The bucket that checkpoints are published into, when there is one.
///
/// # Errors
/// When it is none: a directory has a setting of its own, which keeps files of several processes apart.
pub(super) fn checkpoint_bucket(config: &Config) -> anyhow::Result<Option<ExportTarget>> {
    let Some(url) = &config.checkpoint_url else {
        return Ok(None);
    };
    anyhow::ensure!(
        url.starts_with("s3://"),
        "AUDIT_CHECKPOINT_URL is s3://BUCKET/PREFIX; a directory is named in AUDIT_CHECKPOINT_DIR"
    );
    let roots = config.extra_ca()?;
    let bucket = ExportTarget::open(url, roots.as_deref(), &config.bucket).context("AUDIT_CHECKPOINT_URL")?;
    Ok(Some(bucket))
}

/// The export that the configuration asks for.
pub(super) fn export(
    config: &Config,
    deps: &AuditDeps,
    checkpoints: Option<&Arc<Checkpoints>>,
) -> anyhow::Result<Option<Export>> {
    let (Some(target), Some((_, written))) = (target(config)?, &config.export) else {
        return Ok(None);
    };
    let checkpoints =
        checkpoints.context("AUDIT_EXPORT_URL needs AUDIT_LOG_KEY: what is exported is signed")?;
    let (signing, store, world) = (checkpoints.clone(), deps.store.clone(), deps.world.clone());
    let limits = PartLimits {
        period: config.export_period,
        ..PartLimits::default()
    };
    Ok(Some(Export::new(
        signing,
        store,
        world,
        target,
        form(*written),
        limits,
    )))
}
