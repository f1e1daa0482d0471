//! The table of figures for the handbook.

use std::fmt::Write as _;

use crate::all::SuiteReport;

/// One row: what, the measured value, the target it is held against.
struct TableRow {
    what: &'static str,
    measured: String,
    target: &'static str,
}

/// A report as a Markdown table with the targets next to what was measured.
pub fn table(report: &SuiteReport) -> String {
    let processor = report.machine.processor.as_deref().unwrap_or("unknown processor");
    let mut text = format!(
        "Daemon, generator and upstream together on {} cores ({processor}).\n\n\
         | | Measured | Target |\n|---|---:|---:|\n",
        report.machine.cores
    );
    for row in rows(report) {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "| {} | {} | {} |", row.what, row.measured, row.target);
    }
    text
}

fn rows(report: &SuiteReport) -> Vec<TableRow> {
    let (one, many) = (&report.governed_one_worker, &report.governed_saturation);
    let (session, delegation) = (
        &report.revocation.session_end,
        &report.revocation.delegation_revoke,
    );
    let ended = &report.ended;
    let row = |what, measured, target| TableRow {
        what,
        measured,
        target,
    };
    vec![
        row(
            "First start to ready, p50 / max",
            pair(report.start.first_start),
            "< 500 ms",
        ),
        row(
            "Restart to ready, p50 / max",
            pair(report.start.restart),
            "< 500 ms",
        ),
        row(
            "Memory when idle",
            format!("{} MB", report.start.idle_rss_mb),
            "< 60 MB",
        ),
        row(
            "Governed call, one worker, p50",
            format!("{} ms", one.p50_ms),
            "< 1 ms",
        ),
        row("Governed call, one worker, p99", format!("{} ms", one.p99_ms), ""),
        row(
            "Governed calls a second, at saturation",
            many.calls_per_second.to_string(),
            "≥ 6,000 with the ledger",
        ),
        row(
            "Latency at saturation, p50 / p95 / p99 / max",
            format!(
                "{} / {} / {} / {} ms",
                many.p50_ms, many.p95_ms, many.p99_ms, many.max_ms
            ),
            "",
        ),
        row(
            "Our CPU time for each call, at saturation",
            format!("{} µs", many.cpu_us_per_call),
            "≤ 200 µs",
        ),
        row(
            "CPU time of generator and upstream for each call",
            format!("{} µs", many.generator_cpu_us_per_call),
            "",
        ),
        row(
            "SQL statements of requests for each call",
            many.request_statements_per_call()
                .map_or_else(|| String::from("not told"), |statements| statements.to_string()),
            "0",
        ),
        row(
            "ES256 sign / verify",
            format!("{} / {} µs", many.limit.es256_sign_us, many.limit.es256_verify_us),
            "",
        ),
        row(
            "Calls a second and core that ES256 alone would allow",
            many.limit.es256_limit_per_core.to_string(),
            "",
        ),
        row(
            "Part of that limit reached, all cores",
            many.ratio_to_limit.to_string(),
            "",
        ),
        row(
            "Session ended: answer to first refusal, p50 / p99",
            format!(
                "{} / {} ms",
                session.to_first_refusal.p50_ms, session.to_first_refusal.p99_ms
            ),
            "next call",
        ),
        row(
            "Delegation revoked: answer to first refusal, p50 / p99",
            format!(
                "{} / {} ms",
                delegation.to_first_refusal.p50_ms, delegation.to_first_refusal.p99_ms
            ),
            "next call",
        ),
        row(
            "Calls begun after the answer that got through",
            (session.allowed_after_answer + delegation.allowed_after_answer).to_string(),
            "0",
        ),
        row(
            "Two million ended ids in memory",
            format!("{} MB", ended.resident_mb),
            "< 100 MB",
        ),
        row(
            "Longest wait of who asks, while they come / are looked through / are forgotten",
            format!(
                "{} / {} / {} ms",
                ended.while_marked.longest_ms,
                ended.while_looked_through.longest_ms,
                ended.while_forgotten.longest_ms
            ),
            "as without them",
        ),
        row(
            "The same while as many come elsewhere",
            format!("{} ms", ended.control.longest_ms),
            "",
        ),
    ]
}

fn pair(percentiles: crate::latency::Percentiles) -> String {
    format!("{} / {} ms", percentiles.p50_ms, percentiles.max_ms)
}
