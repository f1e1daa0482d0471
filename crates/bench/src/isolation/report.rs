//! What a run of isolation says.

use std::fmt;

use serde::Serialize;

use super::{Case, Did};
use crate::latency::Percentiles;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct IsolationReport {
    /// Calls of zone B due each second.
    pub rate: u32,
    /// Most that B's p99 may be, as a multiple of its quiet value.
    pub at_most: f64,
    /// Zone B alone, before all cases.
    pub quiet: Percentiles,
    /// Calls of zone B that failed then. Should be 0.
    pub quiet_failed: u64,
    /// Zone B while zone A does its worst, and at last alone again.
    pub rows: Vec<CaseReport>,
    /// Cases that this stack does not allow.
    pub left_out: Vec<Case>,
}

/// One row of the table.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReport {
    /// What zone A did; nothing when it was quiet again, with whatever it left behind.
    pub case: Option<Case>,
    /// B's p99 before all cases, in milliseconds.
    pub quiet_p99_ms: f64,
    /// B's p99 during this one, in milliseconds.
    pub worst_p99_ms: f64,
    /// The second as a multiple of the first.
    pub ratio: f64,
    /// What zone A sent and got for it.
    #[serde(flatten)]
    pub zone_a: Did,
    /// What zone B's calls took.
    pub zone_b: Percentiles,
    /// Calls of zone B that failed. Should be 0.
    pub failed: u64,
    /// What went wrong first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
}

impl IsolationReport {
    /// Whether no call of zone B failed and none of zone A's cases slowed it by more than it may.
    pub fn is_clean(&self) -> bool {
        self.quiet_failed == 0 && self.rows.iter().all(|row| self.holds(row))
    }

    fn holds(&self, row: &CaseReport) -> bool {
        row.failed == 0 && row.ratio <= self.at_most
    }
}

impl fmt::Display for IsolationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Zone B makes {} governed calls a second. Quiet: {}, {} failed. Ratio at most {}.\n",
            self.rate, self.quiet, self.quiet_failed, self.at_most
        )?;
        write!(
            f,
            "{:<18} {:>12} {:>12} {:>7} {:>9} {:>9} {:>10}",
            "zone A", "quiet p99 ms", "worst p99 ms", "ratio", "calls", "refusals", "B's failed"
        )?;
        for row in &self.rows {
            let name = row
                .case
                .map_or_else(|| String::from("(quiet again)"), |case| case.to_string());
            write!(
                f,
                "\n{name:<18} {:>12} {:>12} {:>7} {:>9} {:>9} {:>10}",
                row.quiet_p99_ms,
                row.worst_p99_ms,
                row.ratio,
                row.zone_a.calls,
                row.zone_a.refusals,
                row.failed
            )?;
            if row.ratio > self.at_most {
                write!(f, "  TOO SLOW")?;
            }
            if let Some(why) = &row.first_failure {
                write!(f, "  FAILED: {why}")?;
            }
        }
        for case in &self.left_out {
            write!(f, "\n{:<18} left out: it needs --spawn", case.to_string())?;
        }
        Ok(())
    }
}
