//! What the machine can sign and verify: the physical limit of governed calls.
//!
//! Every governed call needs at least one signature (the mandate) and one verification (at the Gateway), so one
//! core cannot do more than `1 / (sign + verify)` of them a second, whatever the rest of the system does.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use caracal_core::{KeyId, World};
use caracal_crypto::SigningKey;
use serde::Serialize;

use crate::latency::rounded;

/// Bytes of the signed message: about a gateway mandate's signing input.
const MESSAGE_BYTES: usize = 900;
/// Operations timed together.
const BATCH: u32 = 50;

/// ES256 rates of one core, with the library the daemon uses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Limit {
    /// One signature, in microseconds.
    pub es256_sign_us: f64,
    /// One verification, in microseconds.
    pub es256_verify_us: f64,
    /// Governed calls a second that one core could do if nothing else cost anything:
    /// `1e6 / (es256_sign_us + es256_verify_us)`.
    pub es256_limit_per_core: f64,
}

impl Limit {
    /// The limit that follows from both costs, in microseconds.
    pub fn of(sign_us: f64, verify_us: f64) -> Self {
        Self {
            es256_sign_us: rounded(sign_us, 2),
            es256_verify_us: rounded(verify_us, 2),
            es256_limit_per_core: rounded(1e6 / (sign_us + verify_us), 0),
        }
    }

    /// What part of the limit of `cores` cores `calls_per_second` are.
    #[expect(clippy::cast_precision_loss, reason = "a number of cores")]
    pub fn ratio(&self, calls_per_second: f64, cores: usize) -> f64 {
        rounded(calls_per_second / (cores as f64 * self.es256_limit_per_core), 4)
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "sign {} µs, verify {} µs: {} governed calls a second and core at most",
            self.es256_sign_us, self.es256_verify_us, self.es256_limit_per_core
        )
    }
}

/// Measures on this thread, for about twice `span`.
///
/// # Errors
/// When the library cannot make a key or a signature.
pub fn measure(world: &World, span: Duration) -> anyhow::Result<Limit> {
    let id = KeyId::parse("bench").context("a constant id")?;
    let key = SigningKey::generate(world, id).context("cannot make a key")?;
    let message = [b'm'; MESSAGE_BYTES];
    let signature = key.sign(&message).context("cannot sign")?;
    let sign_us = median_cost(span, || key.sign(&message).is_ok())?;
    let verify_us = median_cost(span, || key.verifying_key().verify(&message, &signature))?;
    Ok(Limit::of(sign_us, verify_us))
}

/// Microseconds an operation takes: the median of batches, so that a moment of another process does not count.
fn median_cost(span: Duration, operation: impl Fn() -> bool) -> anyhow::Result<f64> {
    let until = Instant::now() + span;
    let mut batches = Vec::new();
    while batches.is_empty() || Instant::now() < until {
        let started = Instant::now();
        for _ in 0..BATCH {
            anyhow::ensure!(std::hint::black_box(operation()), "an ES256 operation failed");
        }
        batches.push(started.elapsed());
    }
    batches.sort_unstable();
    let median = batches.get(batches.len() / 2).copied().unwrap_or_default();
    Ok(median.as_secs_f64() * 1e6 / f64::from(BATCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_one_signature_and_one_verification() {
        let limit = Limit::of(20.0, 60.0);
        assert!((limit.es256_limit_per_core - 12_500.0).abs() < 1e-9);
        assert!((limit.ratio(2_500.0, 2) - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_measurement_is_positive() {
        let limit = measure(&caracal_crypto::system_world(), Duration::from_millis(2)).unwrap();
        assert!(limit.es256_sign_us > 0.0 && limit.es256_verify_us > 0.0 && limit.es256_limit_per_core > 0.0);
    }

    #[test]
    fn a_failing_operation_is_no_measurement() {
        assert!(median_cost(Duration::ZERO, || false).is_err());
    }
}
