//! The table of the handbook.

use std::{fmt::Write as _, fs, path::Path};

use crate::ledger::Measured;

const BEGIN: &str = "<!-- measured: ledger -->\n";
const END: &str = "<!-- end -->";

/// A number with its thousands apart.
fn apart(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// To two digits that count: what is behind them differs from run to run.
fn rounded(number: f64) -> String {
    let unit = 10_f64.powf(number.log10().floor() - 1.0);
    apart((number / unit).round() * unit)
}

pub(crate) fn of(events: usize, postgres: &Measured, sqlite: &Measured) -> String {
    let body = rounded(sqlite.body_bytes as f64);
    let mut table = format!(
        "{} events, {body} bytes of JSON each:\n\n| | PostgreSQL | SQLite | Target |\n|---|---:|---:|---:|\n",
        apart(events as f64)
    );
    let mut row = |what: &str, cells: [String; 2], target: &str| {
        let [postgres, sqlite] = cells;
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {what} | {postgres} | {sqlite} | {target} |");
    };
    let both = |of: fn(&Measured) -> String| [of(postgres), of(sqlite)];
    row(
        "Bytes of disk an event, indexes included",
        both(|it| apart(it.disk_bytes)),
        "≤ 600",
    );
    row(
        "Events taken in a second, sealed",
        both(|it| rounded(it.ingested)),
        "≥ 20,000, 10,000",
    );
    row("Verified a second", both(|it| rounded(it.verified)), "≥ 200,000");
    for (one, other) in postgres.searches.iter().zip(&sqlite.searches) {
        row(
            &format!("A page of 50 by {}, p50 / p95 in ms", one.what),
            [one, other].map(|took| format!("{:.1} / {:.1}", took.half, took.most)),
            "p95 < 50",
        );
    }
    row(
        "Backup, in seconds (`pg_dump`; a copy of the file)",
        both(|it| format!("{:.1}", it.copies.backup.as_secs_f64())),
        "",
    );
    row(
        "Restore, in seconds",
        both(|it| format!("{:.1}", it.copies.restore.as_secs_f64())),
        "",
    );
    row(
        "Verifying what was restored, in seconds",
        both(|it| format!("{:.1}", it.copies.verify.as_secs_f64())),
        "",
    );
    table
}

/// Puts the table between its marks on the page.
pub(crate) fn write(page: &Path, table: &str) {
    let text = fs::read_to_string(page).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the page has the first mark");
    let (_, after) = rest.split_once(END).expect("the page has the second mark");
    fs::write(page, [before, BEGIN, table, END, after].concat()).unwrap();
}
