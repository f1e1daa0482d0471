//! The scheduled export of the Audit role.

use std::sync::Arc;

use anyhow::Context as _;
use caracal_audit::{AuditDeps, Checkpoints};
use caracal_export::{Export, ExportTarget, Form, PartLimits};

use crate::config::{Config, declared::ExportForm};

fn form(form: ExportForm) -> Form {
    match form {
        ExportForm::Parquet => Form::Parquet,
        ExportForm::Ndjson => Form::Ndjson,
        ExportForm::Ocsf => Form::Ocsf,
    }
}

/// The export that the configuration asks for.
pub(super) fn export(
    config: &Config,
    deps: &AuditDeps,
    checkpoints: Option<&Arc<Checkpoints>>,
) -> anyhow::Result<Option<Export>> {
    let Some((url, written)) = &config.export else {
        return Ok(None);
    };
    let checkpoints =
        checkpoints.context("AUDIT_EXPORT_URL needs AUDIT_LOG_KEY: what is exported is signed")?;
    let roots = config.extra_ca()?;
    let target = ExportTarget::open(url, roots.as_deref(), &config.bucket).context("AUDIT_EXPORT_URL")?;
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
