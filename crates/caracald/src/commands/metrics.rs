//! `caracald metrics`.

use std::{fmt::Write as _, process::ExitCode};

use crate::metrics;

/// Prints the handbook's page of metrics.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut page = String::from(
        "# Metrics\n\n\
         The page is printed by `caracald metrics`. Every role serves its metrics at `/metrics` in the Prometheus text \
         format: openly in `dev`, elsewhere to the bearer of `METRICS_BEARER`. Labels come from closed sets; ids of \
         zones, sessions or applications are never among them.\n",
    );
    for (part, declared) in metrics::ALL {
        write!(
            page,
            "\n## {part}\n\n| Metric | Kind | Unit | Meaning |\n|---|---|---|---|\n"
        )?;
        for metric in *declared {
            writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                metric.name, metric.kind, metric.unit, metric.sentence
            )?;
        }
    }
    super::say(page.trim_end())?;
    Ok(ExitCode::SUCCESS)
}
