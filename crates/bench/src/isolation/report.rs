//! What a run of isolation says.

use std::fmt;

use serde::Serialize;

use super::{Case, Did};
use crate::latency::Percentiles;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Calls of zone B due each second.
    pub rate: u32,
    /// Most that B's p99 may be, as a multiple of its quiet value.
    pub at_most: f64,
    /// Zone B alone, before and after all cases.
    pub quiet: Percentiles,
    /// Calls of zone B that failed then. Should be 0.
    pub quiet_failed: u64,
    /// Zone B while zone A does its worst.
    pub cases: Vec<Measured>,
}

/// One case.
#[derive(Debug, Clone, Serialize)]
pub struct Measured {
    /// What zone A did.
    pub case: Case,
    /// How often, by what it got for it.
    pub zone_a: Did,
    /// What zone B's calls took.
    pub zone_b: Percentiles,
    /// B's p99 as a multiple of its quiet value.
    pub ratio: f64,
    /// Calls of zone B that failed. Should be 0.
    pub failed: u64,
    /// What went wrong first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
}

impl Report {
    /// Whether no call of zone B failed and none of zone A's cases slowed it by more than it may.
    pub fn is_clean(&self) -> bool {
        self.quiet_failed == 0
            && self
                .cases
                .iter()
                .all(|case| case.failed == 0 && case.ratio <= self.at_most)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Zone B, {} governed calls a second", self.rate)?;
        write!(f, "  {:<16} {}", "quiet", self.quiet)?;
        for case in &self.cases {
            let verdict = if case.ratio <= self.at_most {
                ""
            } else {
                "  TOO SLOW"
            };
            write!(
                f,
                "\n  {:<16} {}  {} times quiet{verdict}",
                case.case.to_string(),
                case.zone_b,
                case.ratio
            )?;
            if let Some(why) = &case.first_failure {
                write!(f, "\n    {} calls FAILED: {why}", case.failed)?;
            }
            write!(f, "\n    zone A:")?;
            for (what, times) in &case.zone_a {
                write!(f, " {what} {times}")?;
            }
        }
        Ok(())
    }
}
