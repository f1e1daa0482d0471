//! What a run of governed calls says.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::es256::Limit;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct GovernedReport {
    /// `closed` or `open`.
    pub r#loop: &'static str,
    /// Callers at the same time.
    pub workers: u16,
    /// Calls due each second, in an open loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// Bytes each call carried each way.
    pub payload_bytes: u32,
    /// Applications that called.
    pub apps: u16,
    /// Measured span.
    pub seconds: f64,
    /// Successful calls in it.
    pub calls: u64,
    /// Successful calls a second.
    pub calls_per_second: f64,
    /// Latencies of whole calls, in milliseconds.
    pub p50_ms: f64,
    /// 95 of 100 calls took no longer.
    pub p95_ms: f64,
    /// 99 of 100 calls took no longer.
    pub p99_ms: f64,
    /// The longest call.
    pub max_ms: f64,
    /// The mint alone.
    pub mint_p50_ms: f64,
    /// The mint alone.
    pub mint_p99_ms: f64,
    /// The request through the Gateway alone.
    pub gateway_p50_ms: f64,
    /// The request through the Gateway alone.
    pub gateway_p99_ms: f64,
    /// CPU time of our processes for each call, in microseconds, until the last event of the last call is in the
    /// ledger. Without a ledger to watch it is the next figure.
    pub cpu_us_per_call: f64,
    /// The part of it that was spent in the measured span.
    pub cpu_us_per_call_under_load: f64,
    /// CPU time of generator and upstream for each call, in microseconds. Not ours, but on the same cores.
    pub generator_cpu_us_per_call: f64,
    /// What became of the evidence; absent when the stack does not tell.
    #[serde(flatten)]
    pub ledger: Option<LedgerUse>,
    /// SQL statements for each call; absent when the stack does not tell.
    pub statements_per_call: Option<f64>,
    /// The same by the counter's labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub statements_per_call_by_label: BTreeMap<String, f64>,
    /// Cores the machine gives to all of it.
    pub cores: usize,
    /// What the machine can sign and verify.
    #[serde(flatten)]
    pub limit: Limit,
    /// `calls_per_second` in parts of what all cores could sign and verify.
    pub ratio_to_limit: f64,
    /// Failed calls, warm-up included.
    pub failed: u64,
    /// What went wrong first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
    /// Calls of an open loop that could not be made in time.
    pub unserved: u64,
}

/// The ledger after the load. Evidence is kept before each answer, and collected into the ledger later.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LedgerUse {
    /// Entries for each call, warm-up included.
    pub ledger_entries_per_call: f64,
    /// From the end of the load until nothing was added any more.
    pub ledger_lag_seconds: f64,
    /// Calls a second if the time to catch up counts as well.
    pub sustained_calls_per_second: f64,
    /// Whether it caught up before the bench gave up waiting.
    pub ledger_caught_up: bool,
}

impl GovernedReport {
    /// SQL statements that requests waited for, for each call; absent when the stack does not tell.
    pub fn request_statements_per_call(&self) -> Option<f64> {
        self.statements_per_call?;
        let of_requests = |(labels, _): &(&String, &f64)| labels.contains("purpose=\"request\"");
        let by_label = self.statements_per_call_by_label.iter();
        Some(
            by_label
                .filter(of_requests)
                .map(|(_, statements)| statements)
                .sum(),
        )
    }

    /// Whether every call was made and succeeded.
    pub fn is_clean(&self) -> bool {
        self.failed == 0 && self.unserved == 0
    }
}

impl fmt::Display for GovernedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pace = match self.rate {
            Some(rate) => format!("open loop, {rate} due a second, {} workers", self.workers),
            None => format!("closed loop, {} workers", self.workers),
        };
        writeln!(f, "governed calls       {pace}, {} s", self.seconds)?;
        writeln!(
            f,
            "calls a second       {} ({} calls, {} failed)",
            self.calls_per_second, self.calls, self.failed
        )?;
        writeln!(
            f,
            "latency ms           p50 {}  p95 {}  p99 {}  max {}",
            self.p50_ms, self.p95_ms, self.p99_ms, self.max_ms
        )?;
        writeln!(
            f,
            "  mint               p50 {}  p99 {}",
            self.mint_p50_ms, self.mint_p99_ms
        )?;
        writeln!(
            f,
            "  Gateway            p50 {}  p99 {}",
            self.gateway_p50_ms, self.gateway_p99_ms
        )?;
        writeln!(
            f,
            "CPU a call           {} µs ours ({} µs of it under load), {} µs generator and upstream",
            self.cpu_us_per_call, self.cpu_us_per_call_under_load, self.generator_cpu_us_per_call
        )?;
        match self.ledger {
            Some(ledger) => writeln!(
                f,
                "ledger               {} entries a call, {} {} s after the load; {} calls a second with that time",
                ledger.ledger_entries_per_call,
                if ledger.ledger_caught_up {
                    "complete"
                } else {
                    "not complete"
                },
                ledger.ledger_lag_seconds,
                ledger.sustained_calls_per_second
            )?,
            None => writeln!(f, "ledger               not told by this stack")?,
        }
        match self.statements_per_call {
            Some(statements) => writeln!(f, "SQL a call           {statements} statements")?,
            None => writeln!(f, "SQL a call           not told by this stack")?,
        }
        for (labels, statements) in &self.statements_per_call_by_label {
            if !labels.is_empty() {
                writeln!(f, "  {labels}: {statements}")?;
            }
        }
        write!(
            f,
            "ES256 limit          {} calls a second and core (sign {} µs, verify {} µs); {} of it on {} cores",
            self.limit.es256_limit_per_core,
            self.limit.es256_sign_us,
            self.limit.es256_verify_us,
            self.ratio_to_limit,
            self.cores
        )?;
        if self.unserved > 0 {
            write!(
                f,
                "\nunserved             {} calls were due but could not be made in time",
                self.unserved
            )?;
        }
        if let Some(failure) = &self.first_failure {
            write!(f, "\nfirst failure        {failure}")?;
        }
        Ok(())
    }
}
