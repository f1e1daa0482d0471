//! Certificates for upstreams that are about to end: told before calls fail for it.

use std::time::Duration;

use caracal_core::Timestamp;
use metrics::gauge;

use super::{ZoneDirectory, ZoneState};

/// A certificate that ends so soon is named in the log whenever its zone is read.
const SOON: Duration = Duration::from_hours(14 * 24);

impl ZoneDirectory {
    /// Says for how long that certificate of zones in memory holds that ends first.
    pub(super) fn report_certificates(&self, now: Timestamp) {
        // Where credentials are not opened no certificate is shown to anybody.
        if self.reach.keys().is_none() {
            return;
        }
        // Not under the lock: there may be many providers.
        let pictures: Vec<_> = self
            .slots
            .read()
            .values()
            .filter_map(|slot| slot.current.load_full())
            .collect();
        let ends = pictures
            .iter()
            .flat_map(|picture| picture.providers.values())
            .filter_map(|provider| provider.certificate_ends_at)
            .min();
        let left = ends.map_or(f64::NAN, |ends| seconds_until(ends, now));
        gauge!(crate::metrics::CERTIFICATE_LEFT).set(left);
    }
}

/// Names the providers whose certificates end soon or are over: a metric has no room for them.
pub(super) fn warn_of_ending(state: &ZoneState, now: Timestamp) {
    let soon = now.plus(SOON);
    for provider in state.providers.values() {
        if let Some(ends_at) = provider.certificate_ends_at.filter(|ends_at| *ends_at <= soon) {
            tracing::warn!(
                zone.id = %state.zone.id,
                provider.id = %provider.id,
                %ends_at,
                "the certificate that a provider has for upstreams ends soon, or is over"
            );
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge")]
fn seconds_until(at: Timestamp, now: Timestamp) -> f64 {
    at.unix_seconds().saturating_sub(now.unix_seconds()) as f64
}
