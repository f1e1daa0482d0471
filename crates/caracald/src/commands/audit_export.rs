//! `caracald audit export`.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Context as _;
use caracal_audit::{ExportFormat, ExportSpan, export};
use caracal_core::ZoneId;
use caracal_service::config::Settings;

use crate::{config::Config, wire};

/// Prints the events of a zone, one a line. A ledger without the zone is an error, not an empty export.
pub(crate) fn run(zone: &str, span: ExportSpan, format: Option<ExportFormat>) -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), &[])?;
    let zone = ZoneId::parse(zone).context("--zone is not a zone id")?;
    super::block_on(async move {
        let (store, _) = Box::pin(wire::ledger(config)).await?;
        let mut work = store.zone(&zone, caracal_storage::Access::Read).await?;
        let used = !work.ledger().range(0, 1).await?.is_empty();
        drop(work);
        anyhow::ensure!(
            used,
            "the ledger has no entry of zone {zone}: it is misspelt, was never used, or was erased"
        );
        let Some(format) = format else {
            #[cfg(feature = "export")]
            caracal_export::write_table(store.as_ref(), &zone, span, io::stdout()).await?;
            return Ok(ExitCode::SUCCESS);
        };
        let mut output = io::BufWriter::new(io::stdout().lock());
        export(store.as_ref(), &zone, span, format, |line| {
            writeln!(output, "{line}")
        })
        .await?;
        output.flush().context("could not write the export")?;
        Ok(ExitCode::SUCCESS)
    })
}
