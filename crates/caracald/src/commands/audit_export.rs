//! `caracald audit export`.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Context as _;
use caracal_audit::{ExportFormat, ExportSpan, export, export_entries, export_rows};
use caracal_core::ZoneId;
use caracal_ledger::chain::LogId;
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

/// Prints the administrative records of a zone, or of the deployment (`@deployment`), as entries that verifiers read.
pub(crate) fn run_records(of: &str, after: i64) -> anyhow::Result<ExitCode> {
    let log = match of {
        "@deployment" => LogId::Deployment,
        zone => LogId::Admin(ZoneId::parse(zone).context("--records is neither a zone id nor @deployment")?),
    };
    let config = Config::read(Settings::from_process(), &[])?;
    super::block_on(async move {
        let (store, _) = Box::pin(wire::ledger(config)).await?;
        let mut work = store.log(&log, caracal_storage::Access::Read).await?;
        let used = work.log().head().await?.size > 0;
        drop(work);
        anyhow::ensure!(
            used,
            "{log} has no entries: it is misspelt, was never used, or was erased"
        );
        let mut output = io::BufWriter::new(io::stdout().lock());
        let from = u64::try_from(after).unwrap_or(0);
        export_entries(store.as_ref(), &log, from, |line| writeln!(output, "{line}")).await?;
        output.flush().context("could not write the export")?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Prints everything that the database says of a log, a row a line. One that never began has no rows, and that is what is
/// printed: it may have been erased.
pub(crate) fn run_rows(log: &str) -> anyhow::Result<ExitCode> {
    let log = LogId::named(log).context("--rows is no log: ledger/ZONE, admin/ZONE or admin/")?;
    let config = Config::read(Settings::from_process(), &[])?;
    super::block_on(async move {
        let (store, _) = Box::pin(wire::ledger(config)).await?;
        let mut output = io::BufWriter::new(io::stdout().lock());
        export_rows(store.as_ref(), &log, |line| writeln!(output, "{line}")).await?;
        output.flush().context("could not write the export")?;
        Ok(ExitCode::SUCCESS)
    })
}
